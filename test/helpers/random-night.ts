import type { Fault, ScriptedFault, When } from '../../shared/plan/scenario.ts';
import { planSchema, type Plan, type PlanInput } from '../../shared/plan/plan.ts';
import { effectOperations, type OperationName } from '../../shared/sessions/operations.ts';
import { order } from '../../shared/steps/order.ts';
import { seeded, type Random } from '../../main/simulator/random.ts';

/** A night that a seed alone decides: its topology and the one thing that goes wrong. */
export type RandomNight = { readonly seed: number; readonly plan: Plan; readonly fault: ScriptedFault };

const names = ['orders', 'content', 'media'] as const;
const reads: readonly OperationName[] = [
  'fastFacts',
  'state',
  'waitApplied',
  'clientSessions',
  'preparedTransactions',
  'openTransactions',
  'newestRows',
  'threadsAlive',
  'readCanary',
  'proveFence',
];

/** Makes the night of a seed. */
export function randomNight(seed: number): RandomNight {
  const random = seeded(seed, 'night');
  const plan = randomPlan(random, seed);
  return { seed, plan, fault: { when: randomMoment(random), fault: randomFault(random, plan) } };
}

function one<T>(random: Random, among: readonly T[]): T {
  const found = among[random.whole(among.length)];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}

type Shape = {
  readonly id: string;
  readonly masters: 1 | 2;
  readonly slaves: number;
  readonly replicas: number;
  readonly gtid: 'on' | 'off';
  readonly wayBack: boolean;
  readonly follows: number;
};

function randomPlan(random: Random, seed: number): Plan {
  const chains = names.slice(0, 1 + random.whole(3)).map((id): Shape => ({
    id,
    masters: random.whole(3) === 0 ? 1 : 2,
    slaves: random.whole(3),
    replicas: random.whole(3),
    gtid: random.whole(3) === 0 ? 'off' : 'on',
    wayBack: random.whole(4) !== 0,
    follows: random.whole(2),
  }));
  const account = { user: 'repl', environment: 'REPL' };
  const input: PlanInput = {
    schemaVersion: 1,
    name: `random-${seed}`,
    environment: 'simulator',
    roles: [{ id: 'driver', title: 'Drives', people: ['Dana'] }],
    sites: [
      { id: 'colo-a', kind: 'co-location' },
      { id: 'colo-b', kind: 'co-location' },
      { id: 'east', kind: 'ec2-region' },
      { id: 'west', kind: 'ec2-region' },
    ],
    hosts: [
      ...chains.flatMap((chain) =>
        nodesOf(chain).map(({ id, site }) => ({
          id: `${id}-host`,
          site,
          ssh: { address: id, user: 'cutover' },
        })),
      ),
      ...['app-a', 'app-b'].map((id) => ({
        id,
        site: id === 'app-a' ? 'colo-a' : 'colo-b',
        ssh: { address: id, user: 'cutover' },
      })),
    ],
    accounts: {
      operator: { user: 'cockpit', environment: 'OPERATOR' },
      plain: { user: 'plain', environment: 'PLAIN' },
    },
    instances: chains.flatMap((chain) =>
      nodesOf(chain).map(({ id }) => ({ id, host: `${id}-host`, replicationAddress: `${id}.db` })),
    ),
    chains: chains.map((chain) => chainInput(chain, account)),
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
        ...(random.whole(2) === 0
          ? {}
          : { maintenance: { on: ['maintenance', 'on'], off: ['maintenance', 'off'] } }),
        accounts: ['app'],
      },
    ],
    clients: chains.flatMap(({ id }) => [
      {
        id: `${id}-users`,
        kind: 'http' as const,
        chain: id,
        region: 'east',
        writeUrl: 'http://shop.example/w',
        readUrl: 'http://shop.example/w/',
      },
      {
        id: `${id}-sql`,
        kind: 'mysql' as const,
        chain: id,
        account: { user: 'app', environment: 'APP' },
        source: `${id}-a1`,
        target: `${id}-t1`,
        table: 'shop.writes',
      },
    ]),
    holds: [{ before: 'lock', role: 'driver' }],
    simulator: {
      seed,
      flavor: one(random, ['mariadb', 'mysql']),
      writersPerMaster: 1 + random.whole(6),
      writesPerSecond: 20 + random.whole(180),
      appliesPerSecond: 400 + random.whole(3_000),
    },
  };
  return planSchema.parse(input);
}

function nodesOf({
  id,
  masters,
  slaves,
  replicas,
}: Shape): readonly { readonly id: string; readonly site: string }[] {
  return [
    ...['a1', 'b1']
      .slice(0, masters)
      .map((node) => ({ id: `${id}-${node}`, site: node === 'a1' ? 'colo-a' : 'colo-b' })),
    ...Array.from({ length: slaves }, (_, index) => ({ id: `${id}-s${index + 1}`, site: 'colo-a' })),
    { id: `${id}-t1`, site: 'east' },
    ...Array.from({ length: replicas }, (_, index) => ({ id: `${id}-r${index + 1}`, site: 'west' })),
  ];
}

function chainInput(
  { id, masters, slaves, replicas, gtid, wayBack, follows }: Shape,
  account: { readonly user: string; readonly environment: string },
): PlanInput['chains'][number] {
  const ring = masters === 2;
  const from = ring && follows === 1 ? `${id}-b1` : `${id}-a1`;
  return {
    id,
    gtid,
    source: {
      masters: ring
        ? [
            { instance: `${id}-a1`, from: `${id}-b1` },
            { instance: `${id}-b1`, from: `${id}-a1` },
          ]
        : [{ instance: `${id}-a1` }],
      slaves: Array.from({ length: slaves }, (_, index) => ({ instance: `${id}-s${index + 1}`, from })),
    },
    target: {
      masters: [{ instance: `${id}-t1`, from: `${id}-a1` }],
      replicas: Array.from({ length: replicas }, (_, index) => ({
        instance: `${id}-r${index + 1}`,
        from: `${id}-t1`,
      })),
    },
    replication: { forward: { account }, reverse: { account } },
    wayBack: wayBack ? 'reverse' : { none: 'drawn by lot' },
    proofTables: ['shop.writes'],
  };
}

/** Mostly in a step before the point of no return: that is where everything must be taken back. */
function randomMoment(random: Random): When {
  const early = order.filter(({ side }) => side !== 'after');
  if (random.whole(2) === 0)
    return {
      step: one(random, random.whole(3) > 0 ? early : order).id,
      state: random.whole(4) > 0 ? 'running' : 'done',
    };
  const operation = one<OperationName>(random, [...effectOperations.slice(0, 15), ...reads]);
  return random.whole(2) === 0
    ? { before: operation, count: 1 + random.whole(3) }
    : { after: operation, count: 1 + random.whole(3), delayMs: random.whole(60) };
}

function randomFault(random: Random, plan: Plan): Fault {
  const chain = one(random, plan.chains);
  const nodes = [chain.source, chain.target].flatMap((side) => [
    ...side.masters,
    ...('slaves' in side ? side.slaves : side.replicas),
  ]);
  const on = one(random, nodes).instance;
  const master = one(random, [...chain.source.masters, ...chain.target.masters]).instance;
  const operation = one<OperationName>(random, [...effectOperations.slice(0, 15), ...reads]);
  const faults: readonly Fault[] = [
    {
      kind: 'lag-spike',
      on: chain.target.masters[0]?.instance ?? on,
      appliesPerSecond: 1 + random.whole(50),
      forMs: 500 + random.whole(8_000),
    },
    {
      kind: 'long-transaction',
      on: master,
      how: one(random, ['running', 'idle', 'lock-tables']),
      user: 'batch',
      rows: 20,
      forMs: 1_000 + random.whole(20_000),
    },
    { kind: 'slow-commit', on, extraMs: 20 + random.whole(800), forMs: 10_000 },
    { kind: 'lost-session', on, purpose: one(random, ['act', 'look', 'abort', 'watch', 'survey', 'plain']) },
    {
      kind: 'reply',
      on: master,
      operation,
      way: one(random, ['error', 'none', 'lost-after-effect', 'late']),
      code: 1105,
      ms: 100 + random.whole(6_000),
      times: 1 + random.whole(2),
    },
    { kind: 'server-killed', on, downMs: 1_000 + random.whole(3_000) },
    { kind: 'server-paused', on, forMs: 200 + random.whole(6_000) },
    { kind: 'applier-stopped', on, code: one(random, [0, 1062]) },
    { kind: 'late-write', on: master, count: 1 + random.whole(3) },
    { kind: 'prepared-transaction', on: chain.source.masters[0]?.instance ?? on },
    { kind: 'host-unreachable', host: { appHost: 1 + random.whole(2) } },
    {
      kind: 'failed-switch',
      host: { appHost: 1 + random.whole(2) },
      code: 1,
      output: 'disk full',
      delayMs: 10,
      times: 1,
    },
    {
      kind: 'partition',
      between: one(random, [
        ['laptop', 'colo-a'],
        ['laptop', 'colo-b'],
        ['laptop', 'east'],
        ['colo-a', 'east'],
        ['colo-a', 'colo-b'],
        ['east', 'west'],
      ] as const).slice(0, 2) as [string, string],
      forMs: 500 + random.whole(6_000),
    },
  ];
  return one(random, faults);
}
