import type { Sha256 } from '../../shared/lib/sha256.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import type { OperationName, Position } from '../../shared/sessions/operations.ts';
import type { ServerSettings } from '../../shared/sessions/survey.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import type { Timer } from '../ports.ts';
import type { SimulatorClock } from './clock.ts';
import type { SimulatedDns } from './dns.ts';
import type { ClusterWorld } from './cluster-world.ts';
import type { FlipHealth } from './flip-health.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { ZoneWorld } from './zone-world.ts';
import type { SimulatedZones } from './zones.ts';

/** One committed transaction. `origin` is the place of its server in its chain, `n` counts that server's own from 1. */
export type Txn = {
  readonly origin: number;
  readonly n: number;
  /** MariaDB's sequence number in the one domain: numbers of two co-masters interleave and may be equal. */
  readonly seq: number;
  readonly at: number;
  readonly kind: 'app' | 'client' | 'canary' | 'beat' | 'schema' | 'other';
  /** The unique id of a client's or canary's write. */
  readonly id: string | null;
  /** A beat's microseconds; 1 or 0 for a schema made or removed. */
  readonly value: number;
  /** The server id whose beat it is; 0 for everything else. */
  readonly beatOf: number;
};

/** A transaction in one server's binary log. */
export type LogEntry = {
  readonly txn: Txn;
  readonly at: number;
  readonly file: number;
  readonly end: number;
};

/** Something that a session holds on a server: a fence has to wait for all of it but a backup's lock. */
export type Blocker = {
  readonly thread: number;
  readonly kind: 'statement' | 'lock-tables' | 'semi-sync' | 'ddl' | 'lock-queue' | 'fragile' | 'backup';
};

export type OpenTrx = {
  readonly startedAt: number;
  readonly rows: number;
  readonly locked: number;
  readonly state: 'running' | 'lock-wait' | 'idle';
};

/** One row of a server's process list. */
export type Thread = {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  readonly owner: 'cockpit' | 'client' | 'replica';
  since: number;
  statement: string | null;
  state: string;
  trx: OpenTrx | null;
  /** Tells the connection's other end that it is over. */
  end: (why: string) => void;
  /** The other end is gone; the thread goes when its statement does. */
  abandoned: boolean;
};

/** A SET GLOBAL read_only that waits. It stays when its client dies. */
export type PendingFence = {
  readonly thread: number;
  readonly deadline: Timer;
  settled: boolean;
  readonly done: (reply: 'fenced' | 'timeout' | 'killed') => void;
};

export type AccountRow = {
  readonly user: string;
  readonly host: string;
  readonly privileges: readonly string[];
  readonly roles: readonly string[];
  readonly bypasses: boolean;
  locked: boolean;
};

export type Server = {
  readonly id: string;
  readonly chain: ChainWorld;
  /** Its place among the servers of its chain. */
  readonly index: number;
  readonly side: 'source' | 'target';
  readonly role: 'master' | 'replica';
  readonly host: string;
  readonly site: string;
  readonly address: string;
  readonly port: number;
  readonly flavor: Flavor;
  readonly version: string;
  readonly versionText: string;
  readonly serverUuid: string | null;
  serverId: number;
  readonly datadir: string;
  /** The identity of another server that answers here since; null: it is the planned one. */
  replacedBy: Pick<Server, 'serverUuid' | 'serverId'> | null;
  readonly bootReadOnly: boolean;
  clockOffsetMs: number;
  power: 'up' | 'down' | 'paused';
  bootedAt: number;
  readOnly: boolean;
  superReadOnly: boolean;
  persisted: boolean;
  eventScheduler: boolean;
  schemaPrepared: boolean;
  settings: ServerSettings;
  readonly accounts: AccountRow[];
  readonly tables: readonly string[];
  readonly tablesWithoutKey: Set<string>;
  readonly events: Map<string, string>;
  readonly threads: Map<number, Thread>;
  nextThread: number;
  lockHolder: number | null;
  readonly blockers: Blocker[];
  /** Whether it has a list of who holds a lock: MySQL has, MariaDB with a plugin. */
  showsLocks: boolean;
  readonly pendingFences: PendingFence[];
  /** What waits for a pending fence to end, one way or the other. */
  readonly blocked: ((now: number) => void)[];
  readonly prepared: { readonly xid: string; readonly thread: number | null }[];
  /** InnoDB's copy of its transaction list, and when it was last read. */
  trxReadAt: number;
  trxCopy: readonly { readonly thread: Thread; readonly trx: OpenTrx }[];
  commitExtraMs: number;
  /** Calls that arrived while the process was stopped. */
  readonly stalled: (() => void)[];
  // ---- its data and its log
  /** For each origin of the chain: everything up to here is in. */
  readonly top: number[];
  /** The last that came over any link, MariaDB's gtid_slave_pos; null: what came before the night. */
  applied: Pick<Txn, 'origin' | 'seq'> | null;
  /** For each origin: what is in beyond `top`. */
  readonly beyond: (Set<number> | null)[];
  /** For each origin: the last sequence number in the binary log (MariaDB's gtid_binlog_state). */
  readonly seqTop: number[];
  lastOrigin: number;
  seqMax: number;
  duplicates: number;
  readonly beats: Map<number, number>;
  log: LogEntry[];
  /** Index of log[0] in the whole history: older entries were purged. */
  logBase: number;
  file: number;
  offset: number;
  writesCounted: number;
  readonly links: Link[];
  /** Links of others that read this server's log. */
  readonly readers: Link[];
  /** Data without a log, when log_slave_updates is off: the newest, for proofs. */
  readonly unlogged: Txn[];
};

/** One replication link, seen from its receiver. */
export type Link = {
  readonly channel: string;
  readonly receiver: Server;
  source: Server | null;
  sourceAddress: string;
  sourcePort: number;
  usesGtid: boolean;
  /** Configured and never started: where it begins when it starts. */
  begin: Position | null;
  /** Without one it connects to nobody: a reverse link gets its account with its start. */
  hasAccount: boolean;
  /** MySQL keeps an account that came with a start in no file: the server that starts again has forgotten it. */
  accountIsForgotten: boolean;
  receiverOn: boolean;
  applierOn: boolean;
  connectedOnce: boolean;
  /** The link can take events from its source right now. */
  online: boolean;
  /** One way from the source, ms. */
  wayMs: number;
  connectedAt: number;
  offlineAt: number;
  receiverError: { readonly code: number; readonly message: string } | null;
  applierError: { readonly code: number; readonly message: string } | null;
  /** Index of the next event to receive, and of the next to apply, in the source's history. */
  received: number;
  next: number;
  busyUntil: number;
  /** When its next event is applied; Infinity when there is none. */
  nextAt: number;
  perSecond: number;
  delayMs: number;
  readonly filters: string[];
  retrieved: { readonly origin: number; readonly n: number; readonly seq: number } | null;
};

export type ChainWorld = {
  readonly id: string;
  readonly gtid: boolean;
  readonly servers: Server[];
  /** Writes with a name of their own. */
  readonly named: Map<string, Txn>;
  /** For each origin: the newest write that an application was told is safe. */
  readonly acknowledged: number[];
  readonly violations: { readonly at: number; readonly source: string; readonly target: string }[];
};

/** Something that moves by itself: a link or a group of writers. */
export type Actor = { nextAt: number; readonly fire: (now: number) => void };

export type AppHost = {
  readonly host: string;
  readonly fleet: string;
  readonly source: string;
  readonly target: string;
  siteInUse: string;
  maintenance: boolean;
  /** Called when the host uses another site from now on. */
  readonly moved: ((now: number) => void)[];
};

export type HostWorld = {
  readonly id: string;
  readonly site: string;
  hostKey: string;
  known: 'known' | 'unknown' | 'changed';
  reachable: boolean;
  readonly files: Map<string, string>;
  readonly channels: Set<(why: string) => void>;
  /** Commands that fail: how often still, with which status and words. */
  failing: { times: number; readonly code: number; readonly output: string; readonly delayMs: number } | null;
  /** Folders into which the login may not write, and those that are not there. */
  readonly readOnlyFolders: Set<string>;
  readonly missingFolders: Set<string>;
  /** Ways in which the next lines that change it fail. */
  readonly replyFaults: HostReplyFault[];
};

/** A way in which a line that changes a host fails. */
export type HostReplyFault = Pick<ReplyFault, 'way' | 'code' | 'ms' | 'times'>;

/** A way in which one call fails. */
export type ReplyFault = {
  readonly instance: string;
  readonly operation: OperationName;
  readonly purpose: SessionPurpose | null;
  readonly way: 'error' | 'none' | 'lost-after-effect' | 'late';
  readonly code: number;
  readonly ms: number;
  times: number;
};

export type OperationEdge = {
  readonly edge: 'before' | 'after';
  readonly instance: string;
  /** Whose session it is, by the server's own number. */
  readonly thread: number;
  readonly operation: OperationName;
};

/** Everything there is. Tests look at it; the engine sees only its ports. */
export type World = {
  readonly plan: Plan;
  readonly seed: number;
  readonly clock: SimulatorClock;
  readonly network: Network;
  readonly zones: SimulatedZones;
  readonly flips: FlipHealth;
  readonly cluster: ClusterWorld;
  readonly dns: SimulatedDns;
  readonly random: Random;
  readonly chains: Map<string, ChainWorld>;
  readonly servers: Map<string, Server>;
  readonly hosts: Map<string, HostWorld>;
  readonly appHosts: Map<string, AppHost>;
  /** Hosted zones of the plan, by its own ids. */
  readonly hostedZones: Map<string, ZoneWorld>;
  /** Chance of its own: what Route 53 draws moves nothing else. */
  readonly dnsRandom: Random;
  /** What hosts hash files with, and servers their rows. */
  readonly sha256: Sha256;
  /** Ids in Route 53 of health checks whose endpoint does not answer. */
  readonly unhealthyChecks: Set<string>;
  readonly actors: Actor[];
  readonly replyFaults: ReplyFault[];
  readonly refusedLogins: Map<string, 'wrong-password' | 'tls' | 'too-many-connections'>;
  readonly onOperation: ((edge: OperationEdge) => void)[];
  /** Told of each line that changes a host as it arrives there, with the way in which it is about to fail. */
  readonly onHostLine: ((host: string, way: ReplyFault['way'] | null) => void)[];
  /** Sessions of the cockpit, to lose one by name. */
  readonly sessions: Set<{
    readonly instance: string;
    readonly purpose: SessionPurpose;
    readonly thread: number;
    readonly lose: (why: string) => void;
    readonly vanish: (noticed: boolean) => void;
  }>;
};
