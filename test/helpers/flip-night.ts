import { expect } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Cockpit } from '../../main/engine/cockpit.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { crashedNight } from './crashed-night.ts';
import { memoryJournal, rehearse, type Rehearsed } from './rehearsal.ts';

/** Nights that announce by a flip, of whichever kind. */

/** How many changes a zone took that change something: arming proves by one that does not that it may be changed. */
export function changesOf({ world }: Simulator): number {
  const { accepted } = present(world.hostedZones.get('shop'), 'the zone');
  return accepted.filter(({ comment }) => !comment.includes('written as it stands')).length;
}

export type FlipNight = {
  readonly plan: Plan;
  readonly faults?: readonly ScriptedFault[];
  /** Before the hold. */
  readonly preflight?: (simulator: Simulator) => void;
  /** At every event of the run, until the person presses. */
  readonly during?: (run: Run, simulator: Simulator) => void;
  /** What a person presses when the run waits for one, and what is mended before it. */
  readonly press: 'flip' | 'announce' | null;
  readonly mend?: (simulator: Simulator) => void;
};

/** Plays such a night, with a person who presses once, to its measured end. */
export function flipNight({
  plan,
  faults = [],
  preflight,
  during,
  press,
  mend,
}: FlipNight): Promise<Rehearsed> {
  const at: { cockpit?: Cockpit; simulator?: Simulator } = {};
  let pressed = press === null;
  let ended: unknown = null;
  const operator = (run: Run): void => {
    const simulator = present(at.simulator, 'a simulator');
    if (!pressed) during?.(run, simulator);
    if (pressed || press === null || run.outcome !== 'needs-operator') return;
    pressed = true;
    mend?.(simulator);
    simulator.ports.clock.after(2_000, () => void at.cockpit?.night()?.retry({ step: press, who: 'Dana' }));
  };
  return rehearse({
    plan,
    faults,
    preflight: (cockpit, simulator) => {
      Object.assign(at, { cockpit, simulator });
      preflight?.(simulator);
    },
    operator,
    until: (run, measured) => {
      if (run?.outcome !== 'done') {
        ended = measured;
        return press === null && measured !== null;
      }
      return measured !== null && measured !== ended;
    },
  });
}

/** No rule of the minute was broken, and its journal tells it. */
export function expectLawful({ violations, records, unintended }: Rehearsed): void {
  expect(violations).toEqual([]);
  expect(unintended).toEqual([]);
  expect(foldRun(records)).toMatchObject({ ok: true });
}

/** The cockpit dies around so many records of the flip: the next one looks, and no batch goes out by itself. */
export async function diesInTheFlip(
  plan: Plan,
  records: number,
  isFlipped: (simulator: Simulator) => void,
): Promise<void> {
  const journal = memoryJournal();
  await rehearse({ plan, flavor: 'mariadb', journal });
  const written = journal.read();
  const first = written.findIndex((record) => JSON.stringify(record).includes('"flip#1/'));
  expect(first).toBeGreaterThan(0);
  for (let record = first - 1; record < Math.min(written.length, first - 1 + records); record += 1)
    for (const edge of ['before', 'after'] as const) {
      const night = await crashedNight({ flavor: 'mariadb', plan, record, edge, noticed: record % 2 === 0 });
      expect(night.refused).toBeNull();
      expect(night.violations).toEqual([]);
      if (night.run?.outcome === 'done') isFlipped(night.simulator);
      expect(changesOf(night.simulator)).toBe(0);
    }
}
