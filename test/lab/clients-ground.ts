import { join } from 'node:path';
import { createClients } from '../../main/adapters/clients.ts';
import type { ClientsPort, ClientWrite } from '../../main/ports.ts';
import { planSchema } from '../../shared/plan/plan.ts';
import type { Plan, PlanInput } from '../../shared/plan/plan.ts';
import { scratchFolder } from './loopback-sshd.ts';

/** Where this test file's logs and servers are. */
export const scratch = scratchFolder('clients');
const started: ClientsPort[] = [];

/** A plan of one chain, `old` to `new`, with these clients. */
export const planWith = (
  clients: NonNullable<PlanInput['clients']>,
  ports: readonly [number, number],
): Plan =>
  planSchema.parse({
    schemaVersion: 1,
    name: 'clients',
    environment: 'staging',
    sites: [
      { id: 'colo', kind: 'co-location' },
      { id: 'ec2', kind: 'ec2-region' },
    ],
    hosts: [{ id: 'h', site: 'colo' }],
    accounts: { operator: { loginPath: 'a' }, plain: { loginPath: 'b' } },
    instances: ['old', 'new'].map((id, index) => ({
      id,
      host: 'h',
      port: ports[index] ?? 1,
      tls: { mode: 'DISABLED' as const },
    })),
    chains: [
      {
        id: 'orders',
        source: { masters: [{ instance: 'old' }] },
        target: { masters: [{ instance: 'new' }] },
        replication: { forward: { account: { loginPath: 'r' } } },
        wayBack: { none: 'test' },
      },
    ],
    clients,
  });

let folders = 0;
/** The port over real processes, in a run's directory of its own; without a password its accounts cannot be resolved. */
export const clientsOf = (
  plan: Plan,
  how: { readonly password?: string } = {},
): { port: ClientsPort; directory: string } => {
  const directory = join(scratch.path, `run-${(folders += 1)}`);
  const resolve = (): Promise<{ user: string; password: string }> =>
    how.password === undefined
      ? Promise.reject(new Error('no such login path'))
      : Promise.resolve({ user: 'app', password: how.password });
  const port = createClients(plan, { directory, resolve });
  started.push(port);
  return { port, directory };
};
/** Waits until something holds; it fails loudly when it never does. */
export const eventually = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never happened: ${what}`);
};
/** The writes that one side acknowledged. */
export const acknowledgedOn = (
  writes: readonly ClientWrite[],
  side: ClientWrite['side'],
): readonly ClientWrite[] =>
  writes.filter((write) => write.side === side && write.outcome === 'acknowledged');

/** Ends every client and takes the logs away. */
export const removeClients = async (): Promise<void> => {
  for (const port of started) await port.stop();
  scratch.remove();
};
