import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialectOf, probeStatements } from '../../../shared/sessions/dialect.ts';
import type { Dialect } from '../../../shared/sessions/dialect.ts';
import { readPosition } from '../../../shared/sessions/dialect-facts.ts';
import {
  configureLinkStatements,
  passwordMask,
  readLinks,
  removeLinkStatements,
  startLinkStatements,
  stopLinkStatement,
} from '../../../shared/sessions/dialect-links.ts';
import type { LinkWords } from '../../../shared/sessions/dialect-links.ts';
import { Unreadable } from '../../../shared/sessions/dialect-rows.ts';
import type { ResultSet } from '../../../shared/sessions/dialect-rows.ts';
import type { Position } from '../../../shared/sessions/operations.ts';
import { parseVersion } from '../../../shared/sessions/versions.ts';

type Fixture = {
  readonly version: string;
  readonly proof: 'real-server' | 'from-documentation';
  readonly manual?: string;
  readonly answers: Readonly<Record<string, Omit<ResultSet, 'insertId'>>>;
};

const folder = join(import.meta.dirname, 'fixtures');
const fixtures = readdirSync(folder).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Fixture),
}));

function dialectFor(versionText: string): Dialect {
  const version = parseVersion(versionText, '');
  if (version === null) throw new Error(`unknown version ${versionText}`);
  return dialectOf(version);
}
function answer(fixture: Fixture, statement: string): ResultSet {
  const found = fixture.answers[statement];
  if (found === undefined) throw new Error(`${fixture.version} has no answer to ${statement}`);
  return { ...found, insertId: '0' };
}
/** The same answer without one column. */
function without(set: ResultSet, column: string): ResultSet {
  const place = set.columns.indexOf(column);
  return {
    ...set,
    columns: set.columns.toSpliced(place, 1),
    rows: set.rows.map((row) => row.toSpliced(place, 1)),
  };
}

describe.each(fixtures)('$version ($proof)', (fixture) => {
  const dialect = dialectFor(fixture.version);
  const set = answer(fixture, dialect.showLinks);

  test('the statements of the dialect are those the version answered', () => {
    for (const statement of probeStatements(dialect)) expect(fixture.answers).toHaveProperty([statement]);
    if (fixture.proof === 'from-documentation')
      expect(fixture.manual).toMatch(/^https:\/\/dev\.mysql\.com\/doc\/refman\//);
  });

  test('its link is read whole', () => {
    const [link] = readLinks(dialect, set);
    expect(link).toMatchObject({
      sourceHost: '127.0.0.1',
      usesGtid: true,
      delaySeconds: 0,
      filters: [],
      receiver: 'running',
      receiverError: null,
    });
    if (fixture.proof === 'from-documentation') {
      expect(link).toMatchObject({
        sourcePort: 13000,
        applier: 'running',
        secondsBehind: 0,
        readFile: 'master-bin.000001',
        appliedOffset: 927,
        relayBytes: 1355,
        sourceServerId: 1,
      });
      expect(link?.sourceUuid).toBe('73f86016-978b-11ee-ade5-8d2a2a562feb');
    } else {
      // Both real servers were stopped by an error in their applier.
      expect(link).toMatchObject({ channel: 'east', applier: 'stopped', secondsBehind: null });
      expect(link?.applierError?.code).toBe(dialect.version.flavor === 'mysql' ? 1396 : 1950);
    }
  });

  test('its position is read', () => {
    const position = readPosition(
      dialect,
      { gtid: '0-1-1', logEnd: null },
      answer(fixture, dialect.showPosition),
    );
    expect(position.file).toMatch(/\.\d{6}$/);
    expect(position.offset).toBeGreaterThan(0);
  });

  test('a missing column is refused by name, never guessed; filters alone may be absent', () => {
    const source = dialect.columns === 'source';
    const needed = [
      source ? 'Source_Host' : 'Master_Host',
      source ? 'Replica_SQL_Running' : 'Slave_SQL_Running',
      'SQL_Delay',
      'Last_SQL_Errno',
    ];
    for (const column of needed) {
      expect(() => readLinks(dialect, without(set, column))).toThrow(Unreadable);
      expect(() => readLinks(dialect, without(set, column))).toThrow(column);
    }
    expect(() => readLinks(dialect, without(set, 'Replicate_Rewrite_DB'))).not.toThrow();
  });

  test('an unknown state of a thread is refused', () => {
    const column = set.columns.findIndex((name) => name.endsWith('_SQL_Running'));
    const rows = set.rows.map((row) => row.with(column, 'Perhaps'));
    expect(() => readLinks(dialect, { ...set, rows })).toThrow('Perhaps');
  });

  test('a filter is told', () => {
    const column = set.columns.indexOf('Replicate_Do_DB');
    expect(
      readLinks(dialect, { ...set, rows: set.rows.map((row) => row.with(column, 'shop')) })[0]?.filters,
    ).toEqual(['Replicate_Do_DB=shop']);
  });
});

const position: Position = {
  flavor: 'mysql',
  file: 'binlog.000007',
  offset: 4711,
  gtid: '73f86016-978b-11ee-ade5-8d2a2a562feb:1-3',
};
const words: LinkWords = {
  channel: 'cutover_reverse',
  sourceAddress: '10.0.0.7',
  sourcePort: 3306,
  from: position,
  usesGtid: true,
  tls: { mode: 'REQUIRED' },
  account: { user: 'repl', password: passwordMask },
};

describe('CHANGE … TO', () => {
  test('MySQL 9.7 and 8.4, GTID', () => {
    for (const version of ['9.7.4', '8.4.3']) {
      expect(configureLinkStatements(dialectFor(version), words)).toEqual([
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '10.0.0.7', SOURCE_PORT = 3306, SOURCE_USER = 'repl', SOURCE_PASSWORD = '********', SOURCE_CONNECT_RETRY = 5, SOURCE_RETRY_COUNT = 86400, SOURCE_SSL = 1, SOURCE_SSL_VERIFY_SERVER_CERT = 0, SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'cutover_reverse'",
      ]);
    }
  });

  test('MySQL 5.7, file and position, verified identity', () => {
    expect(
      configureLinkStatements(dialectFor('5.7.44-log'), {
        ...words,
        usesGtid: false,
        tls: { mode: 'VERIFY_IDENTITY', ca: '/etc/mysql/ca.pem' },
      }),
    ).toEqual([
      "CHANGE MASTER TO MASTER_HOST = '10.0.0.7', MASTER_PORT = 3306, MASTER_USER = 'repl', MASTER_PASSWORD = '********', MASTER_CONNECT_RETRY = 5, MASTER_RETRY_COUNT = 86400, MASTER_SSL = 1, MASTER_SSL_CA = '/etc/mysql/ca.pem', MASTER_SSL_VERIFY_SERVER_CERT = 1, MASTER_AUTO_POSITION = 0, MASTER_LOG_FILE = 'binlog.000007', MASTER_LOG_POS = 4711 FOR CHANNEL 'cutover_reverse'",
    ]);
  });

  test('MySQL without TLS asks the source for its public key, from 8.0 on', () => {
    const tls = { mode: 'DISABLED' } as const;
    expect(configureLinkStatements(dialectFor('8.0.36'), { ...words, tls })[0]).toContain(
      'SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1',
    );
    expect(configureLinkStatements(dialectFor('8.0.21'), { ...words, tls })[0]).toContain(
      'MASTER_SSL = 0, GET_MASTER_PUBLIC_KEY = 1',
    );
    expect(configureLinkStatements(dialectFor('5.7.44'), { ...words, tls })[0]).not.toContain('PUBLIC_KEY');
  });

  test('MySQL: a link without account names none, the start brings it', () => {
    const dialect = dialectFor('9.7.4');
    expect(configureLinkStatements(dialect, { ...words, account: null })[0]).not.toMatch(/USER|PASSWORD/);
    expect(startLinkStatements(dialect, { channel: 'x', account: words.account, from: position })).toEqual([
      "START REPLICA USER = 'repl' PASSWORD = '********' FOR CHANNEL 'x'",
    ]);
    expect(startLinkStatements(dialect, { channel: 'x', account: null })).toEqual([
      "START REPLICA FOR CHANNEL 'x'",
    ]);
  });

  test('MariaDB: the state becomes one GTID a domain, the highest', () => {
    const from = { ...position, gtid: '0-1-5,0-2-9007199254740995,0-3-9007199254740994,7-3-9' };
    expect(configureLinkStatements(dialectFor('10.11.19-MariaDB'), { ...words, from })).toEqual([
      "SET GLOBAL gtid_slave_pos = '0-2-9007199254740995,7-3-9'",
      "CHANGE MASTER 'cutover_reverse' TO MASTER_HOST = '10.0.0.7', MASTER_PORT = 3306, MASTER_USER = 'repl', MASTER_PASSWORD = '********', MASTER_CONNECT_RETRY = 5, MASTER_SSL = 1, MASTER_SSL_VERIFY_SERVER_CERT = 0, MASTER_USE_GTID = slave_pos",
    ]);
  });

  test('MariaDB: a link that is configured before its place is known is told that when it is started', () => {
    const dialect = dialectFor('10.11.19-MariaDB');
    expect(configureLinkStatements(dialect, { ...words, from: null })).toHaveLength(1);
    const from = { ...position, gtid: '0-1-5,0-2-9', logEndGtid: '0-1-5' };
    expect(startLinkStatements(dialect, { channel: 'x', account: null, from })).toEqual([
      "SET GLOBAL gtid_slave_pos = '0-1-5'",
      "START SLAVE 'x'",
    ]);
    expect(startLinkStatements(dialect, { channel: 'x', account: null })).toEqual(["START SLAVE 'x'"]);
    expect(startLinkStatements(dialect, { channel: 'x', account: words.account, from })).toEqual([
      "STOP SLAVE 'x'",
      "CHANGE MASTER 'x' TO MASTER_USER = 'repl', MASTER_PASSWORD = '********'",
      "SET GLOBAL gtid_slave_pos = '0-1-5'",
      "START SLAVE 'x'",
    ]);
  });

  test('without a place to start from there is no statement', () => {
    const from = { ...position, file: null, offset: null };
    expect(() => configureLinkStatements(dialectFor('9.7.4'), { ...words, usesGtid: false, from })).toThrow(
      'file and an offset',
    );
  });

  test('links are stopped and removed by name only', () => {
    expect(removeLinkStatements(dialectFor('9.7.4'), 'east')).toEqual([
      "STOP REPLICA FOR CHANNEL 'east'",
      "RESET REPLICA ALL FOR CHANNEL 'east'",
    ]);
    expect(removeLinkStatements(dialectFor('8.0.21'), '')).toEqual([
      "STOP SLAVE FOR CHANNEL ''",
      "RESET SLAVE ALL FOR CHANNEL ''",
    ]);
    expect(removeLinkStatements(dialectFor('10.11.19-MariaDB'), 'east')).toEqual([
      "STOP SLAVE 'east'",
      "RESET SLAVE 'east' ALL",
    ]);
    expect(stopLinkStatement(dialectFor('10.11.19-MariaDB'), '')).toBe("STOP SLAVE ''");
  });

  test('no value changes the shape of the statement', () => {
    // With every literal taken out, the statement must be the same for each value.
    const shape = (text: string): string => text.replaceAll(/'(?:[^'\\]|''|\\.)*'/g, '?');
    const expected = shape(configureLinkStatements(dialectFor('9.7.4'), words).join(';'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (password, host) => {
        fc.pre(!password.includes('\0') && !host.includes('\0'));
        const made = configureLinkStatements(dialectFor('9.7.4'), {
          ...words,
          sourceAddress: host,
          account: { user: 'repl', password },
        });
        expect(shape(made.join(';'))).toBe(expected);
      }),
    );
  });
});
