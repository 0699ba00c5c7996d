import { expect, test } from 'vitest';
import { switchOf } from '../../shared/plan/switches.ts';
import type { StepId } from '../../shared/steps/order.ts';
import { drawNight } from './draw-night.ts';
import type { Happening, NightScript } from './night-script.ts';
import { playNight } from './play-night.ts';

/** Longer than a second stage waits, and long enough for what it does then. */
const goneMs = 30_000;
const nights = 36;
const steps: readonly StepId[] = ['claim', 'last-look', 'persist-fence', 'promote'];

/** A night of that seed whose every source opens again by itself, and on which nothing happens but that its cockpit dies. */
function inPassage(seed: number): NightScript | null {
  const drawn = drawNight(seed);
  const isBack = drawn.plan.chains.every((chain) => {
    const said = switchOf(drawn.plan, chain);
    return said.kind === 'armed' && said.secondStage;
  });
  if (!isBack) return null;
  const happenings: readonly Happening[] = [
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
  return { ...drawn, happenings, back: null };
}

test(
  'a cockpit that comes back after the second stage keeps every rule, and people conclude what went back to the source',
  { timeout: 600_000 },
  async () => {
    const seen: Record<string, number> = {};
    const violations: string[] = [];
    let played = 0;
    for (let seed = 1; played < nights; seed += 1) {
      const script = inPassage(seed);
      if (script === null) continue;
      played += 1;
      const night = await playNight(script);
      const name = `${night.outcome}${night.passed ? ' behind the point of no return' : ''}`;
      seen[name] = (seen[name] ?? 0) + 1;
      violations.push(...night.violations.map(({ rule, seen: what }) => `seed ${seed}: ${rule}: ${what}`));
    }
    expect(violations).toEqual([]);
    // Back before it, concluded at the source behind it, and forward where a target was open already.
    expect(Object.keys(seen)).toEqual(
      expect.arrayContaining([
        'thawed',
        'thawed behind the point of no return',
        'done behind the point of no return',
      ]),
    );
  },
);
