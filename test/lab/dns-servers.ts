import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, stopChild } from './loopback-sshd.ts';

/** A real authoritative server (knot) and a real cache before it (unbound), both on free loopback ports. */
export type DnsServers = {
  readonly authoritative: number;
  readonly resolver: number;
  /** Writes the zone anew and has the server read it; its serial says when it has. */
  readonly write: (records: readonly string[]) => number;
  readonly stop: () => Promise<void>;
};

const programs = { knotd: '/usr/sbin/knotd', unbound: '/usr/sbin/unbound' };

/** Says why no DNS servers can be started here, or undefined. */
export function whyNoDnsServers(): string | undefined {
  const missing = Object.entries(programs).flatMap(([name, path]) => {
    try {
      accessSync(path);
      return [];
    } catch {
      return [name];
    }
  });
  if (missing.length === 0) return undefined;
  return `${missing.join(' and ')} not found: apt-get install knot unbound`;
}

/** Starts both servers on a zone shop.example with these records. */
export async function startDnsServers(folder: string, records: readonly string[]): Promise<DnsServers> {
  mkdirSync(join(folder, 'db'), { recursive: true });
  const [authoritative, resolver] = [await freePort(), await freePort()];
  const zone = join(folder, 'shop.example.zone');
  let serial = 0;
  const fill = (lines: readonly string[]): void => {
    serial += 1;
    const head = [
      '$ORIGIN shop.example.',
      `@ 60 SOA ns.shop.example. admin.shop.example. ${serial} 3600 600 86400 5`,
      '@ 60 NS ns.shop.example.',
      'ns 60 A 127.0.0.1',
    ];
    writeFileSync(zone, `${[...head, ...lines].join('\n')}\n`);
  };
  fill(records);
  const knotConf = join(folder, 'knot.conf');
  writeFileSync(knotConf, knotConfig(folder, authoritative));
  const unboundConf = join(folder, 'unbound.conf');
  writeFileSync(unboundConf, unboundConfig(folder, { authoritative, resolver }));
  const knot = run(programs.knotd, ['-c', knotConf]);
  const unbound = run(programs.unbound, ['-d', '-c', unboundConf]);
  return {
    authoritative,
    resolver,
    write: (lines) => {
      fill(lines);
      knot.kill('SIGHUP');
      return serial;
    },
    stop: async () => {
      await Promise.all([stopChild(knot), stopChild(unbound)]);
    },
  };
}

function run(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: 'ignore' });
}

function knotConfig(folder: string, port: number): string {
  return `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
database:
  storage: ${join(folder, 'db')}
zone:
  - domain: shop.example
    file: ${join(folder, 'shop.example.zone')}
    zonefile-load: whole
    zonefile-sync: -1
`;
}

function unboundConfig(
  folder: string,
  ports: { readonly authoritative: number; readonly resolver: number },
): string {
  return `server:
  interface: 127.0.0.1@${ports.resolver}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
stub-zone:
  name: "shop.example"
  stub-addr: 127.0.0.1@${ports.authoritative}
remote-control:
  control-enable: no
`;
}
