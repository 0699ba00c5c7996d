import type { Dialect } from './dialect.ts';
import { isOn, isReadOnly, rowsOf, Unreadable, wholeNumber } from './dialect-rows.ts';
import type { ResultSet } from './dialect-rows.ts';
import type { ServerSettings } from './survey.ts';

/** Global variables by name, as SHOW GLOBAL VARIABLES gives them. */
export type Variables = ReadonlyMap<string, string>;

/** Reads SHOW GLOBAL VARIABLES. */
export function readVariables(set: ResultSet): Variables {
  return new Map(
    rowsOf(set, 'SHOW GLOBAL VARIABLES').map((row) => [row.must('Variable_name'), row.text('Value') ?? '']),
  );
}

/** Reads a variable by the first of its names that the server has; none: Unreadable. */
export function variable(variables: Variables, ...names: readonly string[]): string {
  for (const name of names) {
    const value = variables.get(name);
    if (value !== undefined) return value;
  }
  throw new Unreadable(`The server has no variable ${names.join(' or ')}. Nothing is assumed in its place.`);
}

/** One spelling for all flavours and versions. */
export function readSettings({ version, hasSuperReadOnly }: Dialect, variables: Variables): ServerSettings {
  const mariadb = version.flavor === 'mariadb';
  const text = (...names: readonly string[]): string => variable(variables, ...names);
  const whole = (...names: readonly string[]): number => wholeNumber(text(...names), names.join(' or '));
  const maybe = (...names: readonly string[]): string | null =>
    names.map((name) => variables.get(name)).find((value) => value !== undefined) ?? null;
  const semiSyncTimeout = maybe('rpl_semi_sync_source_timeout', 'rpl_semi_sync_master_timeout');
  const zone = text('time_zone');
  return {
    logBin: isOn(text('log_bin')),
    logReplicaUpdates: isOn(text('log_replica_updates', 'log_slave_updates')),
    binlogFormat: text('binlog_format'),
    binlogRowImage: text('binlog_row_image'),
    syncBinlog: whole('sync_binlog'),
    flushLogAtCommit: whole('innodb_flush_log_at_trx_commit'),
    // MariaDB writes a GTID with every transaction and has no switch for it.
    gtidMode: mariadb ? 'ON' : text('gtid_mode'),
    gtidStrict: mariadb ? isOn(text('gtid_strict_mode')) : null,
    gtidIgnoreDuplicates: mariadb ? isOn(text('gtid_ignore_duplicates')) : null,
    gtidDomain: mariadb ? whole('gtid_domain_id') : null,
    parallelAppliers: mariadb
      ? text('slave_parallel_mode').toLowerCase() === 'none'
        ? 0
        : whole('slave_parallel_threads')
      : null,
    autoIncrementIncrement: whole('auto_increment_increment'),
    autoIncrementOffset: whole('auto_increment_offset'),
    eventScheduler: text('event_scheduler'),
    readOnly: isReadOnly(text('read_only')),
    superReadOnly: hasSuperReadOnly ? isReadOnly(text('super_read_only')) : null,
    // Absent: the plugin is not loaded.
    semiSyncEnabled: isOn(maybe('rpl_semi_sync_source_enabled', 'rpl_semi_sync_master_enabled')),
    semiSyncTimeoutMs:
      semiSyncTimeout === null ? null : wholeNumber(semiSyncTimeout, 'the semi-sync timeout'),
    sqlMode: text('sql_mode'),
    timeZone: zone === 'SYSTEM' ? text('system_time_zone') : zone,
    characterSet: text('character_set_server'),
    collation: text('collation_server'),
    lowerCaseTableNames: whole('lower_case_table_names'),
    relayLogRecovery: isOn(text('relay_log_recovery')),
    pidFile: text('pid_file'),
  };
}
