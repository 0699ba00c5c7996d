import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { optionFile } from './accounts.ts';
import { knownHostsFile, sshConfigFile } from './hosts.ts';
import { writePlan } from './minute-ground.ts';
import type { Lab } from './start-lab.ts';

/** One plan with a wrong password, a wrong port, a host that is not known and one that is known with another key. */
export async function planOfMistakes(lab: Lab, wrongPassword: string): Promise<string> {
  const cnf = join(lab.dir, 'wrong.cnf');
  writeFileSync(
    cnf,
    readFileSync(optionFile(lab.dir, 'cockpit'), 'utf8').replace(/password=.*/, `password=${wrongPassword}`),
    { mode: 0o600 },
  );
  const nobody = await portOfNobody();
  const known = join(lab.dir, 'known_hosts_of_mistakes');
  writeFileSync(known, mistakenHosts(lab), { mode: 0o600 });
  const config = join(lab.dir, 'ssh_config_of_mistakes');
  const original = readFileSync(sshConfigFile(lab.dir), 'utf8');
  writeFileSync(config, original.replaceAll(knownHostsFile(lab.dir), known), { mode: 0o600 });
  return writePlan(lab, 'mistakes', (plan) => ({
    ...plan,
    hosts: plan.hosts.map((host) =>
      host.ssh === undefined || !('alias' in host.ssh)
        ? host
        : { ...host, ssh: { ...host.ssh, configFile: config, knownHosts: known } },
    ),
    instances: plan.instances.map((instance) => {
      if (instance.id === 'orders-b1') return { ...instance, operator: { optionFile: cnf } };
      return instance.id === 'content-b1' ? { ...instance, port: nobody } : instance;
    }),
  }));
}

function mistakenHosts(lab: Lab): string {
  const lines = readFileSync(knownHostsFile(lab.dir), 'utf8').split('\n');
  const place = (host: string): string => `[127.0.0.1]:${lab.port(`ssh ${host}`)} `;
  const keyOf = (host: string): string =>
    lines.find((line) => line.startsWith(place(host)))?.slice(place(host).length) ?? '';
  return lines
    .filter((line) => !line.startsWith(place('app-e1')))
    .map((line) => (line.startsWith(place('app-w1')) ? `${place('app-w1')}${keyOf('app-a1')}` : line))
    .join('\n');
}

function portOfNobody(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 1;
      server.close(() => resolve(port));
    });
  });
}
