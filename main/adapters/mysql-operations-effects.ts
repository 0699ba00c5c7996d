import {
  beatStatement,
  cancelStatement as cancelText,
  enableEventStatement,
  eventSchedulerStatement,
  fenceStatements,
  killStatement,
  lockAccountStatements,
  loggedAgain,
  persistFenceStatements,
  prepareSchemaStatements,
  promoteStatement,
  proveFenceStatement,
  releaseLockStatement,
  removeSchemaStatements,
  takeLockStatement,
  thawStatement,
  unpersistFenceStatements,
  writeCanaryStatement,
} from '../../shared/sessions/dialect-effects.ts';
import {
  configureLinkStatements,
  moveLinkStatement,
  removeLinkStatements,
  startLinkStatements,
  stopLinkStatement,
} from '../../shared/sessions/dialect-links.ts';
import { eventsStatement } from '../../shared/sessions/dialect-reads.ts';
import { onlyRow, rowsOf, wholeNumber } from '../../shared/sessions/dialect-rows.ts';
import type { Nothing, OperationInput, OperationOutput } from '../../shared/sessions/operations.ts';
import type { Conversation } from './mysql-conversation.ts';
import { queryOr, StatementRefused } from './mysql-conversation.ts';
import { holderOf } from './mysql-operations-reads.ts';

const nothing: Nothing = {};
/** Error numbers that say a link of this name does not exist: MariaDB's and MySQL's. */
const noSuchLink = [1617, 3074];
const noSuchThread = 1094;

async function inOrder({ query }: Conversation, statements: readonly string[]): Promise<Nothing> {
  for (const statement of statements) await query(statement);
  return nothing;
}

/** Takes the run lock without waiting. */
export async function takeLock({ query }: Conversation): Promise<OperationOutput<'takeLock'>> {
  const set = await query(takeLockStatement);
  return { held: onlyRow(set, 'The run lock').text('held') === '1', holder: holderOf(set) };
}

/** Gives the run lock back; not holding it is no error. */
export function releaseLock(conversation: Conversation): Promise<Nothing> {
  return inOrder(conversation, [releaseLockStatement]);
}

/** Closes the server for writes, or changes nothing at all: 1205 when something kept it waiting, 1242 without the lock. */
export function fence(
  conversation: Conversation,
  { lockWaitSeconds }: OperationInput<'fence'>,
): Promise<Nothing> {
  return inOrder(conversation, fenceStatements(conversation.dialect, lockWaitSeconds));
}

/** Opens the source again. */
export function thaw(conversation: Conversation, { lockHolders }: OperationInput<'thaw'>): Promise<Nothing> {
  return inOrder(conversation, [thawStatement(lockHolders)]);
}

/** Makes the fence outlive a restart, where the server can. */
export async function persistFence(conversation: Conversation): Promise<OperationOutput<'persistFence'>> {
  const statements = persistFenceStatements(conversation.dialect);
  await inOrder(conversation, statements);
  return { durable: statements.length > 0 };
}

/** Takes that back. */
export function unpersistFence(conversation: Conversation): Promise<Nothing> {
  return inOrder(conversation, unpersistFenceStatements(conversation.dialect));
}

/** Event scheduler on or off. */
export function setEventScheduler(
  conversation: Conversation,
  { on }: OperationInput<'setEventScheduler'>,
): Promise<Nothing> {
  return inOrder(conversation, [eventSchedulerStatement(on)]);
}

/** Locks or unlocks accounts, unlogged; the session logs again whatever became of it. */
export async function lockAccounts(
  conversation: Conversation,
  { accounts, locked }: OperationInput<'lockAccounts'>,
): Promise<Nothing> {
  try {
    return await inOrder(conversation, lockAccountStatements(accounts, locked));
  } catch (error) {
    if (error instanceof StatementRefused) await conversation.query(loggedAgain);
    throw error;
  }
}

/** Ends what one session runs; that it ran nothing, or is gone, is what was wanted. */
export async function cancelStatement(
  conversation: Conversation,
  { thread }: OperationInput<'cancelStatement'>,
): Promise<Nothing> {
  await queryOr(conversation, cancelText(thread), { codes: [noSuchThread], value: null });
  return nothing;
}

/** Kills each thread; one that was gone already is no error. */
export async function killThreads(
  conversation: Conversation,
  { threads }: OperationInput<'killThreads'>,
): Promise<Nothing> {
  let refused: StatementRefused | null = null;
  for (const thread of threads) {
    try {
      await conversation.query(killStatement(thread));
    } catch (error) {
      if (!(error instanceof StatementRefused)) throw error;
      // One refusal must not spare the others; it is told when all were tried.
      if (error.code !== noSuchThread) refused ??= error;
    }
  }
  if (refused !== null) throw refused;
  return nothing;
}

/** Stops one link by name. */
export function stopLink(
  conversation: Conversation,
  { channel }: OperationInput<'stopLink'>,
): Promise<Nothing> {
  return inOrder(conversation, [stopLinkStatement(conversation.dialect, channel)]);
}

/** Starts one link by name. */
export async function startLink(
  conversation: Conversation,
  input: OperationInput<'startLink'>,
): Promise<Nothing> {
  const account = await conversation.links.startAccount(input);
  const { channel, from } = input;
  return inOrder(conversation, startLinkStatements(conversation.dialect, { channel, account, from }));
}

/** Points one stopped link at another place of the log it reads. */
export function moveLink(
  conversation: Conversation,
  { channel, to }: OperationInput<'moveLink'>,
): Promise<Nothing> {
  return inOrder(conversation, [moveLinkStatement(conversation.dialect, channel, to)]);
}

/** Stops and forgets one link by name; that it is gone already is what was wanted. */
export async function removeLink(
  conversation: Conversation,
  { channel }: OperationInput<'removeLink'>,
): Promise<Nothing> {
  for (const statement of removeLinkStatements(conversation.dialect, channel)) {
    const gone = await queryOr(conversation, statement, { codes: noSuchLink, value: 'gone' });
    if (gone === 'gone') return nothing;
  }
  return nothing;
}

/** CHANGE … TO, not started. */
export async function configureLink(
  conversation: Conversation,
  input: OperationInput<'configureLink'>,
): Promise<Nothing> {
  const words = await conversation.links.words(input);
  return inOrder(conversation, configureLinkStatements(conversation.dialect, words));
}

/** Opens the target: only in time, and only by the holder of the run lock. */
export function promote(
  conversation: Conversation,
  { notAfterUtc }: OperationInput<'promote'>,
): Promise<Nothing> {
  return inOrder(conversation, [promoteStatement(notAfterUtc)]);
}

/** Switches the listed events on, each with the definer it has. */
export async function enableEvents(
  conversation: Conversation,
  { events }: OperationInput<'enableEvents'>,
): Promise<Nothing> {
  if (events.length === 0) return nothing;
  const found = rowsOf(await conversation.query(eventsStatement), 'The events').map((row) => ({
    schema: row.must('schema_name'),
    name: row.must('name'),
    definer: row.must('definer'),
  }));
  for (const wanted of events) {
    const event = found.find(({ schema, name }) => `${schema}.${name}` === wanted);
    if (event === undefined) {
      throw new StatementRefused(
        null,
        `The event ${wanted} is not on this server, or the account may not see it: GRANT EVENT ON *.* TO the operator account.`,
      );
    }
    await conversation.query(enableEventStatement(event));
  }
  return nothing;
}

/** Makes the cutover schema. */
export function prepareSchema(conversation: Conversation): Promise<Nothing> {
  return inOrder(conversation, prepareSchemaStatements);
}

/** Takes the cutover schema away. */
export function removeSchema(conversation: Conversation): Promise<Nothing> {
  return inOrder(conversation, removeSchemaStatements);
}

/** One beat; answers with the time that was written, by the server's clock. */
export async function beat(
  { query }: Conversation,
  { serverId }: OperationInput<'beat'>,
): Promise<OperationOutput<'beat'>> {
  const { insertId } = await query(beatStatement(serverId));
  return { atUs: wholeNumber(insertId, 'The beat') };
}

/** One canary row. */
export function writeCanary(
  conversation: Conversation,
  { id }: OperationInput<'writeCanary'>,
): Promise<Nothing> {
  return inOrder(conversation, [writeCanaryStatement(id)]);
}

/** The error number of a delete that would change nothing; null: the server took it, so it is not fenced. */
export async function proveFence({ query }: Conversation): Promise<OperationOutput<'proveFence'>> {
  try {
    await query(proveFenceStatement);
    return { errorNumber: null };
  } catch (error) {
    if (error instanceof StatementRefused) return { errorNumber: error.code };
    throw error;
  }
}
