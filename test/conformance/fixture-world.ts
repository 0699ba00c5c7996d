import type { Plan } from '../../shared/plan/plan.ts';
import type { MysqlPort } from '../../main/ports.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';

/** Something an application does that stands in the way until it is released. */
export type Held = {
  readonly thread: number;
  /** lock-queue: whoever idles on the table that `thread` waits for. */
  readonly behind?: number;
  readonly release: () => Promise<void>;
};

/** What an application, a backup or an engineer may have begun when the fence comes. */
export type HoldKind =
  | 'open-transaction'
  | 'idle-transaction'
  | 'table-lock'
  | 'statement'
  /** A write to a table without transactions. */
  | 'fragile'
  | 'ddl'
  | 'lock-queue'
  | 'semi-sync'
  /** FLUSH TABLES WITH READ LOCK. */
  | 'backup'
  /** BACKUP STAGE (MariaDB), LOCK INSTANCE FOR BACKUP (MySQL). */
  | 'backup-lock';

/**
 * The little world the conformance suite needs: a source, a target that follows it, and an application. The simulator
 * and the real servers each provide one; the suite knows no other difference between them.
 */
export type FixtureWorld = {
  readonly flavor: Flavor;
  readonly port: MysqlPort;
  /** Ids of the plan's instances. */
  readonly source: string;
  readonly target: string;
  readonly sourceServerId: number;
  /** The chain, the link's channel at the target, and the address of the target for a link back. */
  readonly chain: string;
  readonly channel: string;
  readonly targetAddress: string;
  readonly targetPort: number;
  /** The source by another name than the link has it: MariaDB refuses two links to one address (1934). */
  readonly sourceByAnotherName: string;
  readonly sourcePort: number;
  /** A table of the application with a primary key. */
  readonly table: string;
  /** Lets the world's time pass until the promise is settled. */
  readonly settle: <T>(promise: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  /** One insert by the application: null acknowledged, else the server's error number. */
  readonly write: (instance: string) => Promise<number | null>;
  readonly hold: (instance: string, how: HoldKind) => Promise<Held>;
  /** Lets the server show who holds which lock, or not. */
  readonly showLocks: (instance: string, on: boolean) => Promise<void>;
  /** The plan that the world was made for, and the world's monotonic clock. */
  readonly plan: Plan;
  readonly nowMs: () => number;
  readonly applier: (instance: string, on: boolean) => Promise<void>;
};
