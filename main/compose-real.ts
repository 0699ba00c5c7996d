import { dirname, join, resolve } from 'node:path';
import type { Redactor } from '../shared/audit/redact.ts';
import type { Plan } from '../shared/plan/plan.ts';
import { createClients } from './adapters/clients.ts';
import { createClock } from './adapters/clock.ts';
import { createCluster } from './adapters/cluster.ts';
import { createCredentials } from './adapters/credentials.ts';
import { dnsClientOf } from './adapters/dns.ts';
import { createLaptop } from './adapters/laptop.ts';
import { createMysql } from './adapters/mysql.ts';
import { createRoute53 } from './adapters/route53.ts';
import { createSsh } from './adapters/ssh.ts';
import type { Ports } from './ports.ts';

/** The real ports of a plan: its servers over SSH or direct, its hosts, and client processes of their own. */
export async function realPorts(
  plan: Plan,
  around: { readonly file: string; readonly directory: string; readonly redactor: Redactor },
): Promise<{ readonly ports: Ports; readonly close: () => Promise<void> }> {
  const credentials = createCredentials({
    planFolder: dirname(resolve(around.file)),
    redactor: around.redactor,
  });
  const ssh = createSsh(plan, { acceptedHostsFile: join(around.directory, 'known_hosts') });
  const mysql = createMysql(plan, {
    credentials,
    connectStream: (instance) =>
      instance.socket === undefined
        ? ssh.forward(instance.host, instance.address, instance.port)
        : ssh.forwardSocket(instance.host, instance.socket),
  });
  const clients = createClients(plan, {
    // A folder for each start: a client's log is never mixed with an earlier night's.
    directory: join(around.directory, 'clients', new Date().toISOString().replaceAll(':', '')),
    resolve: async (reference) => {
      const resolved = await credentials.resolve(reference);
      if (resolved.kind === 'refused') throw new Error(resolved.message);
      return resolved.account;
    },
  });
  const ports: Ports = {
    clock: createClock(),
    mysql,
    ssh,
    clients,
    laptop: createLaptop({ journalDirectory: around.directory }),
    route53: createRoute53(plan),
    cluster: createCluster(plan),
    dns: dnsClientOf(plan.dns),
  };
  return { ports, close: () => ssh.close() };
}
