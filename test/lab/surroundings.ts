import { connect } from 'node:net';
import { appSpec, haproxySpec } from './app-hosts.ts';
import { sshdSpec } from './hosts.ts';
import { portOf, type LabState } from './lab-state.ts';
import { route53Spec } from './plan-for-lab.ts';
import type { ProcessSpec } from './processes.ts';
import { eventually } from './sql.ts';
import { appHosts, sshHosts } from './topology.ts';

/** Programs that start all at once share a machine that may be busy already. */
const listenMs = 60_000;

/** Everything of a lab but its databases: hosts, application, load balancer, and its Route 53. */
export function surroundings(state: LabState): readonly ProcessSpec[] {
  return [
    ...sshHosts.map((host) => sshdSpec(state, host)),
    ...appHosts.map((host) => appSpec(state, host.id)),
    haproxySpec(state),
    route53Spec(state),
  ];
}

/** Waits until all of it listens. */
export async function surroundingsAnswer(state: LabState): Promise<void> {
  const listeners = Object.keys(state.ports).filter((name) => /^(ssh|app|door|route53)\b/.test(name));
  await Promise.all(listeners.map((name) => listens(state, name)));
}

/** Waits until one of the lab's listeners is there. */
export function listens(state: LabState, listener: string): Promise<void> {
  return eventually(`${listener} listens`, listenMs, () => knock(portOf(state, listener)));
}

function knock(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

/** A process of several threads is gone before the last of them has let its ports go. */
export function nobodyListens(port: number): Promise<void> {
  return eventually(`nobody listens at ${port}`, 10_000, async () => {
    const heard = await knock(port).then(
      () => true,
      () => false,
    );
    if (heard) throw new Error('somebody does');
  });
}
