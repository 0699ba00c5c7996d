import { createHash } from 'node:crypto';
import {
  fastFactsStatement,
  identityStatement,
  keysStatement,
  mostWrittenStatement,
  newestRowsStatement,
  positionStatements,
  stateStatements,
  waitStatement,
} from '../../shared/sessions/dialect-reads.ts';
import { lockHolderStatement, readCanaryStatement } from '../../shared/sessions/dialect-effects.ts';
import {
  readFastFacts,
  readHeartbeatLook,
  readIdentity,
  readMostWritten,
  readPosition,
  readState,
  readXids,
} from '../../shared/sessions/dialect-facts.ts';
import { readLinks } from '../../shared/sessions/dialect-links.ts';
import { grantProbes, schedulerStatement } from '../../shared/sessions/dialect-grants.ts';
import { isOn, onlyRow, rowsOf, wholeNumber } from '../../shared/sessions/dialect-rows.ts';
import type { ResultSet } from '../../shared/sessions/dialect-rows.ts';
import type { HeartbeatTable } from '../../shared/sessions/dialect-reads.ts';
import type { FastFacts, OperationInput, OperationOutput } from '../../shared/sessions/operations.ts';
import type { TriedGrant } from '../../shared/sessions/survey.ts';
import type { Conversation } from './mysql-conversation.ts';
import { queryNeeding, StatementRefused } from './mysql-conversation.ts';

/** How long a missing heartbeat table is believed to be missing. */
const lookAgainMs = 2_000;
/** No such table, no such database. */
const absent: readonly number[] = [1146, 1049];

/** `@@…` of the server, on this very session. */
export async function identity({ dialect, query }: Conversation): Promise<OperationOutput<'identity'>> {
  return readIdentity(dialect, await query(identityStatement(dialect)));
}

/** Two statements or three, sent one behind the other without waiting in between. */
export async function fastFacts(conversation: Conversation): Promise<FastFacts> {
  const { memory } = conversation;
  try {
    return await readFacts(conversation, heartbeatNow(memory.heartbeat));
  } catch (error) {
    // The schema was removed since: from now on it is absent, which is no error.
    if (!(error instanceof StatementRefused && absent.includes(error.code ?? 0) && memory.heartbeat.present))
      throw error;
    memory.heartbeat = { present: false, lookedAtMs: performance.now() };
    return readFacts(conversation, 'absent');
  }
}

function heartbeatNow(heartbeat: Conversation['memory']['heartbeat']): HeartbeatTable {
  if (heartbeat.present) return 'present';
  return performance.now() - heartbeat.lookedAtMs > lookAgainMs ? 'look' : 'absent';
}

async function readFacts(conversation: Conversation, heartbeat: HeartbeatTable): Promise<FastFacts> {
  const { dialect, query, memory } = conversation;
  const [facts, links, log = null] = await allOf([
    queryNeeding(conversation, fastFactsStatement(dialect, heartbeat), 'SELECT ON cutover.*'),
    query(dialect.showLinks),
    ...(dialect.placeInStatus ? [] : [query(dialect.showPosition)]),
  ]);
  const seen = readHeartbeatLook(facts);
  if (seen !== null) memory.heartbeat = { present: seen, lookedAtMs: performance.now() };
  return readFastFacts(dialect, { facts, links, log });
}

/** Waits for all, then throws the first failure: none of them may be left without somebody who listens. */
async function allOf<T extends readonly Promise<ResultSet>[]>(
  asked: readonly [...T],
): Promise<{ [I in keyof T]: ResultSet }> {
  await Promise.allSettled(asked);
  return Promise.all(asked);
}

/** One statement or two. */
export async function state({ dialect, query }: Conversation): Promise<OperationOutput<'state'>> {
  const [first = '', second] = stateStatements(dialect);
  const [seen, log = null] = await allOf([query(first), ...(second === undefined ? [] : [query(second)])]);
  return readState(dialect, { state: seen, log });
}

/** One statement. */
export async function links({ dialect, query }: Conversation): Promise<OperationOutput<'links'>> {
  return { links: readLinks(dialect, await query(dialect.showLinks)) };
}

/** The server's place in its logs. */
export async function position({ dialect, query }: Conversation): Promise<OperationOutput<'position'>> {
  const [gtidSql = '', logSql = ''] = positionStatements(dialect);
  const [gtid, log] = await allOf([query(gtidSql), query(logSql)]);
  const row = onlyRow(gtid, 'The position');
  return readPosition(dialect, { gtid: row.text('gtid'), logEnd: row.text('log_end_gtid') }, log);
}

/** XA transactions that wait for their second phase. */
export async function preparedTransactions(
  conversation: Conversation,
): Promise<OperationOutput<'preparedTransactions'>> {
  return {
    xids: readXids(
      await queryNeeding(conversation, conversation.dialect.transactionsPrepared, 'XA_RECOVER_ADMIN ON *.*'),
    ),
  };
}

/** Tables by number of writes since the server's counters began. */
export async function mostWrittenTables(
  conversation: Conversation,
  { limit }: OperationInput<'mostWrittenTables'>,
): Promise<OperationOutput<'mostWrittenTables'>> {
  const set = await queryNeeding(
    conversation,
    mostWrittenStatement(conversation.dialect, limit),
    'PROCESS ON *.*, SELECT ON performance_schema.*',
  );
  return { tables: readMostWritten(conversation.dialect, set, limit) };
}

/** One hash a table over its newest rows, made here from the values as texts, so that two servers can be compared. */
export async function newestRows(
  conversation: Conversation,
  { tables, rows }: OperationInput<'newestRows'>,
): Promise<OperationOutput<'newestRows'>> {
  await lookUpKeys(conversation, tables);
  const read = tables.map(async (table) => {
    const key = conversation.keys.get(table) ?? null;
    if (key === null) return { table, rows: 0, sha256: null };
    const set = await conversation.query(newestRowsStatement(table, key, rows), true);
    return { table, rows: set.rows.length, sha256: hashRows(set) };
  });
  await Promise.allSettled(read);
  return { tables: await Promise.all(read) };
}

/** Key columns do not change during a run; asked once an instance, so that the minute does not read the catalogue. */
async function lookUpKeys({ query, keys }: Conversation, tables: readonly string[]): Promise<void> {
  const wanted = tables.filter((table) => !keys.has(table));
  if (wanted.length === 0) return;
  const found = new Map<string, string[]>();
  for (const row of rowsOf(await query(keysStatement(wanted)), 'The keys')) {
    const table = `${row.must('table_schema')}.${row.must('table_name')}`;
    found.set(table, [...(found.get(table) ?? []), row.must('column_name')]);
  }
  for (const table of wanted) {
    const key = found.get(table);
    // A table without a key is looked up again: it may only be missing yet.
    if (key !== undefined) keys.set(table, key);
  }
}

/** Each cell with its length, so that no two different tables of values have one text. */
function hashRows(set: ResultSet): string {
  const hash = createHash('sha256');
  for (const cells of [set.columns, ...set.rows]) {
    for (const cell of cells) hash.update(cell === null ? 'null;' : `${cell.length}:${cell};`, 'latin1');
    hash.update('\n');
  }
  return hash.digest('hex');
}

/** Every probe on its own: what is missing is told at once, not one by one. */
export async function tryGrants(
  { dialect, query }: Conversation,
  { role }: OperationInput<'tryGrants'>,
): Promise<OperationOutput<'tryGrants'>> {
  const tried: TriedGrant[] = [];
  const scheduler = isOn(onlyRow(await query(schedulerStatement), 'The event scheduler').text('scheduler'));
  for (const { need, statement, grantedErrors, fix, onlyWithScheduler } of grantProbes(dialect, role)) {
    if (onlyWithScheduler === true && !scheduler) continue;
    const error = await refusalOf(query(statement));
    const granted = error === null || (error.code !== null && grantedErrors.includes(error.code));
    tried.push({
      need,
      statement,
      granted,
      errorNumber: error?.code ?? null,
      message: error?.message ?? null,
      fix,
    });
  }
  return { tried };
}

async function refusalOf(asked: Promise<ResultSet>): Promise<StatementRefused | null> {
  try {
    await asked;
    return null;
  } catch (error) {
    if (error instanceof StatementRefused) return error;
    throw error;
  }
}

/** Sleeps on the server; how long it took says nothing about whether the position was reached. */
export async function waitApplied(
  { dialect, query, links }: Conversation,
  input: OperationInput<'waitApplied'>,
): Promise<OperationOutput<'waitApplied'>> {
  const began = performance.now();
  await query(waitStatement(dialect, input.position, { sliceMs: input.sliceMs, channel: links.ownChannel }));
  return { waitedMs: performance.now() - began };
}

/** Whether a canary row has come through. */
export async function readCanary(
  { query }: Conversation,
  { id }: OperationInput<'readCanary'>,
): Promise<OperationOutput<'readCanary'>> {
  return { found: onlyRow(await query(readCanaryStatement(id)), 'The canary').whole('found') > 0 };
}

/** The thread that holds the run lock. */
export async function lockHolder({ query }: Conversation): Promise<OperationOutput<'lockHolder'>> {
  return { holder: holderOf(await query(lockHolderStatement)) };
}

/** Reads the column `holder`. */
export function holderOf(set: ResultSet): number | null {
  const text = onlyRow(set, 'The run lock').text('holder');
  return text === null ? null : wholeNumber(text, 'IS_USED_LOCK');
}
