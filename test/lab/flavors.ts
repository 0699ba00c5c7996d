import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { cacheDir, innerDir, portOf, type LabState } from './lab-state.ts';
import { autoIncrementIncrement, type Flavor, type Member } from './topology.ts';

/** What differs between MariaDB and MySQL when a server is installed, configured and started. */

const user = userInfo().username;

/** The chroot of a newer Debian that carries MySQL. */
export const mysqlChroot = (): string => join(cacheDir(), 'mysql');

/** What a machine lacks for a lab of that flavour; empty when it has all. */
export function missingFor(flavor: Flavor): readonly string[] {
  const files = ['/usr/sbin/sshd', '/usr/sbin/haproxy', '/usr/bin/openssl'];
  const server = flavor === 'mariadb' ? '/usr/sbin/mariadbd' : join(mysqlChroot(), 'usr/sbin/mysqld');
  const missing = [server, ...files].filter((file) => !existsSync(file));
  return flavor === 'mysql' && userInfo().uid !== 0 ? [...missing, 'root (for chroot)'] : missing;
}

/** The server's own words about its version. */
export function probeVersion(flavor: Flavor): string {
  const [command, ...args] = serverArgv(flavor);
  return execFileSync(command, [...args, '--version'])
    .toString()
    .trim();
}

/** The command that runs a server; arguments follow. */
export function serverArgv(flavor: Flavor): readonly [string, ...string[]] {
  return flavor === 'mariadb'
    ? ['/usr/sbin/mariadbd']
    : ['/usr/sbin/chroot', mysqlChroot(), '/usr/sbin/mysqld'];
}

/** Root directory and instances' directory of a lab. */
export function rootsOf(flavor: Flavor, dir: string, name: string): Pick<LabState, 'root' | 'instancesDir'> {
  return flavor === 'mariadb'
    ? { root: '', instancesDir: join(dir, 'instances') }
    : { root: mysqlChroot(), instancesDir: `/lab/${name}` };
}

/** Option file of one instance: durable, row based, and written so that a restart gives what the plan expects. */
export function optionsOf(state: LabState, member: Member, start: 'first' | 'again'): string {
  // A source master boots writable, as in the field: a fence that must outlive a restart has to see to it itself.
  const closed = start === 'again' && member.role !== 'source-master' ? 1 : 0;
  const here = innerDir(state, member.id);
  const common = {
    user,
    datadir: `${here}/data`,
    port: portOf(state, member.id),
    bind_address: '127.0.0.1',
    socket: `${here}/mysql.sock`,
    pid_file: `${here}/server.pid`,
    // A MariaDB that starts removes what looks like temporary tables in its tmpdir: those of another one too.
    tmpdir: here,
    log_error: `${here}/error.log`,
    server_id: member.serverId,
    report_host: '127.0.0.1',
    report_port: portOf(state, member.id),
    skip_name_resolve: 'ON',
    log_bin: 'binlog',
    relay_log: 'relay',
    sync_binlog: 1,
    innodb_flush_log_at_trx_commit: 1,
    innodb_buffer_pool_size: '32M',
    auto_increment_increment: autoIncrementIncrement,
    auto_increment_offset: member.autoIncrementOffset,
    relay_log_recovery: 'ON',
    max_connections: 300,
    ssl_ca: `${here}/ca.pem`,
    ssl_cert: `${here}/server.pem`,
    ssl_key: `${here}/server-key.pem`,
    read_only: closed,
  };
  const own =
    state.flavor === 'mariadb' ? mariadbOptions(member) : { ...mysqlOptions(state), super_read_only: closed };
  const lines = Object.entries({ ...common, ...own }).map(([name, value]) => `${name}=${value}\n`);
  // Read last, so that a fence written down there wins.
  return `[mysqld]\n${lines.join('')}!includedir ${here}/conf.d\n`;
}

function mariadbOptions({ role }: Member): Readonly<Record<string, string | number>> {
  return {
    innodb_log_file_size: '16M',
    binlog_format: 'ROW',
    log_slave_updates: 'ON',
    slave_net_timeout: 4,
    // Co-masters of one domain that apply in parallel lose writes of each other when they are killed.
    slave_parallel_threads: role === 'source-master' ? 0 : 4,
    slave_parallel_mode: 'optimistic',
    gtid_domain_id: 0,
    // Two masters write in one domain: strict mode would stop at the first number out of order.
    gtid_strict_mode: 'OFF',
    performance_schema: 'OFF',
  };
}

function mysqlOptions(state: LabState): Readonly<Record<string, string | number>> {
  return {
    innodb_redo_log_capacity: '32M',
    // Ten servers on one machine: what MySQL would set aside for a big one.
    innodb_log_buffer_size: '8M',
    // Changed pages are written back every second at this pace; the default is that of an array of fast disks for each.
    innodb_io_capacity: 100,
    innodb_io_capacity_max: 400,
    table_definition_cache: 400,
    table_open_cache: 400,
    performance_schema_digests_size: 500,
    log_replica_updates: 'ON',
    replica_net_timeout: 4,
    replica_parallel_workers: 4,
    gtid_mode: state.gtid === 'on' ? 'ON' : 'OFF',
    enforce_gtid_consistency: state.gtid === 'on' ? 'ON' : 'OFF',
    plugin_load_add: 'auth_socket.so',
    mysqlx: 'OFF',
    secure_file_priv: 'NULL',
  };
}

/** Installs an empty data directory once per version and keeps it: copying one takes a fraction of making one. */
export function templateOf(flavor: Flavor, version: string): string {
  const root = flavor === 'mariadb' ? '' : mysqlChroot();
  const versionName = (/\d+\.\d+\.\d+[-\w.+]*/.exec(version)?.[0] ?? 'unknown').replaceAll('+', '_');
  const inner = flavor === 'mariadb' ? join(cacheDir(), 'templates') : '/lab/templates';
  const ready = join(inner, `${flavor}-${versionName}`);
  if (existsSync(root + ready)) return root + ready;
  const fresh = `${ready}.${process.pid}`;
  rmSync(root + fresh, { recursive: true, force: true });
  mkdirSync(root + fresh, { recursive: true, mode: 0o700 });
  if (flavor === 'mariadb') installMariadb(fresh);
  else installMysql(fresh);
  // Each server must find out its own identity and its own files.
  for (const name of readdirSync(root + fresh))
    if (
      /^auto\.cnf$|^(ca|server-cert|server-key|client-cert|client-key|ca-key)\.pem$|^(aria_log_control\.lock|.*\.pid)$/.test(
        name,
      )
    )
      rmSync(join(root + fresh, name));
  if (existsSync(root + ready)) rmSync(root + fresh, { recursive: true });
  else renameSync(root + fresh, root + ready);
  return root + ready;
}

function installMariadb(datadir: string): void {
  const options = [
    '--no-defaults',
    `--datadir=${datadir}`,
    `--user=${user}`,
    '--skip-test-db',
    '--skip-name-resolve',
  ];
  const size = ['--innodb-log-file-size=16M', '--innodb-buffer-pool-size=32M'];
  execFileSync('mariadb-install-db', [...options, '--auth-root-authentication-method=normal', ...size], {
    stdio: 'pipe',
  });
}

function installMysql(datadir: string): void {
  const [command, ...args] = serverArgv('mysql');
  const options = ['--no-defaults', '--initialize-insecure', `--datadir=${datadir}`, `--user=${user}`];
  execFileSync(
    command,
    [...args, ...options, '--innodb-redo-log-capacity=32M', '--secure-file-priv=NULL', '--skip-log-bin'],
    { stdio: 'pipe' },
  );
}
