import type { Lab } from '../lab/start-lab.ts';
import { chains } from '../lab/topology.ts';
import { wholePlan } from './bench-plan.ts';
import type { Say } from './compare.ts';
import { resetApplications } from '../lab/reset.ts';
import { median, rounded } from './statistics.ts';
import { cockpitSwitch } from './switches.ts';

/**
 * The whole reference plan, over SSH: users behind the load balancer, application hosts redirected. The figure is the
 * official one, of the cockpit's own clients; the outside writers watch for losses and overlaps as everywhere.
 */
export async function usersDowntime(
  lab: Lab,
  { runs, say }: { readonly runs: number; readonly say: Say },
): Promise<number> {
  const downtimes: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    await resetApplications(lab);
    const one = { chains, written: chains, writers: 1, via: 'ssh' as const };
    const { measured, seen } = await cockpitSwitch(lab, one, wholePlan(lab));
    const uncounted = measured?.chains.some(({ lost }) => lost === null) ?? true;
    if (uncounted) throw new Error('the cockpit could not count the lost writes');
    const lost = measured?.chains.reduce((sum, chain) => sum + (chain.lost ?? 0), 0) ?? 0;
    const downtimeMs = measured?.userVisibleDowntimeMs ?? null;
    if (lost > 0) throw new Error(`${lost} writes that users were told of are LOST`);
    if (measured?.overlapMs !== null && measured?.overlapMs !== undefined && measured.overlapMs > 0)
      throw new Error(`OVERLAP of ${measured.overlapMs} ms, seen by the cockpit's clients`);
    if (downtimeMs === null) throw new Error('the clients measured no downtime');
    downtimes.push(downtimeMs);
    say(
      `run ${run}/${runs}: users saw ${downtimeMs.toFixed(0)} ms, freezes ${seen.map(({ freezeMs }) => freezeMs.toFixed(1)).join(' and ')} ms`,
    );
  }
  await resetApplications(lab);
  return rounded(median(downtimes), 1);
}
