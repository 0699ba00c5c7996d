import {
  sessionsStatements,
  threadsStatements,
  transactionsStatement,
} from '../../shared/sessions/dialect-reads.ts';
import {
  joinOwnId,
  readRunning,
  readSessions,
  readThreads,
  readTransactions,
} from '../../shared/sessions/dialect-facts.ts';
import { locksStatement, locksUnseen, noLockList, readLocks } from '../../shared/sessions/dialect-locks.ts';
import type { ResultSet } from '../../shared/sessions/dialect-rows.ts';
import type { OpenTransaction, OperationInput, OperationOutput } from '../../shared/sessions/operations.ts';
import type { Conversation } from './mysql-conversation.ts';
import { queryNeeding, queryOr } from './mysql-conversation.ts';

/** Who is connected, and what each of them does and holds. */

async function processList(conversation: Conversation, statements: readonly string[]): Promise<ResultSet> {
  const [first = '', second] = statements;
  const needing = (sql: string): Promise<ResultSet> => queryNeeding(conversation, sql, 'PROCESS ON *.*');
  const asked = [needing(first), ...(second === undefined ? [] : [needing(second)])] as const;
  await Promise.allSettled(asked);
  const [list, own = null] = await Promise.all(asked);
  return joinOwnId(list, own);
}

/** Sessions and open transactions. */
export async function activity(conversation: Conversation): Promise<OperationOutput<'activity'>> {
  const { dialect, query } = conversation;
  const [sessions, transactions, locks] = await Promise.allSettled([
    processList(conversation, sessionsStatements(dialect)),
    query(transactionsStatement),
    // A server that keeps no such list is no trouble; it says what is then not seen.
    queryOr(conversation, locksStatement(dialect), { codes: noLockList, value: null }),
  ]);
  const list = valueOf(sessions);
  const held = valueOf(locks);
  return {
    sessions: readSessions(list),
    transactions: readTransactions(valueOf(transactions), list),
    locks: held === null ? locksUnseen(dialect) : readLocks(dialect, held),
  };
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** Which of the threads run a statement. */
export async function runningStatements(
  conversation: Conversation,
  { threads }: OperationInput<'runningStatements'>,
): Promise<OperationOutput<'runningStatements'>> {
  return {
    running: readRunning(await processList(conversation, sessionsStatements(conversation.dialect)), threads),
  };
}

/** Everybody who is connected and is not replication or the server itself. */
export async function clientSessions(conversation: Conversation): Promise<OperationOutput<'clientSessions'>> {
  return {
    sessions: readSessions(await processList(conversation, sessionsStatements(conversation.dialect))),
  };
}

/** Which of the threads exist still. */
export async function threadsAlive(
  conversation: Conversation,
  { threads }: OperationInput<'threadsAlive'>,
): Promise<OperationOutput<'threadsAlive'>> {
  const set = await processList(conversation, threadsStatements(conversation.dialect, threads));
  return { alive: readThreads(set, threads) };
}

/** Transactions that began at least `ageMs` ago. */
export async function openTransactions(
  conversation: Conversation,
  { ageMs }: OperationInput<'openTransactions'>,
): Promise<OperationOutput<'openTransactions'>> {
  const { dialect, query } = conversation;
  const open = await query(transactionsStatement);
  // Mostly there is none, and then nobody's name has to be looked up: this is read while writes are frozen.
  if (open.rows.length === 0) return { transactions: [] };
  const transactions = readTransactions(open, await processList(conversation, sessionsStatements(dialect)));
  return { transactions: transactions.filter((one: OpenTransaction) => one.ageMs >= ageMs) };
}
