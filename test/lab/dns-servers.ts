import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../helpers/free-ports.ts';
import { stopChild } from './loopback-sshd.ts';

/** A real authoritative server (knot) and a real cache before it (unbound), both on free loopback ports. */
export type DnsServers = {
  readonly authoritative: number;
  readonly resolver: number;
  /** Writes the zone anew and has the server read it; its serial says when it has. */
  readonly write: (records: readonly string[], regional?: readonly RegionalAnswer[]) => number;
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

/** An answer for whoever asks from a network, as a latency-based set of Route 53 gives it. */
export type RegionalAnswer = {
  readonly name: string;
  readonly network: string;
  readonly address: string;
};

/** Says why no answers by network can be given here, or undefined. */
export function whyNoRegions(): string | undefined {
  return globSync('/usr/lib/*/knot/modules-*/geoip.so').length > 0
    ? undefined
    : "knot's geoip module not found: apt-get install knot-module-geoip";
}

/** Starts both servers on a zone shop.example with these records; some names may answer by the asker's network. */
export async function startDnsServers(
  folder: string,
  records: readonly string[],
  regional: readonly RegionalAnswer[] = [],
): Promise<DnsServers> {
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
  const regions = join(folder, 'regions.conf');
  const answer = (answers: readonly RegionalAnswer[]): void => writeFileSync(regions, regionsConfig(answers));
  answer(regional);
  writeFileSync(knotConf, knotConfig(folder, authoritative, regional.length > 0 ? regions : null));
  const unboundConf = join(folder, 'unbound.conf');
  writeFileSync(unboundConf, unboundConfig(folder, { authoritative, resolver }));
  const knot = run(programs.knotd, ['-c', knotConf]);
  const unbound = run(programs.unbound, ['-d', '-c', unboundConf]);
  return {
    authoritative,
    resolver,
    write: (lines, answers = regional) => {
      fill(lines);
      answer(answers);
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

function regionsConfig(answers: readonly RegionalAnswer[]): string {
  const names = [...new Set(answers.map(({ name }) => name))];
  return names
    .map((name) =>
      [
        `${name}:`,
        ...answers
          .filter((answer) => answer.name === name)
          .map(({ network, address }) => `  - net: ${network}\n    A: ${address}`),
      ].join('\n'),
    )
    .join('\n')
    .concat('\n');
}

/** How long an answer by network may be kept. */
export const regionalTtlSeconds = 4;

function knotConfig(folder: string, port: number, regions: string | null): string {
  const module = `mod-geoip:
  - id: regions
    config-file: ${regions}
    ttl: ${regionalTtlSeconds}
    mode: subnet
`;
  return `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
  edns-client-subnet: on
database:
  storage: ${join(folder, 'db')}
${regions === null ? '' : module}zone:
  - domain: shop.example
    file: ${join(folder, 'shop.example.zone')}
    zonefile-load: whole
    zonefile-sync: -1
${regions === null ? '' : '    module: mod-geoip/regions\n'}`;
}

function unboundConfig(
  folder: string,
  ports: { readonly authoritative: number; readonly resolver: number },
): string {
  return `server:
  interface: 127.0.0.1@${ports.resolver}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
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
