import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Flavor } from './topology.ts';

/** The accounts of every instance, their passwords and the application's tables. */

/** `cockpit` fences and promotes, `cutover` bypasses nothing, `app` is the shop's, one replication account per direction. */
export const accountNames = ['cockpit', 'cutover', 'app', 'repl_fwd', 'repl_rev'] as const;
export type AccountName = (typeof accountNames)[number];

/** Who the servers' administrator is: the user of the operating system that runs the lab, by the socket alone. */
export const administrator = userInfo().username;

/** Where the option file of an account lies. */
export function optionFile(dir: string, account: AccountName): string {
  return join(dir, 'credentials', `${account}.cnf`);
}

/** The same passwords as environment variables: `set -a; . FILE; set +a`. */
export function environmentFile(dir: string): string {
  return join(dir, 'credentials', 'environment');
}

/** Draws passwords and writes them where only this user reads them. */
export function writeCredentials(dir: string): void {
  mkdirSync(join(dir, 'credentials'), { recursive: true, mode: 0o700 });
  const lines = accountNames.map((account) => {
    const password = randomBytes(18).toString('base64url');
    writeFileSync(optionFile(dir, account), `[client]\nuser=${account}\npassword=${password}\n`, {
      mode: 0o600,
    });
    return `LAB_${account.toUpperCase()}_PASSWORD=${password}\n`;
  });
  writeFileSync(environmentFile(dir), lines.join(''), { mode: 0o600 });
}

/** Reads a password back. */
export function passwordOf(dir: string, account: AccountName): string {
  const found = /^password=(.+)$/m.exec(readFileSync(optionFile(dir, account), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`no password in ${optionFile(dir, account)}`);
  return found;
}

/** The cockpit's own account: everything the minute needs and not one right more (no DML anywhere). */
const cockpitGrants: Readonly<Record<Flavor, readonly string[]>> = {
  mariadb: [
    'REPLICA MONITOR, BINLOG MONITOR, PROCESS, REPLICATION SLAVE ADMIN, READ_ONLY ADMIN, CONNECTION ADMIN, RELOAD, REPLICATION MASTER ADMIN, BINLOG ADMIN ON *.*',
    // The catalogue shows only what one may touch: without these the census of definers and tables would be blind.
    'SELECT, SHOW VIEW, TRIGGER, EVENT ON *.*',
    'SELECT, EVENT ON shop.*',
    'SELECT, CREATE, DROP ON cutover.*',
  ],
  mysql: [
    'REPLICATION CLIENT, PROCESS, RELOAD, REPLICATION SLAVE, REPLICATION_SLAVE_ADMIN, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, XA_RECOVER_ADMIN ON *.*',
    'SELECT ON performance_schema.*',
    'SELECT, SHOW VIEW, TRIGGER, EVENT ON *.*',
    'SELECT, EVENT ON shop.*',
    'SELECT, CREATE, DROP ON cutover.*',
  ],
};

const otherGrants: Readonly<Record<Exclude<AccountName, 'cockpit'>, readonly string[]>> = {
  cutover: ['SELECT, INSERT, UPDATE, DELETE ON cutover.*'],
  app: ['SELECT, INSERT, UPDATE, DELETE ON shop.*'],
  repl_fwd: ['REPLICATION SLAVE ON *.*'],
  repl_rev: ['REPLICATION SLAVE ON *.*'],
};

/**
 * What every instance runs once, before it replicates anything: none of it reaches a binary log, so that all ten start
 * equal and the chains start empty. One statement a line, as --init-file wants it.
 */
export function firstStatements(dir: string, flavor: Flavor): string {
  const statements = [
    'SET SESSION sql_log_bin=0',
    ...(flavor === 'mariadb' ? mariadbAdministrator() : mysqlAdministrator()),
    ...accountNames.flatMap((account) => [
      `CREATE USER '${account}'@'%' IDENTIFIED BY '${passwordOf(dir, account)}'`,
      ...(account === 'cockpit' ? cockpitGrants[flavor] : otherGrants[account]).map(
        (grant) => `GRANT ${grant} TO '${account}'@'%'`,
      ),
    ]),
    'CREATE DATABASE shop CHARACTER SET utf8mb4',
    'CREATE TABLE shop.writes (id VARCHAR(64) NOT NULL PRIMARY KEY, client VARCHAR(40) NOT NULL, n BIGINT NOT NULL, at DATETIME(6) NOT NULL, KEY by_time (at)) ENGINE=InnoDB',
    'CREATE TABLE shop.customers (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL) ENGINE=InnoDB',
    'CREATE TABLE shop.lines (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, write_id VARCHAR(64) NOT NULL, sku VARCHAR(20) NOT NULL, quantity INT NOT NULL, KEY by_write (write_id)) ENGINE=InnoDB',
  ];
  return statements.map((statement) => `${statement};\n`).join('');
}

function mariadbAdministrator(): readonly string[] {
  return [
    "DELETE FROM mysql.global_priv WHERE User='' OR (User='root' AND Host<>'localhost')",
    'FLUSH PRIVILEGES',
    `CREATE USER IF NOT EXISTS '${administrator}'@localhost`,
    `ALTER USER '${administrator}'@localhost IDENTIFIED VIA unix_socket`,
    `GRANT ALL ON *.* TO '${administrator}'@localhost WITH GRANT OPTION`,
  ];
}

function mysqlAdministrator(): readonly string[] {
  return [
    `CREATE USER IF NOT EXISTS '${administrator}'@localhost`,
    `ALTER USER '${administrator}'@localhost IDENTIFIED WITH auth_socket`,
    `GRANT ALL ON *.* TO '${administrator}'@localhost WITH GRANT OPTION`,
  ];
}
