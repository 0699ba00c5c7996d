import { expect, test } from 'vitest';
import { drawNight } from './draw-night.ts';
import { inPassage } from './passage.ts';
import { playNight } from './play-night.ts';

const nights = 36;

test(
  'a cockpit that comes back after the second stage keeps every rule, and people conclude what went back to the source',
  { timeout: 600_000 },
  async () => {
    const seen: Record<string, number> = {};
    const violations: string[] = [];
    let played = 0;
    for (let seed = 1; played < nights; seed += 1) {
      const script = inPassage(drawNight(seed));
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
