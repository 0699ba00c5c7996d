import type { JudgeContext, People } from '../../shared/gates/world.ts';
import { thisProgram } from '../../shared/gates/world.ts';
import type { Observation } from '../../shared/observations/observation.ts';
import { known } from '../../shared/observations/observation.ts';
import type { InstanceFacts, Snapshot } from '../../shared/observations/snapshot.ts';
import type { Flavor, Identity } from '../../shared/sessions/identity.ts';
import type { FastFacts, Position } from '../../shared/sessions/operations.ts';
import type { ReplicationLink } from '../../shared/sessions/replication-link.ts';
import type { ServerSettings, Survey } from '../../shared/sessions/survey.ts';
import { activity } from './activity.ts';
import type { SmallNode } from './small-plan.ts';
import { nodes, uuidOf } from './small-plan.ts';
import { healthyProofOf } from './switch-proof.ts';

/** The moment every healthy fact was taken, and the moment it is judged at. */
export const takenAt = Date.UTC(2026, 10, 23, 2, 0, 0);
export const judgedAt = takenAt + 200;

/** A fact of the healthy world. */
export function fact<T>(value: T): Observation<T> {
  return known(value, takenAt, 'test');
}

const hostKey = `SHA256:${'A'.repeat(43)}`;

/** Where every healthy node stands. */
export function healthyGtid(flavor: Flavor): string {
  return flavor === 'mysql' ? `${uuidOf(1)}:1-500,${uuidOf(2)}:1-300` : '0-1-800,0-2-799';
}

const versions = { mysql: '9.7.4', mariadb: '10.11.19' } as const;

/** A snapshot in which every gate of the small plan is open. */
export function healthySnapshot(flavor: Flavor): Snapshot {
  const lag = (instance: string, from: string) => ({
    instance,
    from,
    lagMs: fact(20),
    transactionsBehind: fact(3),
    bytesBehind: fact(900),
  });
  const identities = Object.fromEntries(nodes.map((node) => [node.id, identityOf(node, flavor)]));
  return {
    at: takenAt,
    instances: Object.fromEntries(nodes.map((node) => [node.id, instanceFacts(node, flavor)])),
    hosts: Object.fromEntries(
      ['h-source', 'h-target', 'app1'].map((host) => [
        host,
        {
          host,
          reachable: fact({ hostKey }),
          siteInUse: fact('colo\n'),
          ...healthyProofOf(host, identities, takenAt),
        },
      ]),
    ),
    lags: nodes.flatMap(({ id, from }) => (from === null ? [] : [lag(id, from)])),
    laptop: { mains: fact(true), journalFreeBytes: fact(8 * 1_024 ** 3), sleepBlocked: fact(true) },
    mirror: { host: 'h-target', freeBytes: fact(8 * 1_024 ** 3) },
    clients: [
      {
        client: 'c1',
        chain: 'orders',
        acknowledged: 900,
        refused: 0,
        unknown: 0,
        lastAcknowledgedAt: takenAt,
        alive: fact(true),
      },
    ],
  };
}

/** What people said in the healthy world. */
export const healthyPeople: People = {
  answers: [
    { item: 'deploys-frozen', answer: 'yes', who: 'Ada', atUtcMs: takenAt },
    { item: 'all-present', answer: 'yes', who: 'Grace', atUtcMs: takenAt },
  ],
  overrides: [],
};

/** The healthy judgement's surroundings. */
export const healthyContext: JudgeContext = {
  now: judgedAt,
  phase: 'go',
  history: [],
  program: thisProgram,
};

/** Changes the facts of one instance. */
export function withInstance(
  snapshot: Snapshot,
  instance: string,
  change: (facts: InstanceFacts) => Partial<InstanceFacts>,
): Snapshot {
  const facts = snapshot.instances[instance];
  if (facts === undefined) throw new Error(`no ${instance} in the snapshot`);
  return { ...snapshot, instances: { ...snapshot.instances, [instance]: { ...facts, ...change(facts) } } };
}

/** Changes the value of a known fact and keeps when it was taken. */
export function changed<T>(observation: Observation<T>, change: (value: T) => Partial<T>): Observation<T> {
  if (observation.kind !== 'known') throw new Error('only a known fact can be changed');
  return { ...observation, value: { ...observation.value, ...change(observation.value) } };
}

/** Changes the fast facts of one instance. */
export function withFast(
  snapshot: Snapshot,
  instance: string,
  change: (fast: FastFacts) => Partial<FastFacts>,
): Snapshot {
  return withInstance(snapshot, instance, ({ fast }) => ({ fast: changed(fast, change) }));
}

/** Changes the first link of one instance. */
export function withLink(snapshot: Snapshot, instance: string, change: Partial<ReplicationLink>): Snapshot {
  return withFast(snapshot, instance, ({ links }) => ({
    links: links.map((link, index) => (index === 0 ? { ...link, ...change } : link)),
  }));
}

/** Changes the survey of one instance. */
export function withSurvey(
  snapshot: Snapshot,
  instance: string,
  change: (survey: Survey) => Partial<Survey>,
): Snapshot {
  return withInstance(snapshot, instance, ({ survey }) => ({ survey: changed(survey, change) }));
}

/** Changes the settings of one instance. */
export function withSettings(
  snapshot: Snapshot,
  instance: string,
  change: Partial<ServerSettings>,
): Snapshot {
  return withSurvey(snapshot, instance, ({ settings }) => ({ settings: { ...settings, ...change } }));
}

function instanceFacts(node: SmallNode, flavor: Flavor): InstanceFacts {
  const identity = identityOf(node, flavor);
  return {
    instance: node.id,
    identity: fact(identity),
    hostKey: fact(hostKey),
    fast: fact(fastFacts(node, flavor)),
    fastAskedAt: takenAt - 1,
    activity: fact(activity()),
    survey: fact(surveyOf(node, identity)),
    grants: fact([
      {
        need: 'set read_only',
        statement: 'SET GLOBAL read_only = @@GLOBAL.read_only',
        granted: true,
        errorNumber: null,
        message: null,
        fix: 'GRANT ...',
      },
    ]),
    clock: fact({ offsetMs: 3, uncertaintyMs: 1 }),
    roundTripsMs: [1, 1, 2, 1, 1, 2, 3, 1],
    writesPerSecond: fact(node.master && node.side === 'source' ? 200 : 0),
  };
}

function identityOf(node: SmallNode, flavor: Flavor): Identity {
  return {
    flavor,
    version: versions[flavor],
    versionText: `${versions[flavor]}-log`,
    serverUuid: flavor === 'mysql' ? uuidOf(node.serverId) : null,
    serverId: node.serverId,
    hostname: `h-${node.side}`,
    port: node.port,
    datadir: `/data/${node.id}/`,
    gtidState: healthyGtid(flavor),
    connectionId: 70,
    account: 'operator@%',
  };
}

function fastFacts(node: SmallNode, flavor: Flavor): FastFacts {
  const source = nodes.find(({ id }) => id === node.from);
  const position: Position = { flavor, file: 'bin.000003', offset: 5_000, gtid: healthyGtid(flavor) };
  return {
    connectionId: 71,
    serverId: node.serverId,
    serverUuid: flavor === 'mysql' ? uuidOf(node.serverId) : null,
    uptimeSeconds: 86_400,
    clockUs: takenAt * 1_000,
    readOnly: !(node.master && node.side === 'source'),
    superReadOnly: flavor === 'mysql' ? !(node.master && node.side === 'source') : null,
    position,
    links: source === undefined ? [] : [linkFrom(source, flavor)],
    beats: [1, 2].map((serverId) => ({ serverId, atUs: takenAt * 1_000 - 40_000 })),
    lockHolder: null,
    eventScheduler: node.side === 'source',
    threadsRunning: 3,
    writesCounted: 10_000,
  };
}

function linkFrom(source: SmallNode, flavor: Flavor): ReplicationLink {
  return {
    channel: '',
    sourceHost: '127.0.0.1',
    sourcePort: source.port,
    sourceServerId: source.serverId,
    sourceUuid: flavor === 'mysql' ? uuidOf(source.serverId) : null,
    receiver: 'running',
    applier: 'running',
    receiverError: null,
    applierError: null,
    secondsBehind: 0,
    delaySeconds: 0,
    readFile: 'bin.000003',
    readOffset: 5_000,
    appliedFile: 'bin.000003',
    appliedOffset: 5_000,
    relayBytes: 400,
    usesGtid: true,
    retrievedGtid: '',
    filters: [],
  };
}

function surveyOf(node: SmallNode, identity: Identity): Survey {
  const plain = { throughRoles: [], bypassesReadOnly: false, locked: false };
  return {
    identity,
    links: [],
    attachedServerIds: nodes.filter(({ from }) => from === node.id).map(({ serverId }) => serverId),
    accounts: [
      {
        ...plain,
        account: "'operator'@'%'",
        privileges: ['READ_ONLY ADMIN', 'CONNECTION_ADMIN', 'SET USER', 'SET_ANY_DEFINER'],
        bypassesReadOnly: true,
      },
      {
        ...plain,
        account: "'root'@'localhost'",
        privileges: ['SUPER', 'READ_ONLY ADMIN'],
        bypassesReadOnly: true,
      },
      { ...plain, account: "'app'@'%'", privileges: ['USAGE'] },
      { ...plain, account: "'repl'@'%'", privileges: ['REPLICATION SLAVE'] },
    ],
    definers: [{ kind: 'TRIGGER', schema: 'shop', name: 'on_order', definer: 'app@%' }],
    events: [
      {
        schema: 'shop',
        name: 'cleanup',
        status: node.id === 'a1' ? 'ENABLED' : 'SLAVESIDE_DISABLED',
        definer: 'app@%',
      },
    ],
    preparedXids: [],
    nonTransactionalTables: [],
    tablesWithoutKey: [],
    binaryLogs: ['bin.000001', 'bin.000002', 'bin.000003'].map((file) => ({ file, bytes: 5_000 })),
    purgedGtid: '',
    settings: settingsOf(node, identity.flavor),
    maxConnections: 500,
    connections: 20,
    schemaPrepared: true,
  };
}

function settingsOf(node: SmallNode, flavor: Flavor): ServerSettings {
  return {
    logBin: true,
    logReplicaUpdates: true,
    binlogFormat: 'ROW',
    binlogRowImage: 'FULL',
    syncBinlog: 1,
    flushLogAtCommit: 1,
    gtidMode: flavor === 'mysql' ? 'ON' : '',
    gtidStrict: flavor === 'mysql' ? null : true,
    gtidIgnoreDuplicates: flavor === 'mysql' ? null : false,
    gtidDomain: flavor === 'mysql' ? null : 0,
    parallelAppliers: flavor === 'mysql' ? null : 0,
    autoIncrementIncrement: 2,
    autoIncrementOffset: node.id === 'a2' ? 2 : 1,
    eventScheduler: node.side === 'source' ? 'ON' : 'OFF',
    readOnly: !(node.master && node.side === 'source'),
    superReadOnly: flavor === 'mysql' ? !(node.master && node.side === 'source') : null,
    semiSyncEnabled: false,
    semiSyncTimeoutMs: null,
    sqlMode: 'STRICT_TRANS_TABLES',
    timeZone: 'SYSTEM',
    characterSet: 'utf8mb4',
    collation: 'utf8mb4_general_ci',
    lowerCaseTableNames: 0,
    relayLogRecovery: true,
    pidFile: `/run/${node.id}.pid`,
  };
}
