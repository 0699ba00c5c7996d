import type { Plan, PlanInput } from '../../shared/plan/plan.ts';
import { planSchema } from '../../shared/plan/plan.ts';

const account = { user: 'repl', environment: 'REPL_PASSWORD' };

/** One chain of the reference case: a ring of two masters with a slave, followed by a target master with a replica. */
export function smallPlan(change: Partial<PlanInput> = {}): Plan {
  return planSchema.parse({
    schemaVersion: 1,
    name: 'small',
    environment: 'staging',
    roles: [{ id: 'captain', title: 'Captain', people: ['Ada'] }],
    sites: [
      { id: 'colo', kind: 'co-location' },
      { id: 'ec2', kind: 'ec2-region' },
    ],
    hosts: [
      { id: 'h-source', site: 'colo', ssh: { alias: 'h-source' } },
      { id: 'h-target', site: 'ec2', ssh: { alias: 'h-target' } },
      { id: 'app1', site: 'colo', ssh: { alias: 'app1' } },
    ],
    accounts: { operator: { loginPath: 'operator' }, plain: { loginPath: 'plain' } },
    instances: nodes.map(({ id, port, side }) => ({ id, host: `h-${side}`, port, hostLogin: {} })),
    chains: [
      {
        id: 'orders',
        source: {
          masters: [
            { instance: 'a1', from: 'a2' },
            { instance: 'a2', from: 'a1' },
          ],
          slaves: [{ instance: 'a3', from: 'a1' }],
        },
        target: { masters: [{ instance: 'e1', from: 'a1' }], replicas: [{ instance: 'e2', from: 'e1' }] },
        replication: { forward: { account }, reverse: { account } },
        wayBack: 'reverse',
        bypassAccounts: ["'root'@'localhost'"],
        events: ['shop.cleanup'],
        deadMansSwitch: { targetOptionFile: '/root/.target.cnf' },
      },
    ],
    appFleets: [
      {
        id: 'web',
        hosts: [{ host: 'app1', source: 'colo', target: 'ec2' }],
        switch: { colo: ['use', 'colo'], ec2: ['use', 'ec2'] },
        verify: ['which-site'],
      },
    ],
    clients: [
      {
        id: 'c1',
        kind: 'mysql',
        chain: 'orders',
        account: { loginPath: 'app' },
        source: 'a1',
        target: 'e1',
        table: 'shop.writes',
      },
    ],
    journalMirror: { host: 'h-target', directory: '/var/lib/cutover' },
    checklists: [
      { id: 'deploys-frozen', title: 'Deploys are frozen.', phase: 'preflight', role: 'captain' },
      { id: 'all-present', title: 'Everybody is present.', phase: 'go' },
      { id: 'alerts-on', title: 'Alerts are on again.', phase: 'close' },
    ],
    ...change,
  } satisfies PlanInput);
}

/** One server of the small plan. */
export type SmallNode = {
  readonly id: string;
  readonly port: number;
  readonly serverId: number;
  readonly side: 'source' | 'target';
  readonly from: string | null;
  readonly master: boolean;
};

/** The servers of the small plan. */
export const nodes: readonly SmallNode[] = [
  { id: 'a1', port: 4001, serverId: 1, side: 'source', from: 'a2', master: true },
  { id: 'a2', port: 4002, serverId: 2, side: 'source', from: 'a1', master: true },
  { id: 'a3', port: 4003, serverId: 3, side: 'source', from: 'a1', master: false },
  { id: 'e1', port: 4004, serverId: 4, side: 'target', from: 'a1', master: true },
  { id: 'e2', port: 4005, serverId: 5, side: 'target', from: 'e1', master: false },
];

/** The server's uuid in the MySQL world. */
export function uuidOf(serverId: number): string {
  return `00000000-0000-0000-0000-00000000000${serverId}`;
}
