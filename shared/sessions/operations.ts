import type { Identity, Flavor } from './identity.ts';
import type { ReplicationLink } from './replication-link.ts';
import type { Account, Survey, TriedGrant } from './survey.ts';

/**
 * Everything the cockpit ever asks of a MySQL or MariaDB server, as one table of typed operations.
 *
 * The table is the port: the real adapter turns each operation into the statements of the server's dialect
 * (dialect.ts), the simulator performs it on its world, and one conformance suite holds both to the same behaviour.
 * `in` is what the caller gives, `out` what an ok answer carries. Nothing else is ever sent to a server.
 */
export type MysqlOperations = {
  // ---- reads -------------------------------------------------------------------------------------------------
  readonly identity: { in: Nothing; out: Identity };
  readonly fastFacts: { in: Nothing; out: FastFacts };
  /** What a proof by GTID needs, in one small statement or two: in the minute each one is part of the write freeze. */
  readonly state: { in: Nothing; out: ServerState };
  /** The replication links alone: read back behind an effect on one of them, on the session that had it. */
  readonly links: { in: Nothing; out: { readonly links: readonly ReplicationLink[] } };
  readonly activity: { in: Nothing; out: Activity };
  readonly survey: { in: Nothing; out: Survey };
  /** The census alone: every account with what it may, roles included, and whether it is locked. */
  readonly accounts: { in: Nothing; out: { readonly accounts: readonly Account[] } };
  readonly position: { in: Nothing; out: Position };
  readonly preparedTransactions: { in: Nothing; out: { readonly xids: readonly string[] } };
  /** Client sessions that are not the cockpit's, replication's or the server's own. */
  readonly clientSessions: { in: Nothing; out: { readonly sessions: readonly ClientSession[] } };
  /** Which of these thread ids still exist. */
  readonly threadsAlive: {
    in: { readonly threads: readonly number[] };
    out: { readonly alive: readonly number[] };
  };
  /** Which of these threads run a statement now, and which: a session that idles, or is gone, is not among them. */
  readonly runningStatements: {
    in: { readonly threads: readonly number[] };
    out: { readonly running: readonly { readonly thread: number; readonly statement: string }[] };
  };
  /** Open transactions that began at least `ageMs` ago. Needs 100 ms unread on InnoDB: beside the drain, never before it. */
  readonly openTransactions: {
    in: { readonly ageMs: number };
    out: { readonly transactions: readonly OpenTransaction[] };
  };
  readonly mostWrittenTables: { in: { readonly limit: number }; out: { readonly tables: readonly string[] } };
  /** The newest rows by primary key of each table, as one hash a table; null: the table has no usable key. */
  readonly newestRows: {
    in: { readonly tables: readonly string[]; readonly rows: number };
    out: {
      readonly tables: readonly {
        readonly table: string;
        readonly rows: number;
        readonly sha256: string | null;
      }[];
    };
  };
  /** Each statement class the run needs, tried in a harmless form. */
  readonly tryGrants: {
    in: { readonly role: 'source' | 'target' };
    out: { readonly tried: readonly TriedGrant[] };
  };
  /** Sleeps on the server until `position` is applied or `sliceMs` passed. A way to wait, never a proof. */
  readonly waitApplied: {
    in: { readonly position: Position; readonly sliceMs: number };
    out: { readonly waitedMs: number };
  };
  /** Newest canary rows, for proofs of round trips. */
  readonly readCanary: { in: { readonly id: string }; out: { readonly found: boolean } };
  /** Whether replication login at `source` works with the given account: tried from this laptop's path to the source. */
  readonly lockHolder: { in: Nothing; out: { readonly holder: number | null } };

  // ---- effects: journaled before and after -------------------------------------------------------------------
  /** GET_LOCK('cutover:run', 0). */
  readonly takeLock: { in: Nothing; out: { readonly held: boolean; readonly holder: number | null } };
  readonly releaseLock: { in: Nothing; out: Nothing };
  /** SET GLOBAL [super_]read_only = 1, guarded by the run lock, bounded by lock_wait_timeout. */
  readonly fence: { in: { readonly lockWaitSeconds: number }; out: Nothing };
  /** SET GLOBAL read_only = 0, guarded: the run lock is held by this session or by `lockHolders`. */
  readonly thaw: { in: { readonly lockHolders: readonly number[] }; out: Nothing };
  /** Makes the fence outlive a restart, where the flavour can (MySQL); MariaDB answers `durable: false`. */
  readonly persistFence: { in: Nothing; out: { readonly durable: boolean } };
  readonly unpersistFence: { in: Nothing; out: Nothing };
  readonly setEventScheduler: { in: { readonly on: boolean }; out: Nothing };
  /** ALTER USER … ACCOUNT LOCK or UNLOCK of each, on this server alone: it does not go into its binary log. */
  readonly lockAccounts: {
    in: { readonly accounts: readonly string[]; readonly locked: boolean };
    out: Nothing;
  };
  /** KILL QUERY: the statement ends with error 1317, its session and the locks of that stay. */
  readonly cancelStatement: { in: { readonly thread: number }; out: Nothing };
  /** KILL of each; that a thread was gone already is no error. Who is really gone, threadsAlive says. */
  readonly killThreads: { in: { readonly threads: readonly number[] }; out: Nothing };
  /** Stops the applier and receiver of one link that the cockpit will start again (ring opening and its undo). */
  readonly stopLink: { in: { readonly channel: string }; out: Nothing };
  /**
   * `account`: whose replication account the link uses, where the flavour takes the password at the start. `from`: where
   * it begins, for a link that was configured before that was known; only where the position is the server's, not the
   * link's (MariaDB's gtid_slave_pos), does it change anything.
   */
  readonly startLink: {
    in: {
      readonly channel: string;
      readonly account?: { readonly chain: string; readonly direction: 'forward' | 'reverse' };
      readonly from?: Position;
    };
    out: Nothing;
  };
  /**
   * Points a stopped link by file and offset at another place of the log that it reads; whose log, and all else, stays.
   */
  readonly moveLink: { in: { readonly channel: string; readonly to: Position }; out: Nothing };
  /** STOP and RESET ... ALL of one link, by name. */
  readonly removeLink: { in: { readonly channel: string }; out: Nothing };
  /** CHANGE ... TO without starting it. The password travels by credential reference; the adapter resolves it. */
  readonly configureLink: { in: LinkConfiguration; out: Nothing };
  /** Guarded by lock and by the server's own clock: SET GLOBAL read_only = IF(..., 0, error). */
  readonly promote: { in: { readonly notAfterUtc: string }; out: Nothing };
  readonly enableEvents: { in: { readonly events: readonly string[] }; out: Nothing };
  /** CREATE SCHEMA cutover with the heartbeat and canary tables. */
  readonly prepareSchema: { in: Nothing; out: Nothing };
  readonly removeSchema: { in: Nothing; out: Nothing };
  /** Plain account: one beat of this server's row. */
  readonly beat: { in: { readonly serverId: number }; out: { readonly atUs: number } };
  /** Plain account: one canary row. */
  readonly writeCanary: { in: { readonly id: string }; out: Nothing };
  /** Plain account: a zero-row DELETE; the error number the server gives, null when it went through. */
  readonly proveFence: { in: Nothing; out: { readonly errorNumber: number | null } };
};

export type Nothing = { readonly [key in never]: never };
export type OperationName = keyof MysqlOperations;
export type OperationInput<K extends OperationName> = MysqlOperations[K]['in'];
export type OperationOutput<K extends OperationName> = MysqlOperations[K]['out'];

/** Operations that change a server: each is journaled, never repeated by itself, believed only when read back. */
export const effectOperations = [
  'takeLock',
  'releaseLock',
  'fence',
  'thaw',
  'persistFence',
  'unpersistFence',
  'setEventScheduler',
  'lockAccounts',
  'cancelStatement',
  'killThreads',
  'stopLink',
  'startLink',
  'moveLink',
  'removeLink',
  'configureLink',
  'promote',
  'enableEvents',
  'prepareSchema',
  'removeSchema',
  'writeCanary',
] as const satisfies readonly OperationName[];

/** A server's place in its own and its sources' logs. Empty strings and nulls mean: this server has none. */
export type Position = {
  readonly flavor: Flavor;
  readonly file: string | null;
  readonly offset: number | null;
  /** MySQL: @@gtid_executed. MariaDB: @@gtid_binlog_state, every (domain, server, sequence). Empty: no GTID. */
  readonly gtid: string;
  /**
   * MariaDB @@gtid_binlog_pos: the newest GTID of each domain in this server's own log. A link that follows this server
   * begins there: with two co-masters in one domain the highest sequence need not stand last, and what stands behind
   * it would come back as duplicates.
   */
  readonly logEndGtid?: string;
};

/** One beat of the heartbeat table: written on the server named by serverId. */
export type Beat = { readonly serverId: number; readonly atUs: number };

/** Who a server is, whether it takes writes, and what it contains. */
export type ServerState = {
  readonly connectionId: number;
  readonly serverId: number;
  readonly serverUuid: string | null;
  readonly uptimeSeconds: number;
  /** Server's UTC clock in microseconds since the epoch. */
  readonly clockUs: number;
  /** True unless the server says in a known way that it takes writes. */
  readonly readOnly: boolean;
  readonly superReadOnly: boolean | null;
  readonly position: Position;
  readonly lockHolder: number | null;
};

/** Read at least four times a second on every instance, and by the watchdog. */
export type FastFacts = ServerState & {
  readonly links: readonly ReplicationLink[];
  /** Empty before the cutover schema is prepared. */
  readonly beats: readonly Beat[];
  readonly eventScheduler: boolean;
  readonly threadsRunning: number;
  /** Counter of committed write transactions (status variable), for rates. */
  readonly writesCounted: number;
};

export type ClientSession = {
  readonly thread: number;
  readonly user: string;
  readonly host: string;
  readonly schema: string | null;
  readonly command: string;
  readonly timeSeconds: number;
  readonly state: string;
  /** First 80 characters of the running statement; null when idle. */
  readonly statement: string | null;
};

export type OpenTransaction = {
  readonly thread: number;
  readonly user: string;
  readonly host: string;
  readonly ageMs: number;
  readonly rowsModified: number;
  readonly rowsLocked: number;
  /** running, waiting for a lock, or sleeping inside the transaction. */
  readonly state: 'running' | 'lock-wait' | 'idle';
  readonly statement: string | null;
};

/** What one session holds of the locks that a fence, a backup or a change of a table has to do with. */
export type LockHolder = {
  readonly thread: number;
  /** A fence has to wait for it: it writes, commits, changes a table, or keeps LOCK TABLES … WRITE. */
  readonly fence: boolean;
  /** It keeps writers out for a backup: FLUSH TABLES WITH READ LOCK, BACKUP STAGE, LOCK INSTANCE FOR BACKUP. */
  readonly backup: boolean;
  /** Whether it writes to a table that no transaction protects; null: this list does not tell. */
  readonly fragile: boolean | null;
  /** Tables that it has locked in any way, schema.table. */
  readonly tables: readonly string[];
};

/** The server's own list of locks. `unseen`: what it does not show, and what would make it; null: it shows them all. */
export type HeldLocks = { readonly holders: readonly LockHolder[]; readonly unseen: string | null };

/** Read twice a second. */
export type Activity = {
  readonly sessions: readonly ClientSession[];
  readonly transactions: readonly OpenTransaction[];
  readonly locks: HeldLocks;
};

export type LinkConfiguration = {
  readonly channel: string;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** Chain and direction whose account is used; the adapter looks the credential up in the plan. */
  readonly chain: string;
  readonly direction: 'forward' | 'reverse';
  /**
   * GTID auto-position (MariaDB: slave_pos set to the end of `from`'s log first) or file and offset of `from`. null: by
   * GTID, from where the server is told to begin when the link is started.
   */
  readonly from: Position | null;
};
