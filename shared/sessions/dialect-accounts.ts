import type { Dialect } from './dialect.ts';
import { rowsOf, Unreadable } from './dialect-rows.ts';
import type { ResultSet, Row } from './dialect-rows.ts';
import type { Account } from './survey.ts';
import { atLeast } from './versions.ts';

/**
 * The census of accounts: global privileges with everything that comes through roles, to find who passes read_only.
 *
 * MySQL: grant tables, because information_schema shows only one's own rows without the right to read them and does
 * not say so. MariaDB: USER_PRIVILEGES names users but not roles, so each role's SHOW GRANTS is read and the edges of
 * mysql.roles_mapping are followed (a default role with READ_ONLY ADMIN inserted under read_only=1 in our tests).
 */

const staticPrivileges: Readonly<Record<string, string>> = {
  Select_priv: 'SELECT',
  Insert_priv: 'INSERT',
  Update_priv: 'UPDATE',
  Delete_priv: 'DELETE',
  Create_priv: 'CREATE',
  Drop_priv: 'DROP',
  Reload_priv: 'RELOAD',
  Process_priv: 'PROCESS',
  File_priv: 'FILE',
  Alter_priv: 'ALTER',
  Super_priv: 'SUPER',
  Lock_tables_priv: 'LOCK TABLES',
  Repl_slave_priv: 'REPLICATION SLAVE',
  Repl_client_priv: 'REPLICATION CLIENT',
  Show_view_priv: 'SHOW VIEW',
  Create_user_priv: 'CREATE USER',
  Event_priv: 'EVENT',
  Trigger_priv: 'TRIGGER',
};

/** The statements of the census, but for the roles' SHOW GRANTS (roleGrantsStatement). */
export function accountStatements({ version, hasRoles }: Dialect): {
  readonly accounts: string;
  readonly privileges: string | null;
  readonly edges: string | null;
  readonly mandatory: string | null;
} {
  if (version.flavor === 'mariadb') {
    return {
      accounts:
        "SELECT User AS user, Host AS host, JSON_VALUE(Priv, '$.is_role') AS is_role, JSON_VALUE(Priv, '$.account_locked') AS locked FROM mysql.global_priv",
      privileges:
        'SELECT GRANTEE AS grantee, PRIVILEGE_TYPE AS privilege FROM information_schema.USER_PRIVILEGES',
      edges: 'SELECT User AS user, Host AS host, Role AS role FROM mysql.roles_mapping',
      mandatory: null,
    };
  }
  const columns = Object.keys(staticPrivileges).join(', ');
  return {
    accounts: `SELECT User AS user, Host AS host, account_locked AS locked, ${columns} FROM mysql.user`,
    privileges: hasRoles
      ? 'SELECT USER AS user, HOST AS host, PRIV AS privilege FROM mysql.global_grants'
      : null,
    edges: hasRoles
      ? 'SELECT FROM_USER AS role, FROM_HOST AS role_host, TO_USER AS user, TO_HOST AS host FROM mysql.role_edges'
      : null,
    mandatory: hasRoles ? 'SELECT @@global.mandatory_roles AS mandatory' : null,
  };
}

/** `'user'@'host'`; MariaDB's roles have no host. */
export function accountName(user: string, host: string): string {
  return `'${user}'@'${host}'`;
}

export type CensusAnswers = {
  readonly accounts: ResultSet;
  readonly privileges: ResultSet | null;
  readonly edges: ResultSet | null;
  readonly mandatory: ResultSet | null;
  /** MariaDB: the answer of SHOW GRANTS by role name. */
  readonly roleGrants: ReadonlyMap<string, ResultSet>;
};

/** MariaDB's roles, to ask for their grants; PUBLIC, which everybody has, is one of them where it exists. */
export function rolesOf({ version }: Dialect, accounts: ResultSet): readonly string[] {
  if (version.flavor !== 'mariadb') return [];
  return rowsOf(accounts, 'mysql.global_priv')
    .filter(isRole)
    .map((row) => row.must('user'));
}

function isRole(row: Row): boolean {
  return isTrue(row.has('is_role') ? row.text('is_role') : null);
}

function isTrue(text: string | null): boolean {
  return text !== null && /^(1|true|y)$/i.test(text);
}

/** Folds the answers into accounts with every privilege they can have. */
export function foldAccounts(dialect: Dialect, answers: CensusAnswers): readonly Account[] {
  const mariadb = dialect.version.flavor === 'mariadb';
  const own = mariadb ? mariadbPrivileges(answers) : mysqlPrivileges(answers);
  const edges = roleEdges(mariadb, answers);
  const everybody = mariadb
    ? own.has("'PUBLIC'@''")
      ? ["'PUBLIC'@''"]
      : []
    : mandatoryRoles(answers.mandatory);
  return rowsOf(answers.accounts, 'The accounts')
    .filter((row) => !isRole(row))
    .map((row) => {
      const account = accountName(row.must('user'), row.must('host'));
      const roles = reachable(account, edges, everybody);
      const privileges = new Set([account, ...roles].flatMap((name) => [...(own.get(name) ?? [])]));
      return {
        account,
        privileges: [...privileges].sort(),
        throughRoles: roles,
        bypassesReadOnly: bypasses(dialect, privileges),
        locked: isTrue(row.text('locked')),
      };
    });
}

/** Whether a set of privileges holds one, ALL PRIVILEGES included. */
export function holds(privileges: ReadonlySet<string>, privilege: string): boolean {
  return privileges.has(privilege) || privileges.has('ALL PRIVILEGES');
}

function bypasses({ version }: Dialect, privileges: ReadonlySet<string>): boolean {
  if (version.flavor === 'mysql') return holds(privileges, 'SUPER') || holds(privileges, 'CONNECTION_ADMIN');
  // From 10.11 on SUPER does not pass read_only any more (MDEV-29596).
  const superPasses = !atLeast(version.numbers, [10, 11]);
  return holds(privileges, 'READ_ONLY ADMIN') || (superPasses && holds(privileges, 'SUPER'));
}

function mysqlPrivileges(answers: CensusAnswers): ReadonlyMap<string, Set<string>> {
  const own = new Map<string, Set<string>>();
  for (const row of rowsOf(answers.accounts, 'mysql.user')) {
    const granted = Object.entries(staticPrivileges).filter(([column]) => isTrue(row.text(column)));
    own.set(accountName(row.must('user'), row.must('host')), new Set(granted.map(([, name]) => name)));
  }
  if (answers.privileges === null) return own;
  for (const row of rowsOf(answers.privileges, 'mysql.global_grants')) {
    own.get(accountName(row.must('user'), row.must('host')))?.add(row.must('privilege').toUpperCase());
  }
  return own;
}

function mariadbPrivileges(answers: CensusAnswers): ReadonlyMap<string, Set<string>> {
  const own = new Map<string, Set<string>>();
  if (answers.privileges === null) throw new Unreadable('The privileges of the accounts were not read.');
  for (const row of rowsOf(answers.privileges, 'USER_PRIVILEGES')) {
    const grantee = row.must('grantee');
    own.set(grantee, (own.get(grantee) ?? new Set()).add(normal(row.must('privilege'))));
  }
  const users = rowsOf(answers.accounts, 'mysql.global_priv').filter((row) => !isRole(row));
  if (users.length > 1 && own.size <= 1) {
    throw new Unreadable(
      'USER_PRIVILEGES shows this account only, so the census would be blind: GRANT SELECT ON mysql.* to the operator account.',
    );
  }
  for (const [role, set] of answers.roleGrants) own.set(accountName(role, ''), globalPrivileges(set));
  return own;
}

/** The privileges ON *.* of a SHOW GRANTS answer. */
function globalPrivileges(set: ResultSet): Set<string> {
  const found = new Set<string>();
  for (const [line] of set.rows) {
    const match = /^GRANT (.+) ON \*\.\* TO /i.exec(line ?? '');
    for (const privilege of match?.[1]?.split(',') ?? []) found.add(normal(privilege.trim()));
  }
  return found;
}

function normal(privilege: string): string {
  const upper = privilege.toUpperCase();
  return upper === 'READ ONLY ADMIN' ? 'READ_ONLY ADMIN' : upper;
}

/** Who has which roles directly. */
function roleEdges(mariadb: boolean, answers: CensusAnswers): ReadonlyMap<string, readonly string[]> {
  const edges = new Map<string, string[]>();
  if (answers.edges === null) return edges;
  for (const row of rowsOf(answers.edges, 'The roles')) {
    const holder = accountName(row.must('user'), row.must('host'));
    const role = accountName(row.must('role'), mariadb ? '' : row.must('role_host'));
    edges.set(holder, [...(edges.get(holder) ?? []), role]);
  }
  return edges;
}

function reachable(
  account: string,
  edges: ReadonlyMap<string, readonly string[]>,
  everybody: readonly string[],
): readonly string[] {
  const seen = new Set<string>();
  const waiting = [...(edges.get(account) ?? []), ...everybody];
  for (let role = waiting.pop(); role !== undefined; role = waiting.pop()) {
    if (seen.has(role)) continue;
    seen.add(role);
    waiting.push(...(edges.get(role) ?? []));
  }
  return [...seen].sort();
}

function mandatoryRoles(set: ResultSet | null): readonly string[] {
  if (set === null) return [];
  const text = rowsOf(set, 'mandatory_roles')[0]?.text('mandatory') ?? '';
  return text
    .split(',')
    .map((one) => one.trim().replaceAll(/['`"]/g, ''))
    .filter((one) => one !== '')
    .map((one) =>
      one.includes('@')
        ? accountName(one.slice(0, one.indexOf('@')), one.slice(one.indexOf('@') + 1))
        : accountName(one, '%'),
    );
}
