import { present } from '../../shared/lib/assert.ts';
import { ok } from '../../shared/lib/result.ts';
import type { MeasuredRecord } from '../../shared/audit/record.ts';
import type { RunEvent } from '../../shared/steps/event.ts';
import type { Run } from '../../shared/steps/run.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { CockpitParts } from '../../main/engine/parts.ts';
import { readReversible, reversesOf } from '../../main/engine/reverse.ts';
import type { Journal, Ports } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { drive, endOf, memoryJournal, rehearse, type RehearsalOptions } from './rehearsal.ts';

export type WayBackOptions = {
  readonly forth?: RehearsalOptions;
  /** Between the way forth and the way back; default: ten seconds of the target's own writes. */
  readonly between?: (simulator: Simulator) => Promise<void>;
  /** The journal of the run that turns round; default: one in memory. */
  readonly journal?: Journal;
  /** Puts something between the engine of the way back and the world. */
  readonly ports?: (ports: Ports, simulator: Simulator) => Ports;
  readonly operator?: (run: Run, post: (event: RunEvent) => void) => void;
  readonly until?: (run: Run | null, measured: MeasuredRecord | null) => boolean;
};

/** A night forth, and the night that turns it round on the same world. */
export type WayBack = ReturnType<typeof endOf> & {
  readonly forth: Awaited<ReturnType<typeof rehearse>>;
  readonly cockpit: Cockpit;
  readonly parts: CockpitParts;
  readonly blocks: readonly string[];
  readonly refused: string | null;
  readonly run: Run | null;
  readonly measured: MeasuredRecord | null;
  readonly journal: Journal;
  readonly planJournal: Journal;
  readonly forthJournal: Journal;
  readonly simulator: Simulator;
};

/** Rehearses a night, lets its target take writes, and turns it round. */
export async function thereAndBack(options: WayBackOptions = {}): Promise<WayBack> {
  const forthJournal = options.forth?.journal ?? memoryJournal();
  const planJournal = memoryJournal();
  const forth = await rehearse({ ...options.forth, journal: forthJournal, planJournal });
  const { simulator } = forth;
  if (options.between === undefined) await simulator.clock.run(simulator.clock.nowMs() + 10_000);
  else await options.between(simulator);
  const journal = options.journal ?? memoryJournal();
  const parts = partsBack(forth, { forthJournal, planJournal, journal, options });
  const cockpit = startCockpit(parts);
  const over = <T>(promise: Promise<T>): Promise<T> => drive(simulator, promise, 60_000);
  await over(cockpit.observer.refresh());
  for (const { id } of parts.plan.checklists)
    cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who: 'unattended (test)' });
  await simulator.clock.run(simulator.clock.nowMs() + 3_000);
  const armed = await over(cockpit.arm('test', true));
  const night = armed.ok ? armed.value : null;
  const blocks = armed.ok ? armed.value.blocks : [armed.error];
  let refused: string | null = null;
  if (night !== null && blocks.length === 0) {
    const released = await over(cockpit.release({ hold: 'lock', permit: night.permit, who: 'test' }));
    refused = released.ok ? null : released.error;
    const runner = night.runner();
    runner?.onChange((run) => options.operator?.(run, (event) => runner.post(event)));
    const until = options.until ?? ((_run, measured) => measured !== null);
    await simulator.clock.run(
      () => refused !== null || until(night.run(), night.measured()),
      simulator.clock.nowMs() + 200_000,
    );
  }
  return {
    ...endOf(simulator),
    forth,
    cockpit,
    parts,
    blocks,
    refused,
    run: night?.run() ?? null,
    measured: night?.measured() ?? null,
    journal,
    planJournal,
    forthJournal,
    simulator,
  };
}

function partsBack(
  forth: WayBack['forth'],
  given: {
    readonly forthJournal: Journal;
    readonly planJournal: Journal;
    readonly journal: Journal;
    readonly options: WayBackOptions;
  },
): CockpitParts {
  const { simulator, cockpit } = forth;
  const read = readReversible(given.forthJournal);
  if (!read.ok) throw new Error(read.error);
  const { header, turned, head } = read.value;
  const ports = simulator.portsFor(turned.plan);
  return {
    ...cockpit.parts,
    plan: turned.plan,
    ports: given.options.ports?.(ports, simulator) ?? ports,
    planJournal: given.planJournal,
    openRunJournal: () => ({ runId: 'reverse-01', journal: given.journal }),
    reverses: reversesOf(
      { runId: header.runId, head, notes: turned.notes },
      {
        clock: ports.clock,
        journal: () => ok({ journal: given.forthJournal, close: () => undefined }),
        letGo: async () => {
          await present(cockpit, 'the cockpit of the way forth').stop();
        },
      },
    ),
  };
}
