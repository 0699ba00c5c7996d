import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../../shared/sessions/dialect.ts';
import type { Dialect } from '../../../shared/sessions/dialect.ts';
import {
  readFastFacts,
  readMostWritten,
  joinOwnId,
  readSessions,
  readThreads,
  readTransactions,
} from '../../../shared/sessions/dialect-facts.ts';
import { Unreadable } from '../../../shared/sessions/dialect-rows.ts';
import type { ResultSet } from '../../../shared/sessions/dialect-rows.ts';
import { parseVersion } from '../../../shared/sessions/versions.ts';

function dialectFor(versionText: string): Dialect {
  const version = parseVersion(versionText, '');
  if (version === null) throw new Error(`unknown version ${versionText}`);
  return dialectOf(version);
}
function set(records: readonly Readonly<Record<string, string | null>>[]): ResultSet {
  const columns = Object.keys(records[0] ?? {});
  return {
    columns,
    rows: records.map((record) => columns.map((name) => record[name] ?? null)),
    insertId: '0',
  };
}

const processes = [
  {
    id: '5',
    user: 'event_scheduler',
    host: 'localhost',
    db: null,
    command: 'Daemon',
    time: '9',
    state: '',
    info: null,
    own_id: '12',
  },
  {
    id: '6',
    user: 'system user',
    host: '',
    db: null,
    command: 'Query',
    time: '9',
    state: 'Waiting for an event',
    info: null,
    own_id: '12',
  },
  {
    id: '7',
    user: 'repl',
    host: '10.0.0.2:4711',
    db: null,
    command: 'Binlog Dump GTID',
    time: '99',
    state: '',
    info: null,
    own_id: '12',
  },
  {
    id: '9',
    user: 'unauthenticated user',
    host: '10.0.0.9:1',
    db: null,
    command: 'Connect',
    time: '0',
    state: 'login',
    info: null,
    own_id: '12',
  },
  {
    id: '10',
    user: 'app',
    host: '10.0.0.3:4711',
    db: 'shop',
    command: 'Sleep',
    time: '3',
    state: '',
    info: null,
    own_id: '12',
  },
  {
    id: '12',
    user: 'cockpit',
    host: '10.0.0.4:4711',
    db: null,
    command: 'Query',
    time: '0',
    state: 'executing',
    info: 'SELECT',
    own_id: '12',
  },
];

describe('sessions', () => {
  test('only clients are listed, and not the session that reads', () => {
    expect(readSessions(set(processes)).map(({ thread }) => thread)).toEqual([10]);
  });

  test('a list that does not show its reader proves nothing', () => {
    expect(() => readSessions(set(processes.slice(0, 5)))).toThrow('performance_schema off');
    expect(() => readThreads(set([{ id: '10', own_id: '12' }]), [10])).toThrow(Unreadable);
    expect(readThreads(set([{ id: '12', own_id: '12' }]), [10])).toEqual([]);
  });

  test('what SHOW PROCESSLIST gives is read with the id that was asked beside it', () => {
    const shown = {
      columns: ['Id', 'User', 'Host', 'db', 'Command', 'Time', 'State', 'Info', 'Progress'],
      rows: [
        ['10', 'app', '10.0.0.3:4711', 'shop', 'Sleep', '3', '', null, '0.000'],
        ['12', 'cockpit', '10.0.0.4:4711', null, 'Query', '0', 'starting', 'SHOW PROCESSLIST', '0.000'],
      ],
      insertId: '0',
    };
    const joined = joinOwnId(shown, set([{ own_id: '12' }]));
    expect(readSessions(joined)).toMatchObject([
      { thread: 10, user: 'app', schema: 'shop', statement: null },
    ]);
    expect(readThreads(joined, [10, 11])).toEqual([10]);
    // Refused without PROCESS, the second statement gives no row at all: then the list proves nothing.
    expect(() => joinOwnId(shown, { columns: ['own_id'], rows: [], insertId: '0' })).toThrow(Unreadable);
    expect(() => readThreads(joinOwnId(shown, set([{ own_id: '99' }])), [10])).toThrow(Unreadable);
  });

  test('transactions carry who holds them; one without a session is listed too', () => {
    const transactions = set([
      { thread: '10', state: 'RUNNING', rows_modified: '3', rows_locked: '1', age_us: '61000000' },
      { thread: '0', state: 'ACTIVE', rows_modified: '1', rows_locked: '0', age_us: '5' },
      { thread: '12', state: 'RUNNING', rows_modified: '0', rows_locked: '0', age_us: '0' },
    ]);
    expect(readTransactions(transactions, set(processes))).toMatchObject([
      { thread: 10, user: 'app', ageMs: 61_000, state: 'idle', rowsModified: 3 },
      { thread: 0, user: '', state: 'running' },
    ]);
  });
});

test('fast facts: GTID text stays text, and a counter that is missing is refused', () => {
  const facts = {
    connection_id: '3',
    read_only: '1',
    super_read_only: '0',
    server_id: '1',
    server_uuid: 'u',
    clock_us: '1795439651160653',
    gtid: 'a:1-9007199254740993',
    log_end_gtid: null,
    lock_holder: null,
    event_scheduler: 'ON',
    status: 'Threads_running=2,Uptime=65,Handler_prepare=17',
    beats: '1=1795439651160653,2=5',
    heartbeat_tables: null,
  };
  const dialect = dialectFor('9.7.4');
  const log = set([
    { File: 'binlog.000002', Position: '1351', Executed_Gtid_Set: 'a:1-9007199254740993,\nb:1' },
  ]);
  const links: ResultSet = { columns: [], rows: [], insertId: '0' };
  const read = readFastFacts(dialect, { facts: set([facts]), links, log });
  expect(read).toMatchObject({
    readOnly: true,
    superReadOnly: false,
    uptimeSeconds: 65,
    writesCounted: 8,
    eventScheduler: true,
  });
  expect(read.position.gtid).toBe('a:1-9007199254740993,b:1');
  expect(read.beats).toEqual([
    { serverId: 1, atUs: 1795439651160653 },
    { serverId: 2, atUs: 5 },
  ]);
  expect(() =>
    readFastFacts(dialect, { facts: set([{ ...facts, status: 'Uptime=65' }]), links, log }),
  ).toThrow(Unreadable);
});

test('MariaDB: the most written tables are decoded, partitions are one table, the system is left out', () => {
  const counters = set([
    { name: 'shop/my@002dtable#P#p0', writes: '4' },
    { name: 'shop/my@002dtable#P#p1', writes: '5' },
    { name: 'shop/lines', writes: '7' },
    { name: 'mysql/gtid_slave_pos', writes: '99' },
    { name: 'cutover/heartbeat', writes: '99' },
    { name: 'shop/odd@0020name', writes: '99' },
    { name: 'shop/never', writes: '0' },
  ]);
  expect(readMostWritten(dialectFor('10.11.19-MariaDB'), counters, 10)).toEqual([
    'shop.my-table',
    'shop.lines',
  ]);
});
