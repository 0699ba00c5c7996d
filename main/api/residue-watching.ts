import type { ResidueView } from '../../shared/contract/residue-view.ts';
import { unknown, type Observation } from '../../shared/observations/observation.ts';
import { judgeGoDark, residuePlaces, type SourceSession } from '../../shared/observations/residue.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import { plainResidue, startResidueWatch, type ResidueWatch } from '../engine/residue-watch.ts';
import { reasonOf } from '../engine/troubles.ts';

/** Who arrives on the source side, watched from the point of no return on, whether anybody looks at the screen or not. */
export type ResidueWatching = {
  /** Begins and ends the watch as the run stands; the quiet before the old side may go dark is counted by it. */
  readonly keep: () => void;
  /** Null: nothing was switched yet, so everybody is where they should be. */
  readonly view: () => ResidueView | null;
  readonly stop: () => void;
};

/** Watches for whichever plan the cockpit drives. */
export function watchResidue(cockpit: Cockpit): ResidueWatching {
  let watched: { readonly plan: Plan; readonly watch: ResidueWatch } | null = null;
  const stop = (): void => {
    void watched?.watch.stop();
    watched = null;
  };
  const kept = (): ResidueWatch | null => {
    const run = cockpit.night()?.run() ?? null;
    const { plan, ports } = cockpit.parts;
    const switched = run !== null && run.ponrAt !== null && run.phase !== 'running';
    if (watched !== null && (watched.plan !== plan || !switched)) stop();
    if (!switched) return null;
    watched ??= {
      plan,
      watch: startResidueWatch({
        plan,
        ports,
        sessions: (instance) => sessionsOn(cockpit, instance),
        failed: (what, error) => cockpit.tell(`The program is wrong: ${what} failed (${reasonOf(error)}).`),
      }),
    };
    return watched.watch;
  };
  return {
    keep: () => void kept(),
    view: () => {
      const watch = kept();
      const { plan, ports } = cockpit.parts;
      return watch === null ? null : residueView(plan, watch, ports.clock.now().utcMs);
    },
    stop,
  };
}

/** Clients that are not this cockpit's own: its sessions stay until Close. */
function sessionsOn(cockpit: Cockpit, instance: string): Observation<readonly SourceSession[]> {
  const activity = cockpit.snapshot().instances[instance]?.activity;
  const now = cockpit.parts.ports.clock.now().utcMs;
  if (activity === undefined) return unknown('it is not watched', now, instance);
  if (activity.kind === 'unknown') return activity;
  const own = new Set([
    ...Object.values(cockpit.observer.threads()[instance] ?? {}),
    ...Object.values(cockpit.night()?.run()?.threads[instance] ?? {}),
  ]);
  return { ...activity, value: activity.value.sessions.filter(({ thread }) => !own.has(thread)) };
}

function residueView(plan: Plan, watch: ResidueWatch, now: number): ResidueView {
  const residue = watch.residue();
  const { databases, edges } = residuePlaces(plan);
  const places = [...databases, ...edges.map(({ id }) => id)];
  const { quietMs } = plan.residue ?? plainResidue;
  const { state, reasons, opensAt } = judgeGoDark(residue, { places, quietMs, now });
  return {
    atUtcMs: now,
    goDark: { state, reasons, opensAtUtcMs: opensAt },
    places: places.flatMap((place) => {
      const known = residue.get(place);
      if (known === undefined) return [];
      const { kind, unknown: why, perMinute, quietSince, lookedAt, arrivals } = known;
      return [
        {
          place,
          kind,
          unknown: why,
          perMinute,
          quietSinceUtcMs: quietSince,
          lookedAtUtcMs: lookedAt,
          arrivals: arrivals.map(({ lastAt, ...arrival }) => ({ ...arrival, lastAtUtcMs: lastAt })),
        },
      ];
    }),
  };
}
