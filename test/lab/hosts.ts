import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { portOf, type LabState } from './lab-state.ts';
import type { ProcessSpec } from './processes.ts';
import { withoutRcFiles } from './loopback-sshd.ts';
import { bastion, behindBastion, sshHosts } from './topology.ts';

/** Hosts as far as SSH can tell: one sshd each, with a key, a port and a directory of commands of its own. */

/** Where a host's own files lie. */
export const hostDir = (dir: string, host: string): string => join(dir, 'hosts', host);

/** The ssh_config with all hosts as aliases. */
export const sshConfigFile = (dir: string): string => join(dir, 'ssh', 'config');
export const knownHostsFile = (dir: string): string => join(dir, 'ssh', 'known_hosts');
/** The key that every host lets in. */
export const identityFile = (dir: string): string => join(dir, 'ssh', 'id_ed25519');

/** What sshd insists on when root starts it, and a reboot takes away. */
export function makeRunDirectory(): void {
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
}

/** Makes keys and configurations of all hosts. */
export function writeHosts(state: LabState): void {
  makeRunDirectory();
  mkdirSync(join(state.dir, 'ssh'), { recursive: true, mode: 0o700 });
  makeKey(identityFile(state.dir), 'lab');
  const known: string[] = [];
  for (const host of sshHosts) {
    const here = hostDir(state.dir, host);
    mkdirSync(join(here, 'bin'), { recursive: true, mode: 0o700 });
    makeKey(join(here, 'host_key'), host);
    writeFileSync(join(here, 'sshd_config'), sshdConfig(state, host), { mode: 0o600 });
    const [type, key] = readFileSync(join(here, 'host_key.pub'), 'utf8').split(' ');
    known.push(`[127.0.0.1]:${portOf(state, `ssh ${host}`)} ${type} ${key}\n`);
  }
  writeFileSync(knownHostsFile(state.dir), known.join(''), { mode: 0o600 });
  writeFileSync(sshConfigFile(state.dir), sshHosts.map((host) => aliasOf(state, host)).join('\n'), {
    mode: 0o600,
  });
}

/** How a host's sshd is started. */
export function sshdSpec(state: LabState, host: string): ProcessSpec {
  const here = hostDir(state.dir, host);
  return {
    name: `ssh ${host}`,
    argv: ['/usr/sbin/sshd', '-D', '-e', '-f', join(here, 'sshd_config')],
    logFile: join(here, 'sshd.log'),
  };
}

function sshdConfig(state: LabState, host: string): string {
  const here = hostDir(state.dir, host);
  return [
    `Port ${portOf(state, `ssh ${host}`)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(here, 'host_key')}`,
    `AuthorizedKeysFile ${identityFile(state.dir)}.pub`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'UseDNS no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PrintMotd no',
    'LogLevel INFO',
    'MaxStartups 200',
    'MaxSessions 200',
    // All hosts are one machine: its own directory of commands is what makes a host a place of its own.
    `SetEnv ${withoutRcFiles} LAB_HOST=${host} PATH=${join(here, 'bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    '',
  ].join('\n');
}

function aliasOf(state: LabState, host: string): string {
  const lines = [
    `Host ${host}`,
    '  HostName 127.0.0.1',
    `  Port ${portOf(state, `ssh ${host}`)}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${identityFile(state.dir)}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${knownHostsFile(state.dir)}`,
    '  StrictHostKeyChecking yes',
    ...(behindBastion.includes(host) ? [`  ProxyJump ${bastion}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function makeKey(file: string, comment: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}
