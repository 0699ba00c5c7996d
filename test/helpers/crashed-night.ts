import { failed, ok } from '../../shared/lib/result.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { LeftRun } from '../../main/engine/left-run.ts';
import type { Journal } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { dyingAt, mortal } from './crash.ts';
import { drive, endOf, memoryJournal, rehearse, type Rehearsed, type RehearsalOptions } from './rehearsal.ts';

/** Where a cockpit dies, and what the world does until somebody takes the run up again. */
export type Crash = {
  readonly flavor: Flavor;
  /** Default: the reference case. */
  readonly plan?: Plan;
  readonly record: number;
  readonly edge: 'before' | 'after';
  /** Whether the servers notice that its connections are gone. */
  readonly noticed: boolean;
  /** How long nobody is there, ms. */
  readonly goneMs?: number;
  readonly faults?: RehearsalOptions['faults'];
  /** Between the crash and the resume. */
  readonly meanwhile?: (simulator: Simulator) => Promise<void> | void;
  /** The run's journal, and how the second cockpit finds it; default: one in memory. */
  readonly journal?: Journal;
  readonly reopened?: () => Journal;
  /** Looked at and taken up as from the screen: by the id of the run that was left, and the digest of its plan. */
  readonly atScreen?: { readonly seen: (left: LeftRun | null) => void; readonly planDigest?: string };
};

export type CrashedNight = Rehearsed & {
  /** Where things stood, as the second cockpit said; null: it refused, and `refused` says why. */
  readonly stands: string | null;
  /** Whether the cockpit died at all: the night may be shorter than the record. */
  readonly died: boolean;
  readonly planJournal: Journal;
  readonly second: Cockpit;
};

/** Rehearses a night whose cockpit dies at a record, and takes its run up again with another cockpit on the same world. */
export async function crashedNight(crash: Crash): Promise<CrashedNight> {
  const journal = crash.journal ?? memoryJournal();
  const planJournal = memoryJournal();
  const place: { simulator: Simulator | null } = { simulator: null };
  const life = mortal(() => {
    if (place.simulator === null) throw new Error('There is no world yet.');
    return place.simulator;
  }, crash.noticed);
  const first = await rehearse({
    flavor: crash.flavor,
    ...(crash.plan === undefined ? {} : { plan: crash.plan }),
    ...(crash.faults === undefined ? {} : { faults: crash.faults }),
    planJournal,
    journal: dyingAt(journal, crash, life.die),
    ports: (ports, simulator) => {
      place.simulator = simulator;
      return life.ports(ports);
    },
    until: (_run, measured) => life.isDead() || measured !== null,
  });
  const { simulator } = first;
  await simulator.clock.run(simulator.clock.nowMs() + (crash.goneMs ?? 5_000));
  await crash.meanwhile?.(simulator);
  const found = crash.reopened?.() ?? journal;
  const second = startCockpit({
    ...first.cockpit.parts,
    ports: simulator.ports,
    planJournal,
    ...(crash.atScreen?.planDigest === undefined ? {} : { planDigest: crash.atScreen.planDigest }),
    openRunJournal: () => ({ runId: 'rehearsal-02', journal: memoryJournal() }),
    leftRuns: {
      read: () => ok(found.read()),
      reopen: () => ok({ journal: found }),
      keep: () => failed('nothing is fetched here'),
    },
  });
  crash.atScreen?.seen(second.left());
  const taken =
    crash.atScreen === undefined
      ? second.resume('Dana', { journal: found })
      : second.resumeLeft('Dana', second.left()?.runId ?? '');
  const resumed = await drive(simulator, taken, 60_000);
  const night = resumed.ok ? resumed.value.night : null;
  await simulator.clock.run(
    () => night === null || night.measured() !== null,
    simulator.clock.nowMs() + 200_000,
  );
  return {
    ...first,
    ...endOf(simulator),
    run: night?.run() ?? null,
    refused: resumed.ok ? null : resumed.error,
    measured: night?.measured() ?? null,
    records: found.read(),
    stands: resumed.ok ? resumed.value.stands : null,
    died: life.isDead(),
    planJournal,
    second,
  };
}
