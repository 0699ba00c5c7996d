import type { Dialect } from './dialect.ts';
import {
  quoteChannel,
  quoteFoundName,
  quoteGtid,
  quoteLogFile,
  quoteQualified,
  quoteText,
  quoteWhole,
} from './dialect-quote.ts';
import { Unreadable } from './dialect-rows.ts';
import type { Position } from './operations.ts';
import { maxPerDomain } from './dialect-gtid.ts';

/** The run lock's name on every server. */
export const runLock = 'cutover:run';

/** The server's UTC clock in microseconds; the session's time zone is +00:00. */
export const clockExpression = 'CAST(UNIX_TIMESTAMP(NOW(6))*1000000 AS UNSIGNED)';

/**
 * Reading the process list without PROCESS shows one's own sessions only and says nothing: this subquery needs the
 * same privilege and fails with 1227 instead, so "nobody is connected" is never a missing grant.
 */
const needsProcess = '(SELECT COUNT(*) FROM information_schema.INNODB_CMP) >= 0';

/** The process list as a table that costs nothing to read. */
export const processTableName = 'performance_schema.processlist';
/** As many characters of a statement as SHOW PROCESSLIST shows too. */
const shownCharacters = 100;
const ownIdStatement = `SELECT CONNECTION_ID() AS own_id FROM DUAL WHERE ${needsProcess}`;

const systemSchemas = "('mysql','sys','information_schema','performance_schema')";

/** Who the server is. */
export function identityStatement({ version }: Dialect): string {
  const own = version.flavor === 'mariadb' ? 'NULL' : '@@server_uuid';
  const gtid = version.flavor === 'mariadb' ? '@@global.gtid_binlog_state' : '@@global.gtid_executed';
  return (
    `SELECT @@version AS version, @@version_comment AS version_comment, ${own} AS server_uuid, @@server_id AS server_id, @@hostname AS hostname, ` +
    `@@port AS port, @@datadir AS datadir, ${gtid} AS gtid_state, CONNECTION_ID() AS connection_id, CURRENT_USER() AS account`
  );
}

/** Flavour and version, before any dialect is known. */
export const versionStatement = 'SELECT @@version AS version, @@version_comment AS version_comment';

/** What is known of the heartbeat table: read it, leave it out, or leave it out and look whether it is there now. */
export type HeartbeatTable = 'present' | 'absent' | 'look';

/**
 * MariaDB's place in its binary log among its status variables: the end of the newest committed event group, so that it
 * does not move with what is no write (rotations, checkpoints). Empty when the log is off.
 * https://mariadb.com/docs/server/ha-and-performance/standard-replication/enhancements-for-start-transaction-with-consistent-snapshot
 */
export const placeVariables = ['BINLOG_SNAPSHOT_FILE', 'BINLOG_SNAPSHOT_POSITION'] as const;

/** All fast facts that one SELECT can give; the links are the statement after it, then showPosition unless `placeInStatus`. */
export function fastFactsStatement(dialect: Dialect, heartbeat: HeartbeatTable): string {
  const { version } = dialect;
  const mariadb = version.flavor === 'mariadb';
  const beats =
    heartbeat === 'present' ? "(SELECT GROUP_CONCAT(server_id, '=', at_us) FROM cutover.heartbeat)" : 'NULL';
  const looked =
    heartbeat === 'look'
      ? "(SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'cutover' AND TABLE_NAME = 'heartbeat')"
      : 'NULL';
  return (
    `SELECT ${stateColumns(version.flavor)}, @@global.event_scheduler AS event_scheduler, ` +
    `${statusColumn(dialect, ['THREADS_RUNNING', mariadb ? 'BINLOG_COMMITS' : 'HANDLER_PREPARE'])}, ` +
    `${beats} AS beats, ${looked} AS heartbeat_tables`
  );
}

/** Who the server is, whether it takes writes, its GTID, and its place in its log: with `placeInStatus` all in one. */
export function stateStatements(dialect: Dialect): readonly string[] {
  const state = `SELECT ${stateColumns(dialect.version.flavor)}, ${statusColumn(dialect, [])}`;
  return dialect.placeInStatus ? [state] : [state, dialect.showPosition];
}

function stateColumns(flavor: 'mysql' | 'mariadb'): string {
  const mariadb = flavor === 'mariadb';
  return (
    'CONNECTION_ID() AS connection_id, @@global.read_only AS read_only, ' +
    `${mariadb ? 'NULL' : '@@global.super_read_only'} AS super_read_only, @@server_id AS server_id, ` +
    `${mariadb ? 'NULL' : '@@server_uuid'} AS server_uuid, ${clockExpression} AS clock_us, ` +
    `${gtidExpression(flavor)} AS gtid, ${logEndExpression(flavor)} AS log_end_gtid, IS_USED_LOCK('${runLock}') AS lock_holder`
  );
}

function statusColumn({ version, placeInStatus }: Dialect, counters: readonly string[]): string {
  const status =
    version.flavor === 'mariadb' ? 'information_schema.GLOBAL_STATUS' : 'performance_schema.global_status';
  const place = placeInStatus ? placeVariables : [];
  const names = ['UPTIME', ...place, ...counters].map((name) => `'${name}'`).join(',');
  return `(SELECT GROUP_CONCAT(VARIABLE_NAME, '=', VARIABLE_VALUE) FROM ${status} WHERE VARIABLE_NAME IN (${names})) AS status`;
}

function gtidExpression(flavor: 'mysql' | 'mariadb'): string {
  // With GTID off MySQL still shows what it once executed; for us that is no GTID.
  return flavor === 'mariadb'
    ? '@@global.gtid_binlog_state'
    : "IF(@@global.gtid_mode IN ('ON','ON_PERMISSIVE'), @@global.gtid_executed, '')";
}

function logEndExpression(flavor: 'mysql' | 'mariadb'): string {
  return flavor === 'mariadb' ? '@@global.gtid_binlog_pos' : 'NULL';
}

/** The GTID part of a position; its file and offset are the dialect's showPosition. */
export function positionStatements(dialect: Dialect): readonly string[] {
  const { flavor } = dialect.version;
  return [
    `SELECT ${gtidExpression(flavor)} AS gtid, ${logEndExpression(flavor)} AS log_end_gtid`,
    dialect.showPosition,
  ];
}

/** Every session of the server with the beginning of what it runs, and the id of the one that asks (joinOwnId). */
export function sessionsStatements({ processTable }: Dialect): readonly string[] {
  return processTable
    ? [
        'SELECT ID AS id, USER AS user, HOST AS host, DB AS db, COMMAND AS command, TIME AS time, STATE AS state, ' +
          `LEFT(INFO, ${shownCharacters}) AS info, CONNECTION_ID() AS own_id FROM ${processTableName} WHERE ${needsProcess}`,
      ]
    : ['SHOW PROCESSLIST', ownIdStatement];
}

/** Which of these threads exist. This session's own id is asked too: an answer without it is no answer. */
export function threadsStatements(dialect: Dialect, threads: readonly number[]): readonly string[] {
  if (!dialect.processTable) return sessionsStatements(dialect);
  const ids = ['CONNECTION_ID()', ...threads.map(quoteWhole)].join(', ');
  return [
    `SELECT ID AS id, CONNECTION_ID() AS own_id FROM ${processTableName} WHERE ID IN (${ids}) AND ${needsProcess}`,
  ];
}

/**
 * Open transactions with their age. trx_started is in the system's time zone, whatever the session's is.
 * https://dev.mysql.com/doc/refman/8.4/en/information-schema-innodb-trx-table.html
 */
export const transactionsStatement =
  'SELECT trx_mysql_thread_id AS thread, trx_state AS state, trx_rows_modified AS rows_modified, trx_rows_locked AS rows_locked, ' +
  "TIMESTAMPDIFF(MICROSECOND, CONVERT_TZ(trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP(6)) AS age_us FROM information_schema.INNODB_TRX";

/** The ten most written tables, say; the cockpit's own and the system's are left out. */
export function mostWrittenStatement({ version }: Dialect, limit: number): string {
  if (version.flavor === 'mariadb') {
    // One row a partition, file names as on disk: folded and decoded by the reader, which also cuts to the limit.
    return "SELECT NAME AS name, MODIFIED_COUNTER AS writes FROM information_schema.INNODB_SYS_TABLESTATS WHERE NAME LIKE '%/%' ORDER BY MODIFIED_COUNTER DESC";
  }
  return (
    "SELECT CONCAT(OBJECT_SCHEMA, '.', OBJECT_NAME) AS name, COUNT_WRITE AS writes FROM performance_schema.table_io_waits_summary_by_table " +
    `WHERE OBJECT_TYPE = 'TABLE' AND COUNT_WRITE > 0 AND OBJECT_SCHEMA NOT IN ('mysql','sys','information_schema','performance_schema','cutover') ORDER BY COUNT_WRITE DESC LIMIT ${quoteWhole(limit)}`
  );
}

/** Primary key columns of the given tables, in key order. */
export function keysStatement(tables: readonly string[]): string {
  const wanted = tables.map((table) => {
    quoteQualified(table);
    const [schema, name] = table.split('.');
    return `(TABLE_SCHEMA = ${quoteText(schema ?? '')} AND TABLE_NAME = ${quoteText(name ?? '')})`;
  });
  return (
    'SELECT TABLE_SCHEMA AS table_schema, TABLE_NAME AS table_name, COLUMN_NAME AS column_name FROM information_schema.STATISTICS ' +
    `WHERE INDEX_NAME = 'PRIMARY' AND (${wanted.join(' OR ')}) ORDER BY TABLE_SCHEMA, TABLE_NAME, SEQ_IN_INDEX`
  );
}

/** The newest rows of one table by its primary key. */
export function newestRowsStatement(table: string, key: readonly string[], rows: number): string {
  const order = key.map((column) => `${quoteFoundName(column)} DESC`).join(', ');
  return `SELECT * FROM ${quoteQualified(table)} ORDER BY ${order} LIMIT ${quoteWhole(rows)}`;
}

/** Sleeps on the server until a position is applied or the slice is over. Never a proof: see design of the drain. */
export function waitStatement(
  dialect: Dialect,
  position: Position,
  wait: { readonly sliceMs: number; readonly channel: string | null },
): string {
  const seconds = (Math.max(1, wait.sliceMs) / 1000).toFixed(3);
  if (position.gtid !== '') {
    return dialect.version.flavor === 'mariadb'
      ? `SELECT MASTER_GTID_WAIT(${quoteGtid(maxPerDomain(position.gtid))}, ${seconds}) AS waited`
      : `SELECT WAIT_FOR_EXECUTED_GTID_SET(${quoteGtid(position.gtid)}, ${seconds}) AS waited`;
  }
  if (position.file === null || position.offset === null) {
    throw new Unreadable('There is neither a GTID nor a file and offset to wait for.');
  }
  // MariaDB and MySQL 5.7 take whole seconds here, and 0 means for ever.
  const wholeSeconds = Math.max(1, Math.ceil(wait.sliceMs / 1000));
  const channel = wait.channel === null ? '' : `, ${quoteChannel(wait.channel)}`;
  return `SELECT ${dialect.waitForPosition}(${quoteLogFile(position.file)}, ${quoteWhole(position.offset)}, ${wholeSeconds}${channel}) AS waited`;
}

/** Objects that run with the rights of their definer. */
export const definersStatement =
  `SELECT 'TRIGGER' AS kind, TRIGGER_SCHEMA AS schema_name, TRIGGER_NAME AS name, DEFINER AS definer FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN ${systemSchemas} ` +
  `UNION ALL SELECT 'VIEW', TABLE_SCHEMA, TABLE_NAME, DEFINER FROM information_schema.VIEWS WHERE SECURITY_TYPE = 'DEFINER' AND TABLE_SCHEMA NOT IN ${systemSchemas} ` +
  `UNION ALL SELECT ROUTINE_TYPE, ROUTINE_SCHEMA, ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES WHERE SECURITY_TYPE = 'DEFINER' AND ROUTINE_SCHEMA NOT IN ${systemSchemas} ` +
  `UNION ALL SELECT 'EVENT', EVENT_SCHEMA, EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA NOT IN ${systemSchemas}`;

/** Scheduled events with their state. */
export const eventsStatement = `SELECT EVENT_SCHEMA AS schema_name, EVENT_NAME AS name, STATUS AS status, DEFINER AS definer FROM information_schema.EVENTS WHERE EVENT_SCHEMA NOT IN ${systemSchemas}`;

/** Tables that no transaction protects. */
export const nonTransactionalStatement = `SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE NOT IN ('InnoDB') AND TABLE_SCHEMA NOT IN ${systemSchemas}`;

/** Tables without a primary key: slow to apply, and silent about duplicates. */
export const withoutKeyStatement =
  "SELECT CONCAT(t.TABLE_SCHEMA, '.', t.TABLE_NAME) AS name FROM information_schema.TABLES t LEFT JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY' " +
  `WHERE t.TABLE_TYPE = 'BASE TABLE' AND s.INDEX_NAME IS NULL AND t.TABLE_SCHEMA NOT IN ${systemSchemas}`;

/** Every global variable; the settings are picked by name, so a missing one is seen as missing. */
export const variablesStatement = 'SHOW GLOBAL VARIABLES';

/** Small facts of the survey. */
export const surveyFactsStatement =
  "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'cutover' AND TABLE_NAME IN ('heartbeat','canary')) AS cutover_tables";

/** Open connections, counted by the server. */
export const connectionsStatement = "SHOW GLOBAL STATUS WHERE Variable_name = 'Threads_connected'";
