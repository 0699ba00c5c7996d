import type { Dialect } from './dialect.ts';
import { processTableName } from './dialect-reads.ts';
import { quoteChannel, quoteGtid, quoteText, quoteWhole, UnsafeValue } from './dialect-quote.ts';

/**
 * Statements that only a person sends, by the emergency sheet: what the cockpit decides from answers in its own code, a
 * server must say there in one answer. All else on the sheet are the product's own statements.
 */

/** Sessions by their thread ids, and whose they were: ids are given again after a restart. */
export type OwnSessions = {
  readonly threads: readonly number[];
  /** `user@host`, as CURRENT_USER() said. */
  readonly account: string;
};

/** One KILL a line for each of these sessions that still is this account's; to be sent back to the server. */
export function killOwnStatement(dialect: Dialect, own: OwnSessions): string {
  return `SELECT CONCAT('KILL ', ID, ';') FROM ${ownSessions(dialect, own)}`;
}

/** How many of them are left. */
export function ownLeftStatement(dialect: Dialect, own: OwnSessions): string {
  return `SELECT COUNT(*) AS still_there FROM ${ownSessions(dialect, own)}`;
}

function ownSessions({ processTable }: Dialect, { threads, account }: OwnSessions): string {
  const at = account.lastIndexOf('@');
  if (at < 1) throw new UnsafeValue(`${JSON.stringify(account)} is not an account of the form user@host.`);
  const [user, host] = [account.slice(0, at), account.slice(at + 1)];
  // A pattern with a netmask is no LIKE pattern; then id and user have to do.
  const from = host.includes('/')
    ? ''
    : ` AND (HOST LIKE ${quoteText(host)} OR HOST LIKE ${quoteText(`${host}:%`)})`;
  const table = processTable ? processTableName : 'information_schema.PROCESSLIST';
  return `${table} WHERE ID IN (${threads.map(quoteWhole).join(', ')}) AND ID <> CONNECTION_ID() AND USER = ${quoteText(user)}${from}`;
}

/** 1 when the server contains all of `gtid` (a set or a binlog state), 0 otherwise. */
export function containsStatement({ version }: Dialect, gtid: string): string {
  if (version.flavor === 'mysql')
    return `SELECT GTID_SUBSET(${quoteGtid(gtid)}, @@global.gtid_executed) AS contains_everything`;
  // Every (domain, server) for itself: the highest sequence of a domain says nothing of the other co-master.
  const pairs = gtid.replaceAll(/\s+/g, '').split(',');
  const reached = pairs.map((pair) => {
    const found = /^(\d{1,10}-\d{1,10})-(\d{1,20})$/.exec(pair);
    if (found === null) throw new UnsafeValue(`${JSON.stringify(pair)} is not a GTID of MariaDB.`);
    return `CAST(REGEXP_SUBSTR(CONCAT(',', REPLACE(@@global.gtid_binlog_state, ' ', '')), '(?<=,${found[1]}-)[0-9]+') AS UNSIGNED) >= ${found[2]}`;
  });
  return `SELECT ${reached.join(' AND ')} AS contains_everything`;
}

/** The state of one link. */
export function showLinkStatement({ showLinks, version }: Dialect, channel: string): string {
  const name = quoteChannel(channel);
  return version.flavor === 'mariadb' ? `SHOW SLAVE ${name} STATUS` : `${showLinks} FOR CHANNEL ${name}`;
}

/** Whether the event scheduler is on. */
export const schedulerSeenStatement = 'SELECT @@global.event_scheduler AS event_scheduler';

/** Whose event it is: switched on without its definer it would be the person's. */
export function eventDefinerStatement(schema: string, name: string): string {
  return `SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${quoteText(schema)} AND EVENT_NAME = ${quoteText(name)}`;
}

/** How many of the variables that close a server it would set again at its next start (MySQL). */
export const keptClosedStatement =
  "SELECT COUNT(*) AS kept_closed FROM performance_schema.persisted_variables WHERE VARIABLE_NAME IN ('read_only', 'super_read_only')";
