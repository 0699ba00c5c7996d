import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../helpers/free-ports.ts';

const sshdPath = '/usr/sbin/sshd';

/**
 * For `SetEnv` of an sshd: bash under sshd reads ~/.bashrc unless it believes to be a shell within a shell. What whoever
 * runs the tests has in there is no part of a host, and some of it waits a minute for a lock that a shell cut off left behind.
 */
export const withoutRcFiles = 'SHLVL=1';

export type Sshd = {
  readonly port: number;
  readonly hostKeyFile: string;
  readonly fingerprint: string;
  /** Its line for a known_hosts file. */
  readonly knownHostsLine: string;
  /** What it logged so far, at DEBUG1. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

/** A folder of its own for keys, configurations and logs; removed by `remove`. */
export function scratchFolder(name: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `cutover-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Makes a key pair and answers with the private key's file. */
export function makeKey(
  file: string,
  options: { readonly type?: string; readonly passphrase?: string } = {},
): string {
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    options.type ?? 'ed25519',
    '-N',
    options.passphrase ?? '',
    '-f',
    file,
  ]);
  return file;
}

/** The login name the servers are reached by: whoever runs the tests. */
export const loginUser = userInfo().username;

/** Starts an sshd of the test's own on the loopback; it lets in whoever holds one of `keys`. */
export async function startSshd(at: {
  readonly folder: string;
  readonly keys: readonly string[];
  readonly hostKeyFile?: string;
  readonly port?: number;
  /** Run in place of every login's own shell. */
  readonly forceCommand?: string;
}): Promise<Sshd> {
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = at.port ?? (await freePort());
  const hostKeyFile = at.hostKeyFile ?? makeKey(join(at.folder, `host-${port}`));
  const authorized = join(at.folder, `authorized-${port}`);
  writeFileSync(authorized, at.keys.map((key) => readFileSync(`${key}.pub`, 'utf8')).join(''), {
    mode: 0o600,
  });
  const configFile = join(at.folder, `sshd-${port}.conf`);
  const config = {
    ListenAddress: '127.0.0.1',
    Port: port,
    HostKey: hostKeyFile,
    AuthorizedKeysFile: authorized,
    PidFile: 'none',
    UsePAM: 'no',
    StrictModes: 'no',
    PermitRootLogin: 'prohibit-password',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    LogLevel: 'DEBUG1',
    PrintMotd: 'no',
    UseDNS: 'no',
    SetEnv: withoutRcFiles,
    ForceCommand: at.forceCommand ?? 'none',
  };
  writeFileSync(
    configFile,
    Object.entries(config)
      .map(([key, value]) => `${key} ${value}\n`)
      .join(''),
  );
  let log = '';
  const child = spawn(sshdPath, ['-D', '-e', '-f', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await listening(port, { child, log: () => log });
  const [type, base64] = readFileSync(`${hostKeyFile}.pub`, 'utf8').split(' ');
  return {
    port,
    hostKeyFile,
    fingerprint:
      execFileSync('ssh-keygen', ['-lf', `${hostKeyFile}.pub`])
        .toString()
        .split(' ')[1] ?? '',
    knownHostsLine: `[127.0.0.1]:${port} ${type} ${base64?.trim()}\n`,
    log: () => log,
    stop: () => stopChild(child),
  };
}

/** A TCP path to a port that the test can cut, as a lost network would. */
export async function cableTo(
  port: number,
): Promise<{ readonly port: number; readonly cut: () => void; readonly remove: () => void }> {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end
        .on('error', () => undefined)
        .on('close', () => {
          ends.delete(end);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far).pipe(near);
  });
  const cut = (): void => ends.forEach((end) => end.destroy());
  const own = await freePort();
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  return {
    port: own,
    cut,
    remove: () => {
      cut();
      server.close();
    },
  };
}

/** Ends a process this test started, by its own id, and waits until it is gone. */
export function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

async function listening(
  port: number,
  server: { readonly child: ChildProcess; readonly log: () => string },
): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (server.child.exitCode !== null) throw new Error(`sshd ended: ${server.log()}`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sshd does not listen on ${port}: ${server.log()}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
