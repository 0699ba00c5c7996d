import type { Dialect } from './dialect.ts';
import { gtidText, isOn, isReadOnly, onlyRow, rowsOf, Unreadable, wholeNumber } from './dialect-rows.ts';
import type { ResultSet, Row } from './dialect-rows.ts';
import type { Identity } from './identity.ts';
import { readLinks } from './dialect-links.ts';
import { placeVariables } from './dialect-reads.ts';
import type { Beat, ClientSession, FastFacts, OpenTransaction, Position, ServerState } from './operations.ts';

/** Reads identityStatement. */
export function readIdentity({ version }: Dialect, set: ResultSet): Identity {
  const row = onlyRow(set, 'The identity');
  return {
    flavor: version.flavor,
    version: version.text,
    versionText: row.must('version'),
    serverUuid: row.text('server_uuid'),
    serverId: row.whole('server_id'),
    hostname: row.must('hostname'),
    port: row.whole('port'),
    datadir: row.must('datadir'),
    gtidState: gtidText(row.text('gtid_state')),
    connectionId: row.whole('connection_id'),
    account: row.must('account'),
  };
}

/** The GTID columns of a SELECT: what the server contains, and (MariaDB) what stands last in its log. */
export type GtidColumns = { readonly gtid: string | null; readonly logEnd: string | null };

/** A place in the binary log; MySQL gives the GTID set that goes with it in the same moment. null: the log is off. */
type LogPlace = { readonly file: string; readonly offset: number; readonly gtid: string | null } | null;

/** Reads the position: GTID from the SELECT, file and offset (MySQL: and the GTID set that goes with them) from the second answer. */
export function readPosition(dialect: Dialect, gtids: GtidColumns, log: ResultSet): Position {
  return positionAt(dialect, gtids, placeShown(dialect, log));
}

function positionAt({ version }: Dialect, { gtid, logEnd }: GtidColumns, place: LogPlace): Position {
  const end = logEnd === null || logEnd === '' ? {} : { logEndGtid: gtidText(logEnd) };
  // MySQL's SELECT may already be behind the set that came with file and offset.
  const exact = gtidText(gtid) === '' ? gtid : (place?.gtid ?? gtid);
  return {
    flavor: version.flavor,
    file: place?.file ?? null,
    offset: place?.offset ?? null,
    gtid: gtidText(exact),
    ...end,
  };
}

/** Reads showPosition. */
function placeShown({ version, showPosition }: Dialect, log: ResultSet): LogPlace {
  const [row, second] = rowsOf(log, `${showPosition} of ${version.flavor} ${version.text}`);
  if (second !== undefined) throw new Unreadable(`${showPosition} gave more than one row.`);
  if (row === undefined) return null;
  const gtid = version.flavor === 'mysql' ? row.text('Executed_Gtid_Set') : null;
  return { file: row.must('File'), offset: row.whole('Position'), gtid };
}

/** Reads the place that stands among the status variables (`placeInStatus`). */
function placeInStatus(status: ReadonlyMap<string, string>): LogPlace {
  const [fileName, offsetName] = placeVariables;
  const file = status.get(fileName) ?? missing(fileName);
  const offset = wholeNumber(status.get(offsetName) ?? missing(offsetName), offsetName);
  return file === '' ? null : { file, offset, gtid: null };
}

/** Reads the answers of the fast facts; `log` as for readState. */
export function readFastFacts(
  dialect: Dialect,
  sets: { readonly facts: ResultSet; readonly links: ResultSet; readonly log: ResultSet | null },
): FastFacts {
  const row = onlyRow(sets.facts, 'The fast facts');
  const mariadb = dialect.version.flavor === 'mariadb';
  const status = readStatus(row);
  const counter = mariadb ? 'BINLOG_COMMITS' : 'HANDLER_PREPARE';
  const counted = wholeNumber(status.get(counter) ?? missing(counter), counter);
  return {
    ...stateOf(dialect, row, sets.log),
    links: readLinks(dialect, sets.links),
    beats: readBeats(row.text('beats')),
    eventScheduler: isOn(row.text('event_scheduler')),
    threadsRunning: wholeNumber(
      status.get('THREADS_RUNNING') ?? missing('THREADS_RUNNING'),
      'THREADS_RUNNING',
    ),
    // MySQL prepares each write transaction twice: in the storage engine and in the binary log.
    writesCounted: mariadb ? counted : Math.floor(counted / 2),
  };
}

/** Reads stateStatements; `log` is the answer to showPosition, null where the place is among the status variables. */
export function readState(
  dialect: Dialect,
  sets: { readonly state: ResultSet; readonly log: ResultSet | null },
): ServerState {
  return stateOf(dialect, onlyRow(sets.state, 'The state'), sets.log);
}

function stateOf(dialect: Dialect, row: Row, log: ResultSet | null): ServerState {
  const holder = row.text('lock_holder');
  const mariadb = dialect.version.flavor === 'mariadb';
  const status = readStatus(row);
  const place = log === null ? placeInStatus(status) : placeShown(dialect, log);
  return {
    connectionId: row.whole('connection_id'),
    serverId: row.whole('server_id'),
    serverUuid: row.text('server_uuid'),
    uptimeSeconds: wholeNumber(status.get('UPTIME') ?? missing('UPTIME'), 'UPTIME'),
    clockUs: row.whole('clock_us'),
    readOnly: isReadOnly(row.text('read_only')),
    superReadOnly: mariadb ? null : isReadOnly(row.text('super_read_only')),
    position: positionAt(dialect, { gtid: row.text('gtid'), logEnd: row.text('log_end_gtid') }, place),
    lockHolder: holder === null ? null : wholeNumber(holder, 'lock_holder'),
  };
}

/** Whether the fast facts saw the heartbeat table when they were told to look for it; null: not told. */
export function readHeartbeatLook(set: ResultSet): boolean | null {
  const count = onlyRow(set, 'The fast facts').text('heartbeat_tables');
  return count === null ? null : count !== '0';
}

function missing(name: string): never {
  throw new Unreadable(`The server has no status variable ${name}.`);
}

function readStatus(row: Row): ReadonlyMap<string, string> {
  const pairs = row.must('status').split(',');
  return new Map(
    pairs.map((pair) => {
      const sign = pair.indexOf('=');
      if (sign < 1) throw new Unreadable(`The status gives ${JSON.stringify(pair)}; expected NAME=VALUE.`);
      return [pair.slice(0, sign).toUpperCase(), pair.slice(sign + 1)];
    }),
  );
}

function readBeats(text: string | null): readonly Beat[] {
  if (text === null || text === '') return [];
  return text.split(',').map((pair) => {
    const [serverId = '', atUs = ''] = pair.split('=');
    return {
      serverId: wholeNumber(serverId, 'heartbeat.server_id'),
      atUs: wholeNumber(atUs, 'heartbeat.at_us'),
    };
  });
}

/** Users under which a server runs its own threads. */
const ownUsers = new Set(['system user', 'event_scheduler', 'unauthenticated user']);
/** Commands of replication's and the server's own threads. */
const ownCommands = new Set([
  'Binlog Dump',
  'Binlog Dump GTID',
  'Register Slave',
  'Register Replica',
  'Slave_IO',
  'Slave_SQL',
  'Slave_worker',
  'Connect',
  'Daemon',
]);

/** The process list of sessionsStatements or threadsStatements as one set: SHOW does not tell who asks, the set beside it does. */
export function joinOwnId(list: ResultSet, own: ResultSet | null): ResultSet {
  if (own === null) return list;
  const ownId = onlyRow(own, "The session's own id").must('own_id');
  return {
    ...list,
    columns: [...list.columns, 'own_id'],
    rows: list.rows.map((cells) => [...cells, ownId]),
  };
}

/** Reads sessionsStatements: client sessions only, without this one. An answer that does not show this session is no answer. */
export function readSessions(set: ResultSet): readonly ClientSession[] {
  const rows = rowsOf(set, 'The process list');
  assertSeesItself(rows);
  return rows.filter(isClient).map((row) => ({
    thread: row.whole('id'),
    user: row.text('user') ?? '',
    host: row.text('host') ?? '',
    schema: row.text('db'),
    command: commandOf(row),
    // MariaDB reports a negative time for a moment when a session's clock was set.
    timeSeconds: row.text('time') === null ? 0 : Math.max(0, row.whole('time')),
    state: row.text('state') ?? '',
    statement: row.text('info'),
  }));
}

/**
 * MariaDB lists a session as Killed from KILL QUERY until its next statement, also when the KILL came a moment after the
 * statement's end. One that runs nothing idles, whatever it is called.
 */
function commandOf(row: Row): string {
  const command = row.text('command') ?? '';
  return command === 'Killed' && row.text('info') === null ? 'Sleep' : command;
}

function isClient(row: Row): boolean {
  if (row.text('id') === row.text('own_id')) return false;
  return !ownUsers.has(row.text('user') ?? '') && !ownCommands.has(row.text('command') ?? '');
}

function assertSeesItself(rows: readonly Row[]): void {
  if (rows.some((row) => row.text('id') === row.text('own_id'))) return;
  throw new Unreadable(
    'The process list does not show the session that reads it (performance_schema off?), so it proves nothing about others.',
  );
}

/** Reads threadsStatements: which of the asked threads exist. */
export function readThreads(set: ResultSet, threads: readonly number[]): readonly number[] {
  const rows = rowsOf(set, 'The process list');
  assertSeesItself(rows);
  const seen = new Set(rows.map((row) => row.whole('id')));
  return threads.filter((thread) => seen.has(thread));
}

/** Reads sessionsStatements: what those of the threads that do not idle run. */
export function readRunning(
  set: ResultSet,
  threads: readonly number[],
): readonly { readonly thread: number; readonly statement: string }[] {
  const rows = rowsOf(set, 'The process list');
  assertSeesItself(rows);
  return rows.flatMap((row) => {
    const thread = row.whole('id');
    const command = commandOf(row);
    if (!threads.includes(thread) || command === 'Sleep') return [];
    return [{ thread, statement: row.text('info') ?? command }];
  });
}

/** Joins transactionsStatement with the process list: who, what, since when. */
export function readTransactions(transactions: ResultSet, sessions: ResultSet): readonly OpenTransaction[] {
  const processRows = rowsOf(sessions, 'The process list');
  assertSeesItself(processRows);
  const byThread = new Map(processRows.map((row) => [row.whole('id'), row]));
  const own = processRows[0]?.text('own_id');
  return rowsOf(transactions, 'INNODB_TRX')
    .filter((row) => row.text('thread') !== own)
    .map((row) => {
      const session = byThread.get(row.whole('thread'));
      const waits = row.must('state') === 'LOCK WAIT';
      const idle = session !== undefined && commandOf(session) === 'Sleep';
      return {
        thread: row.whole('thread'),
        // Thread 0: a prepared XA transaction without a session, or one that is being rolled back.
        user: session?.text('user') ?? '',
        host: session?.text('host') ?? '',
        ageMs: Math.max(0, Math.round(row.whole('age_us') / 1000)),
        rowsModified: row.whole('rows_modified'),
        rowsLocked: row.whole('rows_locked'),
        state: waits ? 'lock-wait' : idle ? 'idle' : 'running',
        statement: session?.text('info') ?? null,
      } as const;
    });
}

/** Reads XA RECOVER: the ids as the server would take them back, or its raw data column. */
export function readXids(set: ResultSet): readonly string[] {
  return rowsOf(set, 'XA RECOVER').map((row) => row.must('data'));
}

/** Reads mostWrittenStatement into schema.table names that a plan could carry; others (odd characters) are left out. */
export function readMostWritten({ version }: Dialect, set: ResultSet, limit: number): readonly string[] {
  const writes = new Map<string, number>();
  for (const row of rowsOf(set, 'The table counters')) {
    const raw = row.must('name');
    const name = version.flavor === 'mariadb' ? decodeFileName(raw) : raw;
    if (!/^[A-Za-z0-9_$-]{1,64}\.[A-Za-z0-9_$-]{1,64}$/.test(name)) continue;
    if (/^(mysql|sys|performance_schema|information_schema|cutover)\./.test(name)) continue;
    writes.set(name, (writes.get(name) ?? 0) + row.whole('writes'));
  }
  return [...writes.entries()]
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, limit)
    .map(([name]) => name);
}

/** `db/my@002dtable#P#p0` of InnoDB's own tables as `db.my-table`. */
function decodeFileName(name: string): string {
  const whole = (name.split(/#p#/i)[0] ?? '').replaceAll(/@([0-9a-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return whole.replace('/', '.');
}
