import { planSchema, type Plan, type PlanInput } from '../../shared/plan/plan.ts';
import type { Random } from '../../main/simulator/random.ts';
import { drawDns, type FlipWanted } from './draw-dns.ts';

const names = ['orders', 'content', 'media', 'users'] as const;
/**
 * How many chains: one shows most, two nearly all of the rest. A night costs what its estate costs: mostly the small ones
 * are played, many times, and the large ones often enough to be met.
 */
const chainCounts = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4] as const;
/** How many slaves and replicas a chain has: mostly few, and fewer where it is not the only one. */
const slaveCounts = { alone: [0, 0, 0, 0, 1, 1, 2], beside: [0, 0, 0, 0, 0, 1, 2] } as const;
const replicaCounts = { alone: [0, 0, 0, 0, 1, 1, 2, 3], beside: [0, 0, 0, 0, 0, 0, 1, 3] } as const;

/** One of several, by lot. */
export function one<T>(random: Random, among: readonly T[]): T {
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
  /** Whether a dead-man's switch opens it again, with its second stage or without; null: the plan says that it has none. */
  readonly armed: 'both stages' | 'first stage' | null;
  readonly events: readonly string[];
};

/** The estate of a seed: one to four chains with one to four nodes a side, both flavours, with and without GTID. */
export function drawPlan(random: Random, seed: number, flip: FlipWanted = null): Plan {
  const named = names.slice(0, one(random, chainCounts));
  const among = named.length === 1 ? 'alone' : 'beside';
  const chains = named.map((id): Shape => ({
    id,
    masters: random.whole(2) === 0 ? 1 : 2,
    slaves: one(random, slaveCounts[among]),
    replicas: one(random, replicaCounts[among]),
    gtid: random.whole(3) === 0 ? 'off' : 'on',
    wayBack: random.whole(4) !== 0,
    follows: random.whole(2),
    armed: one(random, ['both stages', 'both stages', 'first stage', null, null] as const),
    events: random.whole(3) === 0 ? [`${id}.purge`] : [],
  }));
  const isMirrored = random.whole(3) === 0;
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
      ...(
        [
          ['app-a', 'colo-a'],
          ['app-b', 'colo-b'],
          ['jump', 'east'],
        ] as const
      ).map(([id, site]) => ({ id, site, ssh: { address: id, user: 'cutover' } })),
    ],
    accounts: {
      operator: { user: 'cockpit', environment: 'OPERATOR' },
      plain: { user: 'plain', environment: 'PLAIN' },
    },
    ...(isMirrored ? { journalMirror: { host: 'jump', directory: '/var/lib/cutover' } } : {}),
    instances: chains.flatMap((chain) =>
      nodesOf(chain).map(({ id }) => ({
        id,
        ...(chain.armed === null
          ? {}
          : { hostLogin: { client: 'mariadb', socket: `/run/mysqld/${id}.sock`, user: 'root' } }),
        host: `${id}-host`,
        replicationAddress: `${id}.db`,
        // Without it a MariaDB source that crashes behind the point of no return comes back writable.
        fenceDropIn: `/etc/mysql/conf.d/${id}-fence.cnf`,
      })),
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
        intervalMs: 80,
      },
      {
        id: `${id}-sql`,
        kind: 'mysql' as const,
        chain: id,
        account: { user: 'app', environment: 'APP' },
        source: `${id}-a1`,
        target: `${id}-t1`,
        table: 'shop.writes',
        intervalMs: 40,
      },
    ]),
    holds: [{ before: 'lock', role: 'driver' }],
    ...drawDns(seed, flip),
    simulator: {
      seed,
      flavor: one(random, ['mariadb', 'mysql']),
      writersPerMaster: one(random, [1, 1, 2, 2, 3, 6] as const),
      writesPerSecond: 8 + random.whole(36),
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
  { id, masters, slaves, replicas, gtid, wayBack, follows, armed, events }: Shape,
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
    ...(armed === 'both stages'
      ? { deadMansSwitch: { targetOptionFile: '~/.target.cnf', sourceOptionFile: '~/.source.cnf' } }
      : armed === null
        ? { deadMansSwitch: { none: 'drawn by lot' } }
        : {}),
    events: [...events],
    proofTables: ['shop.writes'],
  };
}
