import { thisProgram } from '../../../shared/gates/world.ts';
import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../../shared/sessions/dialect.ts';
import type { Dialect } from '../../../shared/sessions/dialect.ts';
import {
  enableEventStatement,
  fenceStatements,
  persistFenceStatements,
  promoteStatement,
  quoteAccount,
  thawStatement,
} from '../../../shared/sessions/dialect-effects.ts';
import { UnsafeValue } from '../../../shared/sessions/dialect-quote.ts';
import { waitStatement } from '../../../shared/sessions/dialect-reads.ts';
import { isReadOnly, rowsOf, Unreadable, wholeNumber } from '../../../shared/sessions/dialect-rows.ts';
import type { ResultSet } from '../../../shared/sessions/dialect-rows.ts';
import {
  atLeast,
  parseVersion,
  unknownVersionMessage,
  versionProof,
} from '../../../shared/sessions/versions.ts';

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

describe('versions', () => {
  test.each([
    ['10.11.19-MariaDB-0+deb12u1-log', 'mariadb', '10.11.19', 'proven'],
    ['5.5.5-10.11.6-MariaDB', 'mariadb', '10.11.6', 'proven'],
    ['9.7.4-2', 'mysql', '9.7.4', 'proven'],
    ['8.0.36-28', 'mysql', '8.0.36', 'from-documentation'],
    ['8.4.3', 'mysql', '8.4.3', 'from-documentation'],
    ['5.7.44-log', 'mysql', '5.7.44', 'from-documentation'],
    ['11.4.2-MariaDB', 'mariadb', '11.4.2', 'from-documentation'],
    ['11.8.9-MariaDB-0+deb13u1 from Debian-log', 'mariadb', '11.8.9', 'proven'],
    ['10.5.23-MariaDB-0+deb11u1', 'mariadb', '10.5.23', 'proven'],
  ])('%s is %s %s, %s', (text, flavor, version, proof) => {
    expect(parseVersion(text, '')).toMatchObject({ flavor, text: version, proof });
  });

  test.each([
    '26.10.0',
    '10.0.1',
    '5.6.51-log',
    '5.7.5',
    '10.5.1-MariaDB',
    '8.0.11-TiDB-v7.5.0',
    '9.8.0',
    '13.0.1-MariaDB',
    'nonsense',
    '',
  ])('%s is unknown and refused', (text) => {
    expect(parseVersion(text, '')).toBeNull();
  });

  test('the refusal names what was seen and what is spoken', () => {
    expect(unknownVersionMessage('26.10.0', 'x')).toMatch(/"26\.10\.0".*MariaDB 10\.11.*MySQL 9\.7/s);
    expect(versionProof('mysql', '9.7.4')).toBe('proven');
    expect(versionProof('mariadb', '10.6.1')).toBe('from-documentation');
    expect(versionProof('mysql', '26.10.0')).toBeNull();
  });

  test('the gates know the series that the conformance suite passed on, from the one list', () => {
    expect(thisProgram.provenVersions.map(({ flavor, series }) => `${flavor} ${series}`).sort()).toEqual([
      'mariadb 10.11',
      'mariadb 10.5',
      'mariadb 11.8',
      'mysql 9.7',
    ]);
    for (const { flavor, series } of thisProgram.provenVersions)
      expect(versionProof(flavor, `${series}.30`)).toBe('proven');
  });

  test('versions are compared part by part', () => {
    expect(atLeast([8, 0, 22], [8, 0, 22])).toBe(true);
    expect(atLeast([8, 0, 9], [8, 0, 22])).toBe(false);
    expect(atLeast([9, 0, 0], [8, 0, 22])).toBe(true);
  });

  test('words by version, as the matrix has them', () => {
    expect(dialectFor('5.7.44')).toMatchObject({
      showLinks: 'SHOW SLAVE STATUS',
      showPosition: 'SHOW MASTER STATUS',
      waitForPosition: 'MASTER_POS_WAIT',
      hasPersist: false,
    });
    expect(dialectFor('8.0.36')).toMatchObject({
      showLinks: 'SHOW REPLICA STATUS',
      showPosition: 'SHOW MASTER STATUS',
      waitForPosition: 'SOURCE_POS_WAIT',
      hasPersist: true,
    });
    expect(dialectFor('8.4.3')).toMatchObject({
      showPosition: 'SHOW BINARY LOG STATUS',
      showAttached: 'SHOW REPLICAS',
    });
    expect(dialectFor('10.11.19-MariaDB')).toMatchObject({
      showLinks: 'SHOW ALL SLAVES STATUS',
      hasSuperReadOnly: false,
    });
  });
});

describe('effects', () => {
  test('the fence is bounded and guarded, per flavour', () => {
    expect(fenceStatements(dialectFor('9.7.4'), 2.2)).toEqual([
      'SET SESSION lock_wait_timeout = 3',
      "SET GLOBAL super_read_only = IF(IS_USED_LOCK('cutover:run') = CONNECTION_ID(), 1, (SELECT 1 UNION SELECT 2))",
    ]);
    expect(fenceStatements(dialectFor('10.11.19-MariaDB'), 3)[1]).toContain('SET GLOBAL read_only = IF(');
    expect(persistFenceStatements(dialectFor('10.11.19-MariaDB'))).toEqual([]);
  });

  test('thaw and promote carry their guards', () => {
    expect(thawStatement([7, 8])).toContain('IN (CONNECTION_ID(), 7, 8), 0,');
    expect(promoteStatement('2026-11-23T01:02:03.456Z')).toContain(
      "UTC_TIMESTAMP(6) < '2026-11-23 01:02:03.456000'",
    );
    expect(() => promoteStatement('soon')).toThrow(UnsafeValue);
    expect(() => thawStatement([1.5])).toThrow(UnsafeValue);
  });

  test('an event keeps its definer', () => {
    expect(enableEventStatement({ schema: 'shop', name: 'nightly', definer: 'app@%' })).toBe(
      "ALTER DEFINER = 'app'@'%' EVENT `shop`.`nightly` ENABLE",
    );
    expect(quoteAccount("'o''b'@'10.0.0.%'")).toContain("@'10.0.0.%'");
    expect(quoteAccount('we@ird@host')).toBe("'we@ird'@'host'");
  });

  test('waiting: GTID by flavour, file and offset in whole seconds, never for ever', () => {
    const gtid = {
      flavor: 'mysql',
      file: null,
      offset: null,
      gtid: '73f86016-978b-11ee-ade5-8d2a2a562feb:1-3',
    } as const;
    expect(waitStatement(dialectFor('9.7.4'), gtid, { sliceMs: 500, channel: null })).toContain(
      ":1-3', 0.500)",
    );
    expect(
      waitStatement(
        dialectFor('10.11.19-MariaDB'),
        { ...gtid, gtid: '0-1-5,0-2-9' },
        { sliceMs: 500, channel: '' },
      ),
    ).toContain("MASTER_GTID_WAIT('0-2-9', 0.500)");
    const place = { ...gtid, gtid: '', file: 'binlog.000001', offset: 4 };
    expect(waitStatement(dialectFor('5.7.44'), place, { sliceMs: 10, channel: '' })).toBe(
      "SELECT MASTER_POS_WAIT('binlog.000001', 4, 1, '') AS waited",
    );
    expect(() =>
      waitStatement(dialectFor('9.7.4'), { ...place, file: null }, { sliceMs: 10, channel: null }),
    ).toThrow(Unreadable);
  });
});

describe('rows', () => {
  test('read_only is off only in a known way', () => {
    expect(['0', 'OFF'].map(isReadOnly)).toEqual([false, false]);
    for (const text of ['1', 'ON', 'NO_LOCK', 'NO_LOCK_NO_ADMIN', '', 'off ', null])
      expect(isReadOnly(text)).toBe(true);
  });

  test('numbers that a float would round are refused', () => {
    expect(wholeNumber('9007199254740991', 'x')).toBe(9007199254740991);
    for (const text of ['9007199254740993', '1.5', '1e3', '', ' 1', '0x1'])
      expect(() => wholeNumber(text, 'x')).toThrow(Unreadable);
  });

  test('columns are found in any case, and a missing one is named', () => {
    const [row] = rowsOf(set([{ Server_Id: '7' }]), 'SHOW REPLICAS');
    expect(row?.whole('server_id')).toBe(7);
    expect(() => row?.text('Server_Uuid')).toThrow('SHOW REPLICAS has no column Server_Uuid');
  });
});
