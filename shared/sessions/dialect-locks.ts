import type { Dialect } from './dialect.ts';
import { rowsOf } from './dialect-rows.ts';
import type { ResultSet, Row } from './dialect-rows.ts';
import type { HeldLocks, LockHolder } from './operations.ts';

/**
 * Who holds which metadata lock, from the server's own list. Seen on MariaDB 10.11 and MySQL 9.7: a fence waits for every
 * holder of GLOBAL or COMMIT INTENTION_EXCLUSIVE (MySQL), of a writing or table-changing backup lock (MariaDB), idle
 * sessions with LOCK TABLES … WRITE among them; an open transaction that only has table locks keeps no fence waiting.
 * https://dev.mysql.com/doc/refman/8.4/en/performance-schema-metadata-locks-table.html
 * https://mariadb.com/docs/server/reference/plugins/other-plugins/metadata-lock-info-plugin
 */

/** So many locks are looked at; a server with more says so. */
const mostLocks = 5_000;

/** The list of locks that are held, this session's own among them. */
export function locksStatement({ version }: Dialect): string {
  return version.flavor === 'mariadb'
    ? `SELECT THREAD_ID AS thread, LOCK_TYPE AS kind, LOCK_MODE AS mode, TABLE_SCHEMA AS lock_schema, TABLE_NAME AS lock_name FROM information_schema.METADATA_LOCK_INFO LIMIT ${mostLocks}`
    : 'SELECT t.PROCESSLIST_ID AS thread, l.OBJECT_TYPE AS kind, l.LOCK_TYPE AS mode, l.OBJECT_SCHEMA AS lock_schema, l.OBJECT_NAME AS lock_name, CONNECTION_ID() AS own_id ' +
        'FROM performance_schema.metadata_locks l JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID ' +
        `WHERE l.LOCK_STATUS = 'GRANTED' AND l.OBJECT_TYPE IN ('GLOBAL','COMMIT','BACKUP LOCK','TABLE') AND t.PROCESSLIST_ID IS NOT NULL LIMIT ${mostLocks}`;
}

/** Error numbers that say there is no such list here: unknown table, denied. */
export const noLockList: readonly number[] = [1109, 1142, 1146];

/** A server without the list: what is then not seen, and what would show it. */
export function locksUnseen({ version }: Dialect): HeldLocks {
  const mend =
    version.flavor === 'mariadb'
      ? "INSTALL SONAME 'metadata_lock_info' shows them (SELECT * FROM information_schema.METADATA_LOCK_INFO)"
      : "GRANT SELECT ON performance_schema.* to the operator account and switch the instrument 'wait/lock/metadata/sql/mdl' on show them";
  return {
    holders: [],
    unseen: `this server does not show who holds a lock: LOCK TABLES and a backup's lock of an idle session are not seen; ${mend}`,
  };
}

/** Reads locksStatement. */
export function readLocks(dialect: Dialect, set: ResultSet): HeldLocks {
  const mariadb = dialect.version.flavor === 'mariadb';
  const rows = rowsOf(set, 'The list of metadata locks');
  // Reading the list takes a lock on it: MySQL's answer without this session's own is an answer of an instrument that is off.
  if (!mariadb && !rows.some((row) => row.text('thread') === row.text('own_id'))) return locksUnseen(dialect);
  const byThread = new Map<number, Row[]>();
  for (const row of rows) {
    if (!mariadb && row.text('thread') === row.text('own_id')) continue;
    const thread = row.whole('thread');
    byThread.set(thread, [...(byThread.get(thread) ?? []), row]);
  }
  return {
    holders: [...byThread].map(([thread, own]) => (mariadb ? mariadbHolder : mysqlHolder)(thread, own)),
    unseen:
      rows.length < mostLocks
        ? null
        : `only the first ${mostLocks} locks of this server are looked at; whoever else holds one is not seen`,
  };
}

function mysqlHolder(thread: number, rows: readonly Row[]): LockHolder {
  const holds = (kinds: readonly string[], mode: string): boolean =>
    rows.some((row) => kinds.includes(row.must('kind')) && row.must('mode') === mode);
  return {
    thread,
    fence: holds(['GLOBAL', 'COMMIT'], 'INTENTION_EXCLUSIVE'),
    backup: holds(['GLOBAL', 'COMMIT', 'BACKUP LOCK'], 'SHARED'),
    fragile: null,
    tables: tablesOf(rows.filter((row) => row.must('kind') === 'TABLE')),
  };
}

/** BACKUP_DML is the lock of a write to a table without transactions, BACKUP_TRANS_DML that of all other writes. */
function mariadbHolder(thread: number, rows: readonly Row[]): LockHolder {
  const backup = rows.filter((row) => row.must('kind') === 'Backup lock').map((row) => row.must('mode'));
  const has = (modes: RegExp): boolean => backup.some((mode) => modes.test(mode));
  return {
    thread,
    fence: has(/^MDL_BACKUP_(DML|TRANS_DML|SYS_DML|DDL|ALTER_COPY|COMMIT)$/),
    backup: has(/^MDL_BACKUP_(START|FLUSH|WAIT_FLUSH|WAIT_DDL|WAIT_COMMIT|FTWRL1|FTWRL2|BLOCK_DDL)$/),
    fragile: has(/^MDL_BACKUP_DML$/) ? true : has(/^MDL_BACKUP_TRANS_DML$/) ? false : null,
    tables: tablesOf(rows.filter((row) => row.must('kind') === 'Table metadata lock')),
  };
}

function tablesOf(rows: readonly Row[]): readonly string[] {
  const names = rows.map((row) => `${row.text('lock_schema') ?? ''}.${row.text('lock_name') ?? ''}`);
  // An ALTER's copy under its inner name tells nobody anything.
  return [...new Set(names)].filter((name) => !name.includes('.#sql')).toSorted();
}
