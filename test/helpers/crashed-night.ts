import type { Flavor } from '../../shared/sessions/identity.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { Journal } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { dyingAt, mortal } from './crash.ts';
import { drive, endOf, memoryJournal, rehearse, type Rehearsed, type RehearsalOptions } from './rehearsal.ts';

/** Where a cockpit dies, and what the world does until somebody takes the run up again. */
export type Crash = {
  readonly flavor: Flavor;
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
    openRunJournal: () => ({ runId: 'rehearsal-02', journal: memoryJournal() }),
  });
  const resumed = await drive(simulator, second.resume('Dana', { journal: found }), 60_000);
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
