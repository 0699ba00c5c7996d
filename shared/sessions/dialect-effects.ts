import type { Dialect } from './dialect.ts';
import { quoteFoundName, quoteText, quoteUtc, quoteWhole, UnsafeValue } from './dialect-quote.ts';
import { clockExpression, runLock } from './dialect-reads.ts';

/**
 * A subquery of two rows where one is allowed: error 1242, and the variable keeps its value. This is how a statement
 * refuses itself when its guard does not hold (seen on MariaDB 10.11 and MySQL 9.7).
 */
const refuse = '(SELECT 1 UNION SELECT 2)';

/** SET SESSION … of every session when it opens: known modes, bounded lock waits, UTC. */
export function sessionStatements(purpose: 'plain' | 'operator'): readonly string[] {
  return [
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, time_zone = '+00:00', wait_timeout = 28800, " +
      'lock_wait_timeout = 2, innodb_lock_wait_timeout = 2, group_concat_max_len = 1048576',
    // With binlog_format=STATEMENT InnoDB takes no writes under READ COMMITTED (1665), so the writing account keeps the default.
    ...(purpose === 'operator' ? ['SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'] : []),
  ];
}

/** Takes the run lock, once: taking it again by the same session changes nothing. */
export const takeLockStatement = `SELECT IF(IS_USED_LOCK('${runLock}') = CONNECTION_ID(), 1, GET_LOCK('${runLock}', 0)) AS held, IS_USED_LOCK('${runLock}') AS holder`;

/** Gives the run lock back. */
export const releaseLockStatement = `SELECT RELEASE_LOCK('${runLock}') AS released`;

/** Who holds the run lock. */
export const lockHolderStatement = `SELECT IS_USED_LOCK('${runLock}') AS holder`;

/** The fence: bounded on the server's side, and only while this session holds the run lock. */
export function fenceStatements(dialect: Dialect, lockWaitSeconds: number): readonly string[] {
  const variable = dialect.hasSuperReadOnly ? 'super_read_only' : 'read_only';
  return [
    `SET SESSION lock_wait_timeout = ${quoteWhole(Math.max(1, Math.ceil(lockWaitSeconds)))}`,
    `SET GLOBAL ${variable} = IF(IS_USED_LOCK('${runLock}') = CONNECTION_ID(), 1, ${refuse})`,
  ];
}

/** Undoes the fence; on MySQL read_only = 0 clears super_read_only too. Guard: the lock is ours or one of `lockHolders` has it. */
export function thawStatement(lockHolders: readonly number[]): string {
  const holders = ['CONNECTION_ID()', ...lockHolders.map(quoteWhole)].join(', ');
  return `SET GLOBAL read_only = IF(IS_USED_LOCK('${runLock}') IN (${holders}), 0, ${refuse})`;
}

/** Opens the target, if the lock is ours and the server's own clock is before `notAfterUtc`. */
export function promoteStatement(notAfterUtc: string): string {
  return `SET GLOBAL read_only = IF(IS_USED_LOCK('${runLock}') = CONNECTION_ID() AND UTC_TIMESTAMP(6) < ${quoteUtc(notAfterUtc)}, 0, ${refuse})`;
}

/** Makes the fence outlive a restart; none where the flavour cannot. */
export function persistFenceStatements(dialect: Dialect): readonly string[] {
  return dialect.hasPersist
    ? [`SET PERSIST super_read_only = IF(IS_USED_LOCK('${runLock}') = CONNECTION_ID(), 1, ${refuse})`]
    : [];
}

/** Takes it back. */
export function unpersistFenceStatements(dialect: Dialect): readonly string[] {
  return dialect.hasPersist
    ? ['RESET PERSIST IF EXISTS super_read_only', 'RESET PERSIST IF EXISTS read_only']
    : [];
}

/** The event scheduler of the whole server. */
export function eventSchedulerStatement(on: boolean): string {
  return `SET GLOBAL event_scheduler = ${on ? 'ON' : 'OFF'}`;
}

/** Ends one session. */
export function killStatement(thread: number): string {
  return `KILL ${quoteWhole(thread)}`;
}

/** Ends what a session runs; the session stays, with its run lock. */
export function cancelStatement(thread: number): string {
  return `KILL QUERY ${quoteWhole(thread)}`;
}

/** `'user'@'host'` or `user@host`, as the servers print definers, quoted. */
export function quoteAccount(account: string): string {
  const found = /^'?(.*?)'?@'?([^'@]*)'?$/s.exec(account);
  const [, user, host] = found ?? [];
  if (user === undefined || host === undefined)
    throw new UnsafeValue(`${JSON.stringify(account)} is not an account of the form user@host.`);
  return `${quoteText(user)}@${quoteText(host)}`;
}

const unlogged = 'SET SESSION sql_log_bin = 0';
/** Behind lockAccountStatements, whatever became of them: the session logs again. */
export const loggedAgain = 'SET SESSION sql_log_bin = 1';

/**
 * Locks accounts, or unlocks them, on this server alone: in the log it would lock them on the target too, and be a write
 * behind the fence. MySQL refuses it under super_read_only (1290): locked before the fence, unlocked after the thaw.
 */
export function lockAccountStatements(accounts: readonly string[], locked: boolean): readonly string[] {
  const alter = accounts.map(
    (account) => `ALTER USER ${quoteAccount(account)} ACCOUNT ${locked ? 'LOCK' : 'UNLOCK'}`,
  );
  return [unlogged, ...alter, loggedAgain];
}

/** Switches one event on. Without DEFINER the event would belong to the cockpit's account from then on. */
export function enableEventStatement(event: {
  readonly schema: string;
  readonly name: string;
  readonly definer: string;
}): string {
  return `ALTER DEFINER = ${quoteAccount(event.definer)} EVENT ${quoteFoundName(event.schema)}.${quoteFoundName(event.name)} ENABLE`;
}

/** The cutover schema; to be made on the source only, from where it replicates. Every statement may be repeated. */
export const prepareSchemaStatements: readonly string[] = [
  'CREATE DATABASE IF NOT EXISTS cutover',
  'CREATE TABLE IF NOT EXISTS cutover.heartbeat (server_id INT UNSIGNED NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL) ENGINE=InnoDB',
  'CREATE TABLE IF NOT EXISTS cutover.canary (id VARCHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL) ENGINE=InnoDB',
];

/** Takes the cutover schema away. */
export const removeSchemaStatements: readonly string[] = ['DROP DATABASE IF EXISTS cutover'];

/** One beat: the server's own clock, given back as the statement's insert id, so that it costs one round trip. */
export function beatStatement(serverId: number): string {
  return (
    `INSERT INTO cutover.heartbeat (server_id, at_us) VALUES (${quoteWhole(serverId)}, LAST_INSERT_ID(${clockExpression})) ` +
    `ON DUPLICATE KEY UPDATE at_us = LAST_INSERT_ID(${clockExpression})`
  );
}

/** One canary row. */
export function writeCanaryStatement(id: string): string {
  return `INSERT INTO cutover.canary (id, at_us) VALUES (${quoteText(id)}, ${clockExpression})`;
}

/** Whether a canary row is here. */
export function readCanaryStatement(id: string): string {
  return `SELECT COUNT(*) AS found FROM cutover.canary WHERE id = ${quoteText(id)}`;
}

/** Changes no row; under a fence an account without bypass rights gets 1290. */
export const proveFenceStatement = 'DELETE FROM cutover.canary WHERE 1 = 0';
