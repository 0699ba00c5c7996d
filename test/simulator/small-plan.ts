import { planSchema, type Plan, type PlanInput } from '../../shared/plan/plan.ts';

type Choice = {
  readonly flavor?: 'mysql' | 'mariadb';
  readonly gtid?: 'on' | 'off';
  readonly writesPerSecond?: number;
  readonly appliesPerSecond?: number;
  readonly chains?: 1 | 2;
};

/** A plan of one or two chains of five servers: a1 and b1 follow each other, s1 and t1 follow a1, t2 follows t1. */
export function smallPlan(choice: Choice = {}): Plan {
  const chains = ['orders', 'content'].slice(0, choice.chains ?? 1);
  const sites = { a1: 'colo-a', b1: 'colo-b', s1: 'colo-a', t1: 'east', t2: 'west' } as const;
  const input: PlanInput = {
    schemaVersion: 1,
    name: 'small',
    environment: 'simulator',
    sites: [
      { id: 'colo-a', kind: 'co-location' },
      { id: 'colo-b', kind: 'co-location' },
      { id: 'east', kind: 'ec2-region' },
      { id: 'west', kind: 'ec2-region' },
    ],
    hosts: [
      ...chains.flatMap((chain) =>
        Object.entries(sites).map(([node, site]) => ({
          id: `${chain}-${node}-host`,
          site,
          ssh: { address: `${chain}-${node}`, user: 'cutover' },
        })),
      ),
      { id: 'app-a', site: 'colo-a', ssh: { address: 'app-a', user: 'cutover' } },
      { id: 'app-b', site: 'colo-b', ssh: { address: 'app-b', user: 'cutover' } },
    ],
    accounts: {
      operator: { user: 'cockpit', environment: 'OPERATOR' },
      plain: { user: 'plain', environment: 'PLAIN' },
    },
    instances: chains.flatMap((chain) =>
      Object.keys(sites).map((node) => ({
        id: `${chain}-${node}`,
        host: `${chain}-${node}-host`,
        replicationAddress: `${chain}-${node}.db`,
      })),
    ),
    chains: chains.map((chain) => ({
      id: chain,
      source: {
        masters: [
          { instance: `${chain}-a1`, from: `${chain}-b1` },
          { instance: `${chain}-b1`, from: `${chain}-a1` },
        ],
        slaves: [{ instance: `${chain}-s1`, from: `${chain}-a1` }],
      },
      target: {
        masters: [{ instance: `${chain}-t1`, from: `${chain}-a1` }],
        replicas: [{ instance: `${chain}-t2`, from: `${chain}-t1` }],
      },
      replication: {
        forward: { account: { user: 'repl', environment: 'REPL' } },
        reverse: { account: { user: 'repl', environment: 'REPL' } },
      },
      wayBack: 'reverse',
      gtid: choice.gtid ?? 'on',
      proofTables: ['shop.writes'],
      events: ['shop.nightly'],
    })),
    appFleets: [
      {
        id: 'shop',
        hosts: [
          { host: 'app-a', source: 'colo-a', target: 'east' },
          { host: 'app-b', source: 'colo-b', target: 'west' },
        ],
        switch: Object.fromEntries(
          ['colo-a', 'colo-b', 'east', 'west'].map((site) => [site, ['/usr/local/bin/switch-site', site]]),
        ),
        verify: ['/usr/local/bin/site-in-use'],
        maintenance: { on: ['maintenance', 'on'], off: ['maintenance', 'off'] },
        accounts: ['app'],
      },
    ],
    clients: chains.flatMap((chain) => [
      {
        id: `${chain}-users`,
        kind: 'http' as const,
        chain,
        region: 'east',
        writeUrl: 'http://shop.example/w',
        readUrl: 'http://shop.example/w/',
      },
      {
        id: `${chain}-sql`,
        kind: 'mysql' as const,
        chain,
        account: { user: 'app', environment: 'APP' },
        source: `${chain}-a1`,
        target: `${chain}-t1`,
        table: 'shop.writes',
      },
    ]),
    simulator: {
      flavor: choice.flavor ?? 'mariadb',
      writersPerMaster: 4,
      writesPerSecond: choice.writesPerSecond ?? 100,
      appliesPerSecond: choice.appliesPerSecond ?? 3_000,
    },
  };
  return planSchema.parse(input);
}
