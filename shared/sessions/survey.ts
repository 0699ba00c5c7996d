import type { Identity } from './identity.ts';
import type { ReplicationLink } from './replication-link.ts';

export type Account = {
  /** 'user'@'host' */
  readonly account: string;
  /** Global privileges, its own and those of every role it can have, upper case. */
  readonly privileges: readonly string[];
  readonly throughRoles: readonly string[];
  readonly bypassesReadOnly: boolean;
  readonly locked: boolean;
};

/** Read every 30 s and at each judgement. */
export type Survey = {
  readonly identity: Identity;
  readonly links: readonly ReplicationLink[];
  /** Replicas that are attached to this server, by server id. */
  readonly attachedServerIds: readonly number[];
  readonly accounts: readonly Account[];
  readonly definers: readonly {
    readonly kind: string;
    readonly schema: string;
    readonly name: string;
    readonly definer: string;
  }[];
  readonly events: readonly {
    readonly schema: string;
    readonly name: string;
    readonly status: string;
    readonly definer: string;
  }[];
  readonly preparedXids: readonly string[];
  readonly nonTransactionalTables: readonly string[];
  readonly tablesWithoutKey: readonly string[];
  readonly binaryLogs: readonly { readonly file: string; readonly bytes: number }[];
  /** MySQL: @@gtid_purged; MariaDB and without GTID: empty. */
  readonly purgedGtid: string;
  readonly settings: ServerSettings;
  readonly maxConnections: number;
  readonly connections: number;
  readonly schemaPrepared: boolean;
};

/** Settings by one spelling for all flavours and versions; null: the server has no such setting. */
export type ServerSettings = {
  readonly logBin: boolean;
  readonly logReplicaUpdates: boolean;
  readonly binlogFormat: string;
  readonly binlogRowImage: string;
  readonly syncBinlog: number;
  readonly flushLogAtCommit: number;
  readonly gtidMode: string;
  readonly gtidStrict: boolean | null;
  readonly gtidIgnoreDuplicates: boolean | null;
  /** MariaDB: the replication domain of its own writes. */
  readonly gtidDomain: number | null;
  /** MariaDB: threads that apply at the same time; 0: one after the other, also where the mode says so. */
  readonly parallelAppliers: number | null;
  readonly autoIncrementIncrement: number;
  readonly autoIncrementOffset: number;
  readonly eventScheduler: string;
  readonly readOnly: boolean;
  readonly superReadOnly: boolean | null;
  readonly semiSyncEnabled: boolean;
  readonly semiSyncTimeoutMs: number | null;
  readonly sqlMode: string;
  readonly timeZone: string;
  readonly characterSet: string;
  readonly collation: string;
  readonly lowerCaseTableNames: number;
  readonly relayLogRecovery: boolean;
  /** Where it writes its process id: a full path, or one from its datadir on. */
  readonly pidFile: string;
};

export type TriedGrant = {
  /** What it is for, e.g. "set read_only". */
  readonly need: string;
  readonly statement: string;
  readonly granted: boolean;
  readonly errorNumber: number | null;
  readonly message: string | null;
  /** The GRANT that mends it. */
  readonly fix: string;
};
