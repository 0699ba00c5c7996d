import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import type { Flavor } from '../../shared/sessions/identity.ts';
import { freePort } from '../helpers/free-ports.ts';
import { flavorOf, treeOf } from './real-places.ts';
import type { Place, ServerKind } from './real-places.ts';

/** Real servers for the conformance suite: started here, stopped here by their own process ids, loopback only. */

export type RealServer = {
  readonly flavor: Flavor;
  readonly port: number;
  readonly serverId: number;
  /** The administrator, over the socket. */
  readonly admin: Connection;
  readonly stop: () => Promise<void>;
};

/** Passwords of the accounts that every server gets. */
export const passwords = {
  cockpit: 'op-Secret-1',
  plain: 'plain-Secret-2',
  repl: 'repl-Secret-3',
  app: 'app-Secret-4',
  batch: 'batch-Secret-5',
} as const;

export type Certificates = {
  readonly ca: string;
  readonly otherCa: string;
  readonly cert: string;
  readonly key: string;
};

/** The name that the servers' certificate carries. */
export const certificateName = 'db.cutover.test';

/** A certificate authority, a second one that signed nothing, and a server certificate with a name. */
export function makeCertificates({ outside, inside }: Place): Certificates {
  const dir = join(outside, 'tls');
  mkdirSync(dir);
  const openssl = (...args: readonly string[]): void => {
    const done = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${done.stderr}`);
  };
  for (const name of ['ca', 'other']) {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    );
  }
  writeFileSync(join(dir, 'names.cnf'), `subjectAltName=DNS:${certificateName}\n`);
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    `/CN=${certificateName}`,
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    'names.cnf',
    '-out',
    'server.pem',
  );
  const [here, there] = [dir, join(inside, 'tls')];
  return {
    ca: join(here, 'ca.pem'),
    otherCa: join(here, 'other.pem'),
    cert: join(there, 'server.pem'),
    key: join(there, 'server.key'),
  };
}

export type ServerWish = {
  readonly kind: ServerKind;
  readonly serverId: number;
  readonly place: Place;
  readonly certificates: Certificates;
};

/** Makes a new server with its accounts and an empty log, and waits until it answers. */
export async function startServer(wish: ServerWish): Promise<RealServer> {
  const { kind, serverId, place, certificates } = wish;
  const flavor = flavorOf(kind);
  const port = await freePort();
  const name = `n${serverId}`;
  mkdirSync(join(place.outside, name));
  const inside = join(place.inside, name);
  writeFileSync(
    join(place.outside, name, 'my.cnf'),
    configuration(flavor, { inside, port, serverId, certificates }),
  );
  const defaults = `--defaults-file=${join(inside, 'my.cnf')}`;
  const tree = treeOf(kind);
  const here = (command: string, ...args: readonly string[]): readonly string[] =>
    tree === null ? [command, ...args] : ['chroot', tree, command, ...args];
  const server = here(flavor === 'mariadb' ? '/usr/sbin/mariadbd' : '/usr/sbin/mysqld', defaults);
  if (flavor === 'mariadb')
    run(
      here(
        'mariadb-install-db',
        defaults,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--user=root',
      ),
    );
  else run([...server, '--initialize-insecure']);
  const [program = '', ...rest] = server;
  const child = spawn(program, rest, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
  };
  try {
    const admin = await firstConnection(join(place.outside, name, 's.sock'), ended);
    await setUp(admin);
    return { flavor, port, serverId, admin, stop: () => (admin.destroy(), stop()) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(
  flavor: Flavor,
  own: {
    readonly inside: string;
    readonly port: number;
    readonly serverId: number;
    readonly certificates: Certificates;
  },
): string {
  const lines = [
    '[mysqld]',
    'user=root',
    `datadir=${own.inside}/data`,
    `socket=${own.inside}/s.sock`,
    `pid-file=${own.inside}/pid`,
    // A server that starts removes what looks like temporary tables in its tmpdir: those of another one too.
    `tmpdir=${own.inside}`,
    `port=${own.port}`,
    'bind-address=127.0.0.1',
    `server-id=${own.serverId}`,
    'log-bin=binlog',
    `relay-log=${own.inside}/relay`,
    'binlog_format=ROW',
    'innodb_buffer_pool_size=32M',
    'sync_binlog=1',
    'innodb_flush_log_at_trx_commit=1',
    'skip-name-resolve',
    `ssl-cert=${own.certificates.cert}`,
    `ssl-key=${own.certificates.key}`,
    `log-error=${own.inside}/error.log`,
    ...(flavor === 'mariadb'
      ? ['log_slave_updates=1', 'gtid_strict_mode=1', 'innodb_log_file_size=16M']
      : [
          'gtid_mode=ON',
          'enforce_gtid_consistency=ON',
          'log_replica_updates=1',
          'secure_file_priv=NULL',
          'mysqlx=OFF',
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

function run([program = '', ...args]: readonly string[]): void {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  if (done.status !== 0)
    throw new Error(
      `${program} ${args.join(' ')} ended with ${done.status}: ${done.stdout.slice(-1500)} ${done.stderr.slice(-1500)}`,
    );
}

async function firstConnection(socketPath: string, ended: Promise<void>): Promise<Connection> {
  const gone = { value: false };
  void ended.then(() => {
    gone.value = true;
  });
  for (let round = 0; round < 600 && !gone.value; round++) {
    try {
      return await createConnection({ socketPath, user: 'root' });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`No server answered on ${socketPath}.`);
}

/** The operator's grants, statement by statement what the manual names; nobody has more than he needs. */
const operatorGrants = {
  mariadb: [
    'REPLICA MONITOR, BINLOG MONITOR, PROCESS, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, READ_ONLY ADMIN, CONNECTION ADMIN, RELOAD, SUPER, SELECT, SHOW VIEW, TRIGGER, EVENT, SET USER, CREATE USER, BINLOG ADMIN ON *.*',
  ],
  mysql: [
    'REPLICATION CLIENT, REPLICATION SLAVE, PROCESS, RELOAD, SELECT, SHOW VIEW, TRIGGER, EVENT, CREATE USER ON *.*',
    'REPLICATION_SLAVE_ADMIN, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, XA_RECOVER_ADMIN, SET_ANY_DEFINER ON *.*',
  ],
} as const;

async function setUp(admin: Connection): Promise<void> {
  const [rows] = await admin.query('SELECT @@version AS version');
  const flavor: Flavor = JSON.stringify(rows).includes('MariaDB') ? 'mariadb' : 'mysql';
  const statements = [
    // The installation of MariaDB 10.5 writes into the log.
    ...(flavor === 'mariadb' ? ['RESET MASTER'] : []),
    'SET SESSION sql_log_bin = 0',
    ...Object.entries(passwords).map(
      ([user, password]) => `CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`,
    ),
    ...operatorGrants[flavor].map((grants) => `GRANT ${grants} TO cockpit@'%'`),
    "GRANT CREATE, DROP ON cutover.* TO cockpit@'%'",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON cutover.* TO plain@'%'",
    "GRANT REPLICATION SLAVE ON *.* TO repl@'%'",
    'CREATE DATABASE shop',
    'CREATE TABLE shop.writes (id VARCHAR(64) NOT NULL PRIMARY KEY, body VARBINARY(64), n INT) ENGINE=InnoDB',
    "GRANT SELECT, INSERT, UPDATE, DELETE, LOCK TABLES ON shop.* TO app@'%'",
    // What stands in a fence's way: table changes, and the locks of backups.
    "GRANT ALL ON shop.* TO batch@'%'",
    `GRANT RELOAD${flavor === 'mysql' ? ', BACKUP_ADMIN' : ''} ON *.* TO batch@'%'`,
    'SET SESSION sql_log_bin = 1',
  ];
  for (const statement of statements) await admin.query(statement);
}
