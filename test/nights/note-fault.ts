import type { Fault } from '../../shared/plan/scenario.ts';
import { hostsChosen, serverChosen } from '../../main/simulator/fault-places.ts';
import type { Server } from '../../main/simulator/world.ts';
import { isHeldBySwitch, isSource, type Hit, type Scene } from './scene.ts';

/** What a fault that just happened means for the rules: which servers it touched, and which steps it met. */
export function noteFault(scene: Scene, fault: Fault): readonly Hit[] {
  const { simulator, disturbed, run } = scene;
  const atMs = simulator.clock.nowMs();
  for (const id of touchedBy(scene, fault))
    disturbed.set(id, { kinds: new Set(disturbed.get(id)?.kinds).add(fault.kind), atMs });
  const server = 'on' in fault ? serverChosen(simulator.world, fault.on) : undefined;
  if (server !== undefined && opensUnseen(scene, fault, server)) scene.excused.add(server.chain.id);
  if (fault.kind === 'reply') return [];
  // What fails a line is met when the line arrives at its host.
  if (fault.kind === 'host-reply') return [];
  const way = fault.kind === 'lost-channel' ? 'lost-session' : fault.kind;
  return Object.values(run?.steps ?? {}).flatMap(({ step, state }) =>
    state === 'running' ? [{ step, way }] : [],
  );
}

function touchedBy({ simulator: { world } }: Scene, fault: Fault): readonly string[] {
  // A server that refuses a statement is as it was: whoever takes that for done says what is not so.
  if (fault.kind === 'reply' && fault.way === 'error') return [];
  if ('on' in fault) {
    const server = serverChosen(world, fault.on);
    return server === undefined ? [] : [server.id];
  }
  if ('host' in fault) return hostsChosen(world, fault.host);
  if (fault.kind !== 'partition') return [];
  return [...world.servers.values()].flatMap(({ id, site }) => (fault.between.includes(site) ? [id] : []));
}

/**
 * A source that somebody else opens behind the last look, or one that crashes before its fence was written down, takes
 * writes until the watchdog closes it again: no look can prevent that, and go/no-go says so beforehand.
 */
function opensUnseen(scene: Scene, fault: Fault, server: Server): boolean {
  const { run, simulator, script } = scene;
  // Nor can one prevent that somebody opens a target by hand whose source a switch has opened behind a dead cockpit.
  if (!isSource(scene, server.id))
    return (
      fault.kind === 'writable' &&
      script.plan.chains.some((chain) => chain.id === server.chain.id && isHeldBySwitch(scene, chain))
    );
  if ((run?.steps['last-look']?.state ?? 'waiting') === 'waiting') return false;
  if (fault.kind === 'writable' || fault.kind === 'late-write' || fault.kind === 'prepared-transaction')
    return true;
  const host = simulator.world.hosts.get(server.host);
  const durable = server.persisted || [...(host?.files.keys() ?? [])].some((path) => path.endsWith('.cnf'));
  return (fault.kind === 'server-killed' || fault.kind === 'server-replaced') && !durable;
}
