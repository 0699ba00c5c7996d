import type { Fault } from '../../shared/plan/scenario.ts';
import { switchOf } from '../../shared/plan/switches.ts';
import type { StepId } from '../../shared/steps/order.ts';
import type { Happening, NightScript } from './night-script.ts';

/** Longer than a second stage waits, and long enough for what it does then, ms. */
const goneMs = 30_000;
/** From the first proof of the fence on: every second stage is over by then, and nobody is back yet, ms. */
const meanwhileMs = 20_000;
const steps: readonly StepId[] = ['claim', 'last-look', 'persist-fence', 'promote'];

/**
 * The night of a seed made into one whose every source opens again by itself, and on which nothing happens but that its
 * cockpit dies in the narrow passage and comes back behind the second stage. Nights by lot meet that too seldom. `fault`:
 * what happens meanwhile, once the switches have acted. Null: not every source of that night's plan opens by itself.
 */
export function inPassage(drawn: NightScript, fault?: Fault): NightScript | null {
  const { plan, seed } = drawn;
  const isBack = plan.chains.every((chain) => {
    const said = switchOf(plan, chain);
    return said.kind === 'armed' && said.secondStage;
  });
  if (!isBack) return null;
  const happenings: Happening[] = [
    {
      kind: 'crash',
      crash: {
        step: steps[seed % steps.length] ?? 'claim',
        records: 1 + (seed % 5),
        edge: seed % 2 === 0 ? 'after' : 'before',
        noticed: seed % 3 === 0,
        goneMs,
      },
    },
    { kind: 'act', act: { kind: 'retry', pauseMs: 500, times: 4 } },
  ];
  const when = { after: 'proveFence', count: 1, delayMs: meanwhileMs } as const;
  if (fault !== undefined) happenings.push({ kind: 'fault', fault: { when, fault } });
  return { ...drawn, happenings, back: null };
}
