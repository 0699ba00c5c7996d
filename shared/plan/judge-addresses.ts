import type { Complaint } from './complaint.ts';
import { isLoopback } from './loopback.ts';
import type { Instance, Plan } from './plan.ts';
import type { Path } from './tree.ts';

/** Two instances are never one server: a target that is its own source would be fenced and promoted at once. */
export function judgeAddresses(plan: Plan): readonly Complaint[] {
  return [
    ...judgeSame(plan, (instance) => endpointOf(instance)),
    ...judgeSame(plan, (instance) => replicationEndpointOf(instance)),
    ...plan.instances.flatMap((instance, index) => judgeTlsName(instance, ['instances', index])),
  ];
}

/** The members that say where an instance is. */
const addressing = ['host', 'address', 'port', 'socket', 'via', 'replicationAddress', 'replicationPort'];

type Endpoint = { readonly key: string; readonly words: string; readonly member: string };

function judgeSame(
  plan: Plan,
  endpointOfInstance: (instance: Instance) => Endpoint | null,
): readonly Complaint[] {
  const first = new Map<string, number>();
  return plan.instances.flatMap((instance, index): readonly Complaint[] => {
    const endpoint = endpointOfInstance(instance);
    const before = endpoint === null ? undefined : first.get(endpoint.key);
    if (endpoint === null) return [];
    if (before === undefined) {
      first.set(endpoint.key, index);
      return [];
    }
    const other = plan.instances[before]?.id ?? '';
    // A second declaration of the same id is told by its id.
    if (other === instance.id) return [];
    const needs = [index, before].flatMap((at) => addressing.map((member) => ['instances', at, member]));
    const message = `instances ${other} and ${instance.id} have one address (${endpoint.words}), expected two servers`;
    return [{ path: ['instances', index, endpoint.member], message, needs }];
  });
}

/** A loopback address means the host's own; any other address means the same server from everywhere. */
function endpointOf(instance: Instance): Endpoint {
  const address = instance.address.toLowerCase();
  const where = instance.via === 'ssh' ? ` on host ${instance.host}` : '';
  if (instance.via === 'ssh' && instance.socket !== undefined)
    return {
      key: `socket ${instance.host} ${instance.socket}`,
      words: `${instance.socket}${where}`,
      member: 'socket',
    };
  const onHost = instance.via === 'ssh' ? instance.host : 'laptop';
  const key = `${onHost} ${isLoopback(address) ? 'loopback' : address} ${instance.port}`;
  return { key, words: `${address}:${instance.port}${where}`, member: 'port' };
}

function replicationEndpointOf(instance: Instance): Endpoint | null {
  if (instance.replicationAddress === undefined) return null;
  const port = instance.replicationPort ?? instance.port;
  const words = `${instance.replicationAddress.toLowerCase()}:${port}`;
  return { key: words, words: `${words} for replication`, member: 'replicationAddress' };
}

/** No certificate carries a loopback address: VERIFY_IDENTITY through SSH needs the name it should carry. */
function judgeTlsName(instance: Instance, path: Path): readonly Complaint[] {
  const local = instance.socket !== undefined || isLoopback(instance.address);
  if (instance.tls.mode !== 'VERIFY_IDENTITY' || instance.tls.serverName !== undefined || !local) return [];
  const message = `instance ${instance.id} verifies the name in the certificate but is reached at ${instance.address}, expected tls.serverName`;
  return [{ path: [...path, 'tls'], message, needs: [path] }];
}
