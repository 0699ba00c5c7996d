import type { Journal } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { effectOperations, type OperationName } from '../../shared/sessions/operations.ts';

/** Everything a run may touch, as one line a thing: what it must find again after a thaw. */
export function touchable({ world }: Simulator): readonly string[] {
  const servers = [...world.servers.values()].flatMap((server) => [
    `${server.id} ${server.readOnly ? 'refuses writes' : 'takes writes'}`,
    `${server.id} event scheduler ${server.eventScheduler ? 'on' : 'off'}`,
    `${server.id} fence ${server.persisted ? 'written down' : 'not written down'}`,
    ...server.accounts
      .filter(({ locked }) => locked)
      .map(({ user }) => `${server.id} account ${user} locked`),
    ...server.links.map(
      (link) =>
        `${server.id} link "${link.channel}" from ${link.source?.id ?? 'nobody'}: receiver ${link.receiverOn ? 'on' : 'off'}, applier ${link.applierOn ? 'on' : 'off'}`,
    ),
  ]);
  const hosts = [...world.hosts.values()].flatMap(({ id, files }) =>
    // The journal's mirror stays, as the journal does.
    [...files.keys()]
      .filter((path) => !path.startsWith(`${world.plan.journalMirror?.directory}/`))
      .map((path) => `${id} file ${path}`),
  );
  const apps = [...world.appHosts.values()].map(
    ({ host, siteInUse, maintenance }) => `${host} uses ${siteInUse}${maintenance ? ', maintenance' : ''}`,
  );
  return [...servers, ...hosts, ...apps];
}

type Arrived = { readonly operation: OperationName; readonly instance: string; readonly atMs: number };

/** Notes every statement that arrives at a server, and each effect that the journal did not intend before. */
export function watchArrivals(
  { world, clock }: Simulator,
  journal: Journal,
): { readonly arrivals: Arrived[]; readonly unintended: string[] } {
  const arrivals: Arrived[] = [];
  const unintended: string[] = [];
  const intents = new Map<string, number>();
  const effects = new Set<OperationName>(effectOperations);
  let counted = 0;
  const intended = (name: string): number => {
    for (const { payload } of journal.read().slice(counted)) {
      counted += 1;
      if (payload.kind !== 'event') continue;
      for (const { action } of payload.intended) {
        if (action.kind !== 'mysql') continue;
        const key = `${action.operation} on ${action.instance}`;
        intents.set(key, (intents.get(key) ?? 0) + 1);
      }
    }
    return intents.get(name) ?? 0;
  };
  const performed = new Map<string, number>();
  world.onOperation.push(({ edge, instance, operation }) => {
    if (edge !== 'before') return;
    arrivals.push({ operation, instance, atMs: clock.nowMs() });
    if (!effects.has(operation)) return;
    const name = `${operation} on ${instance}`;
    const times = (performed.get(name) ?? 0) + 1;
    performed.set(name, times);
    if (times > intended(name)) unintended.push(`${name}, time ${times}`);
  });
  return { arrivals, unintended };
}
