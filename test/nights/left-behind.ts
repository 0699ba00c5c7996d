import { keptBySwitch } from '../../main/simulator/dead-mans-switch.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Thread } from '../../main/simulator/world.ts';
import { lostThreads, type Run } from '../../shared/steps/run.ts';

/** Sessions of a dead cockpit that the run has the numbers of, on whichever server. */
export function knownLost(run: Run | null): readonly number[] {
  return run === null ? [] : Object.keys(run.threads).flatMap((id) => lostThreads(run, id));
}

/** What is left of the cockpit on a server that is up: a session that nobody excuses, or a run lock. Null: nothing. */
export function leftBehind(
  { world }: Simulator,
  ghosts: ReadonlySet<Thread>,
  { mayHold, isNamed }: { readonly [K in 'mayHold' | 'isNamed']: (id: string) => boolean },
): string | null {
  for (const { id, power, threads, lockHolder } of world.servers.values()) {
    if (power !== 'up') continue;
    const left = [...threads.values()].find(
      (thread) => thread.owner === 'cockpit' && !ghosts.has(thread) && !isNamed(id),
    );
    if (left !== undefined) return `${id} has thread ${left.id} of the cockpit (${left.statement ?? 'idle'})`;
    const ghostly = [...ghosts].some(({ id: thread }) => thread === lockHolder) && mayHold(id);
    // A switch that acted in the passage keeps the lock without which no target opens.
    if (lockHolder !== null && lockHolder !== keptBySwitch && !ghostly)
      return `${id} has a run lock, held by thread ${lockHolder}`;
  }
  return null;
}
