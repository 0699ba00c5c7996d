import type { Identity } from './identity.ts';
import type { ServerVersion } from './versions.ts';
import { atLeast, parseVersion } from './versions.ts';

/**
 * The words one server understands. All differences between flavours and versions are decided here, once, when the
 * session opens; the statement texts (dialect-reads, dialect-effects, dialect-links) and the row readers only look at
 * these fields. Which versions real servers confirmed stands in versions.ts; the words of the others are from-documentation:
 * https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html and the pages of the same name of 5.7 and 8.0.
 */
export type Dialect = {
  readonly version: ServerVersion;
  /** `SHOW REPLICA STATUS` has Source_ and Replica_ columns, `SHOW SLAVE STATUS` Master_ and Slave_. */
  readonly columns: 'source' | 'master';
  readonly showLinks: string;
  readonly showPosition: string;
  /** File and offset stand among the status variables that are read in any case: the minute needs one statement less. */
  readonly placeInStatus: boolean;
  readonly showAttached: string;
  /** START REPLICA, STOP REPLICA, RESET REPLICA; or SLAVE. */
  readonly replica: 'REPLICA' | 'SLAVE';
  /** SOURCE_HOST …; or MASTER_HOST. */
  readonly source: 'SOURCE' | 'MASTER';
  readonly waitForPosition: 'SOURCE_POS_WAIT' | 'MASTER_POS_WAIT';
  /**
   * Whether the process list is a table of performance_schema. Elsewhere it is read by SHOW: as a table of
   * information_schema each read of it becomes a temporary table on the server's disk, beside the logs it syncs.
   */
  readonly processTable: boolean;
  readonly transactionsPrepared: string;
  readonly hasSuperReadOnly: boolean;
  readonly hasPersist: boolean;
  readonly hasRoles: boolean;
};

/** The words of a version. */
export function dialectOf(version: ServerVersion): Dialect {
  if (version.flavor === 'mariadb') {
    return {
      version,
      columns: 'master',
      showLinks: 'SHOW ALL SLAVES STATUS',
      showPosition: 'SHOW MASTER STATUS',
      placeInStatus: true,
      showAttached: 'SHOW SLAVE HOSTS',
      replica: 'SLAVE',
      source: 'MASTER',
      waitForPosition: 'MASTER_POS_WAIT',
      processTable: false,
      transactionsPrepared: "XA RECOVER FORMAT='SQL'",
      hasSuperReadOnly: false,
      hasPersist: false,
      hasRoles: true,
    };
  }
  const has = (...least: readonly number[]): boolean => atLeast(version.numbers, least);
  return {
    version,
    columns: has(8, 0, 22) ? 'source' : 'master',
    showLinks: has(8, 0, 22) ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
    showPosition: has(8, 2) ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
    placeInStatus: false,
    showAttached: has(8, 0, 22) ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS',
    replica: has(8, 0, 22) ? 'REPLICA' : 'SLAVE',
    source: has(8, 0, 23) ? 'SOURCE' : 'MASTER',
    waitForPosition: has(8, 0, 26) ? 'SOURCE_POS_WAIT' : 'MASTER_POS_WAIT',
    processTable: has(8, 0, 22),
    transactionsPrepared: 'XA RECOVER CONVERT XID',
    hasSuperReadOnly: true,
    hasPersist: has(8),
    hasRoles: has(8),
  };
}

/** The words of a server as a journal recorded it; null: a version that this program does not speak. */
export function dialectOfIdentity({ flavor, version }: Pick<Identity, 'flavor' | 'version'>): Dialect | null {
  const known = parseVersion(flavor === 'mariadb' ? `${version}-MariaDB` : version, '');
  return known === null ? null : dialectOf(known);
}

/**
 * Statements that only this dialect parses, without effect: run when a session opens. A server whose version text
 * promises the words but answers 1064 (syntax) is refused; missing privileges (1227) still prove the words.
 */
export function probeStatements(dialect: Dialect): readonly string[] {
  return [dialect.showLinks, dialect.showPosition];
}
