import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../../shared/sessions/dialect.ts';
import type { Dialect } from '../../../shared/sessions/dialect.ts';
import { accountStatements, foldAccounts, rolesOf } from '../../../shared/sessions/dialect-accounts.ts';
import { grantProbes, operatorGrants } from '../../../shared/sessions/dialect-grants.ts';
import type { ResultSet } from '../../../shared/sessions/dialect-rows.ts';
import { readSettings, readVariables } from '../../../shared/sessions/dialect-settings.ts';
import { parseVersion } from '../../../shared/sessions/versions.ts';

function dialectFor(versionText: string): Dialect {
  const version = parseVersion(versionText, '');
  if (version === null) throw new Error(`unknown version ${versionText}`);
  return dialectOf(version);
}
function set(columns: readonly string[], ...rows: readonly (readonly (string | null)[])[]): ResultSet {
  return { columns, rows, insertId: '0' };
}

describe('MariaDB', () => {
  const accounts = set(
    ['user', 'host', 'is_role', 'locked'],
    ['app', '%', null, null],
    ['sly', '%', null, '0'],
    ['root', 'localhost', null, null],
    ['gone', '%', null, '1'],
    ['inner', '', '1', null],
    ['outer', '', '1', null],
    ['PUBLIC', '', '1', null],
  );
  const answers = {
    accounts,
    privileges: set(
      ['grantee', 'privilege'],
      ["'app'@'%'", 'USAGE'],
      ["'sly'@'%'", 'USAGE'],
      ["'root'@'localhost'", 'SUPER'],
      ["'gone'@'%'", 'READ ONLY ADMIN'],
    ),
    edges: set(
      ['user', 'host', 'role'],
      ['sly', '%', 'outer'],
      ['outer', '', 'inner'],
      ['inner', '', 'outer'],
    ),
    mandatory: null,
    roleGrants: new Map([
      ['inner', set(['g'], ['GRANT PROCESS, READ_ONLY ADMIN ON *.* TO `inner`'])],
      ['outer', set(['g'], ['GRANT `inner` TO `outer`'], ['GRANT USAGE ON *.* TO `outer`'])],
      ['PUBLIC', set(['g'], ['GRANT BINLOG MONITOR ON *.* TO PUBLIC'])],
    ]),
  };
  const of = (version: string, name: string): unknown =>
    foldAccounts(dialectFor(version), answers).find(({ account }) => account === name);

  test('a right two roles deep is found, a ring of roles ends, PUBLIC counts for everybody', () => {
    expect(of('10.11.19-MariaDB', "'sly'@'%'")).toMatchObject({
      bypassesReadOnly: true,
      throughRoles: ["'PUBLIC'@''", "'inner'@''", "'outer'@''"],
    });
    expect(of('10.11.19-MariaDB', "'app'@'%'")).toMatchObject({
      bypassesReadOnly: false,
      privileges: ['BINLOG MONITOR', 'USAGE'],
    });
    expect(rolesOf(dialectFor('10.11.19-MariaDB'), accounts)).toEqual(['inner', 'outer', 'PUBLIC']);
  });

  test('SUPER passes read_only before 10.11 and not from then on; a locked account keeps its rights', () => {
    expect(of('10.6.1-MariaDB', "'root'@'localhost'")).toMatchObject({ bypassesReadOnly: true });
    expect(of('10.11.19-MariaDB', "'root'@'localhost'")).toMatchObject({ bypassesReadOnly: false });
    expect(of('10.11.19-MariaDB', "'gone'@'%'")).toMatchObject({ bypassesReadOnly: true, locked: true });
  });

  test('ALL PRIVILEGES of a role holds everything', () => {
    const all = {
      ...answers,
      roleGrants: new Map([
        ['outer', set(['g'], ['GRANT ALL PRIVILEGES ON *.* TO `outer` WITH GRANT OPTION'])],
      ]),
    };
    expect(
      foldAccounts(dialectFor('10.11.19-MariaDB'), all).find(({ account }) => account.includes('sly'))
        ?.bypassesReadOnly,
    ).toBe(true);
  });

  test('a census that sees itself only is refused', () => {
    const blind = { ...answers, privileges: set(['grantee', 'privilege'], ["'app'@'%'", 'USAGE']) };
    expect(() => foldAccounts(dialectFor('10.11.19-MariaDB'), blind)).toThrow('GRANT SELECT ON mysql.*');
  });
});

describe('MySQL', () => {
  const dialect = dialectFor('9.7.4');
  const columns = [
    'user',
    'host',
    'locked',
    ...(accountStatements(dialect).accounts.match(/\b\w+_priv\b/g) ?? []),
  ];
  const row = (user: string, locked: string, ...on: readonly string[]): readonly string[] => [
    user,
    '%',
    locked,
    ...columns.slice(3).map((name) => (on.includes(name) ? 'Y' : 'N')),
  ];
  const answers = {
    accounts: set(
      columns,
      row('app', 'N', 'Select_priv'),
      row('dba', 'N'),
      row('role1', 'Y', 'Super_priv'),
      row('everyone', 'Y'),
    ),
    privileges: set(
      ['user', 'host', 'privilege'],
      ['everyone', '%', 'XA_RECOVER_ADMIN'],
      ['app', '%', 'SYSTEM_VARIABLES_ADMIN'],
    ),
    edges: set(['role', 'role_host', 'user', 'host'], ['role1', '%', 'dba', '%']),
    mandatory: set(['mandatory'], ['`everyone`@`%`,']),
    roleGrants: new Map<string, ResultSet>(),
  };

  test('static, dynamic, granted and mandatory roles come together', () => {
    const accounts = foldAccounts(dialect, answers);
    expect(accounts.find(({ account }) => account === "'dba'@'%'")).toMatchObject({
      bypassesReadOnly: true,
      privileges: ['SUPER', 'XA_RECOVER_ADMIN'],
    });
    expect(accounts.find(({ account }) => account === "'app'@'%'")).toMatchObject({
      bypassesReadOnly: false,
      privileges: ['SELECT', 'SYSTEM_VARIABLES_ADMIN', 'XA_RECOVER_ADMIN'],
    });
  });

  test('no password hash is ever read', () => {
    for (const version of ['9.7.4', '5.7.44', '10.11.19-MariaDB']) {
      const texts = Object.values(accountStatements(dialectFor(version))).join(';');
      expect(texts).not.toMatch(/authentication_string|\*\s*FROM|SELECT Priv/i);
    }
  });

  test('5.7 has no roles to ask for', () => {
    expect(accountStatements(dialectFor('5.7.44'))).toMatchObject({
      privileges: null,
      edges: null,
      mandatory: null,
    });
  });
});

test('every probe names the GRANT that mends it, and none can change anything', () => {
  for (const version of ['9.7.4', '8.0.36', '5.7.44', '10.11.19-MariaDB']) {
    const dialect = dialectFor(version);
    for (const { statement, fix } of [...grantProbes(dialect, 'source'), ...grantProbes(dialect, 'target')]) {
      expect(fix).toMatch(/^GRANT /);
      // Reads, assignments of a variable to itself, and statements on names that do not exist.
      const harmless =
        /^(SHOW|SELECT|XA RECOVER)|cutover_probe/.test(statement) ||
        /^SET GLOBAL (\w+) = @@global\.\1$/.test(statement);
      expect(harmless, statement).toBe(true);
    }
    expect(operatorGrants(dialect).join(';')).not.toMatch(/INSERT|UPDATE|DELETE|\bALL\b/);
  }
});

test('settings: one spelling for all, a missing variable is refused', () => {
  const common = {
    log_bin: 'ON',
    log_slave_updates: 'ON',
    binlog_format: 'ROW',
    binlog_row_image: 'FULL',
    sync_binlog: '1',
    innodb_flush_log_at_trx_commit: '1',
    gtid_strict_mode: 'ON',
    gtid_ignore_duplicates: 'OFF',
    gtid_domain_id: '0',
    slave_parallel_threads: '4',
    slave_parallel_mode: 'optimistic',
    auto_increment_increment: '2',
    auto_increment_offset: '1',
    event_scheduler: 'OFF',
    read_only: 'NO_LOCK',
    sql_mode: '',
    time_zone: 'SYSTEM',
    system_time_zone: 'UTC',
    character_set_server: 'utf8mb4',
    collation_server: 'utf8mb4_general_ci',
    lower_case_table_names: '0',
    relay_log_recovery: 'ON',
    pid_file: '/run/mysqld/mysqld.pid',
    rpl_semi_sync_master_enabled: 'ON',
    rpl_semi_sync_master_timeout: '10000',
  };
  const variables = (values: Readonly<Record<string, string>>): ReturnType<typeof readVariables> =>
    readVariables(set(['Variable_name', 'Value'], ...Object.entries(values)));
  expect(readSettings(dialectFor('10.11.19-MariaDB'), variables(common))).toMatchObject({
    readOnly: true,
    superReadOnly: null,
    gtidMode: 'ON',
    semiSyncEnabled: true,
    semiSyncTimeoutMs: 10_000,
    timeZone: 'UTC',
  });
  const { relay_log_recovery: _gone, ...rest } = common;
  expect(() => readSettings(dialectFor('10.11.19-MariaDB'), variables(rest))).toThrow('relay_log_recovery');
});
