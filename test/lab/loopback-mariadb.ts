import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { freePort } from '../helpers/free-ports.ts';
import { stopChild } from './loopback-sshd.ts';

/** One MariaDB server of a test's own, alone: no replication, no TLS. */
export type LoneServer = {
  readonly port: number;
  /** Runs statements as root over the socket and answers with the bare output. */
  readonly root: (sql: string) => string;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
};

/** Makes a data directory and starts a server on it. */
export async function startMariadb(folder: string): Promise<LoneServer> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const socket = join(folder, 's');
  const options = join(folder, 'my.cnf');
  const user = userInfo().username;
  const lines = [
    `datadir=${join(folder, 'data')}`,
    `socket=${socket}`,
    `port=${port}`,
    'bind-address=127.0.0.1',
    `pid-file=${join(folder, 'pid')}`,
    `log-error=${join(folder, 'error.log')}`,
    'innodb_buffer_pool_size=16M',
    'innodb_log_file_size=8M',
    'skip-name-resolve',
    `user=${user}`,
  ];
  writeFileSync(options, `[mysqld]\n${lines.join('\n')}\n`);
  const install = ['--auth-root-authentication-method=normal', '--skip-test-db', `--user=${user}`];
  execFileSync('mariadb-install-db', [`--defaults-file=${options}`, ...install], { stdio: 'ignore' });
  const root = (sql: string): string =>
    execFileSync('mariadb', ['--no-defaults', '-uroot', `-S${socket}`, '-N', '-B', '-e', sql], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }).toString();
  let child: ReturnType<typeof spawn> | null = null;
  const start = async (): Promise<void> => {
    child = spawn('/usr/sbin/mariadbd', [`--defaults-file=${options}`], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 300; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      try {
        root('SELECT 1');
        return;
      } catch {
        if (child.exitCode !== null) throw new Error(`mariadbd ended with ${child.exitCode}`);
      }
    }
    throw new Error('mariadbd does not answer');
  };
  const stop = async (): Promise<void> => {
    if (child !== null) await stopChild(child);
  };
  await start();
  return { port, root, start, stop };
}
