import { unknown, type Observation } from '../../shared/observations/observation.ts';
import { residueSeen, toldAnew, type ResidueSeen } from '../../shared/observations/residue-seen.ts';
import type { SourceSession } from '../../shared/observations/residue.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Journal } from '../ports.ts';
import type { RunGround } from './run-ground.ts';
import { startResidueWatch, type ResidueWatch } from './residue-watch.ts';
import type { Runner } from './runner.ts';
import { reasonOf } from './troubles.ts';

/** The journal is told of somebody who comes or leaves at most this often; the end of the run is always told. */
const tellEveryMs = 60_000;

/** Who arrives on the source side, as the run's screen, its result and its journal have it. */
export type KeptResidue = {
  /** Null: nothing was switched yet, so everybody is where they should be. */
  readonly seen: () => ResidueSeen | null;
  readonly stop: () => Promise<void>;
};

/**
 * Watches the source side of a run from the end of its minute on, whether anybody looks at a screen or not: it belongs to
 * the run as its watchdog does. What was seen goes into the run's journal when it changes, and when the run ends.
 */
export function keepResidue(
  ground: RunGround,
  { runner, journal }: { readonly runner: Runner; readonly journal: Journal },
): KeptResidue {
  const { plan, ports } = ground.parts;
  let watch: ResidueWatch | null = null;
  let since = 0;
  let told: ResidueSeen | null = null;
  let toldAtEnd = false;

  const seen = (): ResidueSeen | null =>
    watch === null ? null : residueSeen(plan, watch.residue(), ports.clock.now().utcMs);
  const tell = (): void => {
    const now = seen();
    if (now === null || now.places.length === 0 || runner.journalLost() !== null) return;
    try {
      journal.append(ports.clock.now(), { kind: 'residue', ...now }, 'soon');
      told = now;
    } catch (error) {
      ground.tell(`Who still arrives on the source side could not be journaled: ${reasonOf(error)}.`);
    }
  };
  const looked = (): void => {
    const now = seen();
    if (now === null || (told !== null && now.atUtcMs - told.atUtcMs < tellEveryMs)) return;
    if (toldAnew(told, now)) tell();
  };
  const begin = (): ResidueWatch => {
    since = ports.clock.now().utcMs;
    return startResidueWatch({
      plan,
      ports,
      sessions: (instance) => sessionsOn(ground, { run: runner.run(), since }, instance),
      looked,
      failed: (what, error) => ground.tell(`The program is wrong: ${what} failed (${reasonOf(error)}).`),
    });
  };
  const keep = (run: Run): void => {
    if (isSwitched(run)) watch ??= begin();
    else {
      void watch?.stop();
      watch = null;
    }
    if (run.phase === 'ended' && !toldAtEnd) {
      toldAtEnd = true;
      tell();
    }
  };
  keep(runner.run());
  runner.onChange(keep);
  return { seen, stop: async () => watch?.stop() };
}

/** Past the minute, with the writes at the target: a run that was taken back has everybody where they were. */
function isSwitched({ ponrAt, phase, outcome }: Run): boolean {
  if (ponrAt === null) return false;
  return phase === 'watching' || phase === 'closing' || (phase === 'ended' && outcome === 'done');
}

/**
 * Clients that are not this cockpit's own: its sessions stay until Close. The slow reads rested in the minute: who was
 * there before the switch had not been asked to leave.
 */
function sessionsOn(
  { parts: { ports }, observer }: RunGround,
  { run, since }: { readonly run: Run; readonly since: number },
  instance: string,
): Observation<readonly SourceSession[]> {
  const activity = observer.snapshot().instances[instance]?.activity;
  const now = ports.clock.now().utcMs;
  if (activity === undefined) return unknown('it is not watched', now, instance);
  if (activity.kind === 'unknown') return activity;
  if (activity.takenAt < since) return unknown('it was not looked at since the switch', now, instance);
  const own = new Set([
    ...Object.values(observer.threads()[instance] ?? {}),
    ...Object.values(run.threads[instance] ?? {}),
  ]);
  return { ...activity, value: activity.value.sessions.filter(({ thread }) => !own.has(thread)) };
}
