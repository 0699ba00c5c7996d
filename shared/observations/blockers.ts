import type { Chain } from '../plan/plan.ts';
import type { Activity, ClientSession, LockHolder, OpenTransaction } from '../sessions/operations.ts';

/** Rows a transaction may have changed and still be ended by policy: beyond, its rollback outlasts the minute. */
export const smallTransactionRows = 1_000;
/** Of sessions that may hold a lock while they sleep, at most so many are named. */
const mostIdleNamed = 10;

export type BlockerKind =
  /** A commit that no replica has acknowledged yet. */
  | 'semi-sync'
  /** LOCK TABLES … WRITE, by a session that does nothing now. */
  | 'lock-tables'
  /** The same, where the server does not show who holds a lock: a session that sleeps. */
  | 'perhaps-lock-tables'
  /** A change of a table that waits for whoever uses the table, with everybody else behind it. */
  | 'lock-queue'
  | 'ddl'
  | 'statement'
  /** An open transaction: keeps no fence waiting, is rolled back by it. */
  | 'transaction'
  | 'idle-transaction'
  | 'backup';

/** One session that stands in the way of a fence, of what follows it, or of the drain. */
export type Blocker = {
  readonly thread: number;
  readonly user: string;
  readonly host: string;
  readonly kind: BlockerKind;
  readonly ageMs: number;
  /** null: it has no transaction of InnoDB. */
  readonly rowsModified: number | null;
  readonly statement: string | null;
  /** Whether a fence has to wait for it. */
  readonly holdsFence: boolean;
  /** It does nothing now. */
  readonly idle: boolean;
  /** Why no policy ends it; null: a policy may. */
  readonly never: string | null;
  /** Tables it has locked, as far as the server shows that; for a queue those that it waits for. */
  readonly tables: readonly string[];
};

export type BlockerGround = {
  /** Sessions of the cockpit itself. */
  readonly isOwn: (session: { readonly thread: number; readonly user: string }) => boolean;
  /** Tables without transactions of this server; null: not known. */
  readonly fragileTables: readonly string[] | null;
};

const changesTable = /^\s*(?:\/\*.*?\*\/\s*)?(alter|create|drop|truncate|rename|optimize|repair|analyze)\b/is;
const onlyReads = /^\s*(?:\/\*.*?\*\/\s*)?(select|show|explain|desc|with|set|use)\b/is;
/** These wait behind a fence, or behind a backup's lock: they are victims, not blockers. */
const queuesBehind = /waiting for (global read|backup|commit) lock/i;
const waitsForTable = /waiting for table (metadata|level) lock/i;
const waitsForReplica = /semi-?sync ack/i;

/**
 * Who blocks, from one look at a server: what a fence waits for first, then what it rolls back. Where the server shows its
 * locks, holders are exact; where it does not, running statements stand for them, and sleeping sessions for LOCK TABLES.
 */
export function blockersOf(activity: Activity, ground: BlockerGround): readonly Blocker[] {
  const others = activity.sessions.filter((session) => !ground.isOwn(session));
  const named = others.flatMap((session) => {
    const blocker = blockerOf(activity, session, ground);
    return blocker === null ? [] : [blocker];
  });
  const holders = named.some(({ holdsFence }) => holdsFence);
  const all = [
    ...named,
    ...withoutSession(activity, ground),
    ...(holders || activity.locks.unseen === null ? [] : perhaps(others, named)),
  ];
  const rank = ({ holdsFence, kind }: Blocker): number =>
    holdsFence ? 0 : kind === 'perhaps-lock-tables' ? 2 : 1;
  return all.toSorted((one, other) => rank(one) - rank(other) || other.ageMs - one.ageMs);
}

function blockerOf(
  { locks, transactions }: Activity,
  session: ClientSession,
  ground: BlockerGround,
): Blocker | null {
  const transaction = transactions.find(({ thread }) => thread === session.thread);
  const lock = locks.holders.find(({ thread }) => thread === session.thread);
  const kind = kindOf(session, transaction, lock);
  if (kind === null) return null;
  const { thread, user, host, statement } = session;
  const exact = locks.unseen === null;
  // Where the locks are not shown, whatever runs and does not only read is taken for a holder.
  const runs = kind === 'statement' && !onlyReads.test(statement ?? '');
  const guessed = runs || kind === 'ddl' || kind === 'lock-queue' || kind === 'semi-sync';
  return {
    thread,
    user,
    host,
    kind,
    ageMs: Math.max(transaction?.ageMs ?? 0, session.timeSeconds * 1_000),
    rowsModified: transaction?.rowsModified ?? null,
    statement,
    holdsFence: kind !== 'backup' && (exact ? lock?.fence === true : guessed),
    idle: session.command === 'Sleep',
    never: neverEnded(kind, { transaction, lock, statement }, ground.fragileTables),
    tables: lock?.tables ?? [],
  };
}

function kindOf(
  session: ClientSession,
  transaction: OpenTransaction | undefined,
  lock: LockHolder | undefined,
): BlockerKind | null {
  if (waitsForReplica.test(session.state)) return 'semi-sync';
  if (lock?.backup === true) return 'backup';
  if (queuesBehind.test(session.state)) return null;
  const sleeps = session.command === 'Sleep';
  if (!sleeps && waitsForTable.test(session.state)) return 'lock-queue';
  if (sleeps && lock?.fence === true) return 'lock-tables';
  if (sleeps && transaction !== undefined)
    return transaction.rowsModified > 0 ? 'transaction' : 'idle-transaction';
  if (sleeps) return null;
  return changesTable.test(session.statement ?? '') ? 'ddl' : 'statement';
}

/** Half of a write to such a table stays when it is killed, and stands in the binary log like that. */
function neverEnded(
  kind: BlockerKind,
  did: {
    readonly transaction: OpenTransaction | undefined;
    readonly lock: LockHolder | undefined;
    readonly statement: string | null;
  },
  fragileTables: readonly string[] | null,
): string | null {
  if (kind === 'semi-sync')
    return 'KILL does not help: its commit stays in the log and takes effect all the same';
  const rows = did.transaction?.rowsModified ?? 0;
  if (rows > smallTransactionRows)
    return `more than ${smallTransactionRows} rows changed: its rollback would outlast the minute`;
  if (kind !== 'statement') return null;
  const half = 'half of a killed write to a table without transactions stays';
  if (did.lock?.fragile === true) return half;
  if (did.lock?.fragile === false || fragileTables?.length === 0) return null;
  if (fragileTables === null)
    return `whether it writes to a table without transactions is not known; ${half}`;
  const tables = did.lock?.tables ?? [];
  if (tables.length > 0) return tables.some((table) => fragileTables.includes(table)) ? half : null;
  return `this server has tables without transactions (${fragileTables.slice(0, 3).join(', ')}) and does not show which one it writes; ${half}`;
}

/** Transactions of nobody who is connected as a client: killing their thread would help nobody. */
function withoutSession(
  { transactions, sessions, locks }: Activity,
  { isOwn }: BlockerGround,
): readonly Blocker[] {
  return transactions
    .filter((one) => !isOwn(one) && !sessions.some(({ thread }) => thread === one.thread))
    .map(({ thread, user, host, ageMs, rowsModified, statement, state }) => ({
      thread,
      user,
      host,
      kind: 'transaction',
      ageMs,
      rowsModified,
      statement,
      holdsFence: locks.holders.some((lock) => lock.thread === thread && lock.fence),
      idle: state === 'idle',
      never:
        'it is no session of a client: replication, a prepared XA transaction, or a rollback that goes on',
      tables: [],
    }));
}

/** Nobody who works holds a lock: then a session that only sleeps may, and the longest idle ones are named. */
function perhaps(others: readonly ClientSession[], named: readonly Blocker[]): readonly Blocker[] {
  return others
    .filter(
      ({ thread, command, timeSeconds, state }) =>
        command === 'Sleep' &&
        timeSeconds >= 1 &&
        !queuesBehind.test(state) &&
        !named.some((one) => one.thread === thread),
    )
    .toSorted((one, other) => other.timeSeconds - one.timeSeconds)
    .slice(0, mostIdleNamed)
    .map(({ thread, user, host, timeSeconds }) => ({
      thread,
      user,
      host,
      kind: 'perhaps-lock-tables',
      ageMs: timeSeconds * 1_000,
      rowsModified: null,
      statement: null,
      holdsFence: false,
      idle: true,
      never: null,
      tables: [],
    }));
}

/** Whether the plan's policy ends this session at the fence. */
export function policyEnds(policy: Chain['blockers'], { idle, never, kind }: Blocker): boolean {
  if (never !== null || kind === 'transaction' || kind === 'backup') return false;
  return policy === 'kill' || (policy === 'kill-idle' && idle);
}

const does: Readonly<Record<BlockerKind, string>> = {
  'semi-sync': 'waiting for a replica to acknowledge its commit',
  'lock-tables': 'holding LOCK TABLES … WRITE and idle',
  'perhaps-lock-tables': 'idle, may hold LOCK TABLES',
  'lock-queue': 'waiting for a table that somebody uses, with others behind it,',
  ddl: 'changing a table',
  statement: 'running a statement',
  transaction: 'in an open transaction',
  'idle-transaction': 'idle in an open transaction',
  backup: 'holding a lock for a backup',
};

/** Who it is, what it does and since when, for an operator. */
export function blockerText({ thread, user, host, kind, ageMs, ...more }: Blocker): string {
  const rows = more.rowsModified === null ? '' : `, ${more.rowsModified} rows changed`;
  const tables = more.tables.length === 0 ? '' : ` (${more.tables.slice(0, 3).join(', ')})`;
  const statement = more.statement === null ? '' : `: ${more.statement}`;
  return `thread ${thread} of ${user}@${host}, ${does[kind]}${tables} for ${(ageMs / 1_000).toFixed(ageMs < 10_000 ? 1 : 0)} s${rows}${statement}`;
}

/** A few words for a table's cell. */
export function blockerWords({ kind, tables }: Blocker): string {
  return `${does[kind].replace(/,$/, '')}${tables.length === 0 ? '' : ` (${tables.slice(0, 3).join(', ')})`}`;
}

/** What a person does about it, as SQL where SQL helps. */
export function blockerFix({ thread, kind }: Blocker): string {
  switch (kind) {
    case 'semi-sync':
      return 'start its replica again, or SET GLOBAL rpl_semi_sync_source_enabled = 0 (rpl_semi_sync_master_enabled on MariaDB and older MySQL): it commits then. KILL does not help.';
    case 'backup':
      return `let the backup end, or stop its program (KILL ${thread}; ends the lock and the backup with it).`;
    case 'lock-queue':
      return `end whoever uses the table, or KILL ${thread}; (it has changed nothing yet).`;
    case 'lock-tables':
    case 'perhaps-lock-tables':
      return `have its owner say UNLOCK TABLES, or KILL ${thread};`;
    case 'ddl':
    case 'transaction':
    case 'idle-transaction':
      return `wait for it, or KILL ${thread};`;
    case 'statement':
      return `wait for it, or KILL ${thread}; (never a write to a non-transactional table: half of it stays)`;
  }
}
