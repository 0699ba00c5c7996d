import { expect, test } from 'vitest';
import { drawNight } from './draw-night.ts';
import type { Happening } from './night-script.ts';
import { inPassage } from './passage.ts';
import { playNight } from './play-night.ts';

const nights = 36;
/** Nights whose first chain has one source master, with slaves behind it. */
const alone = 6;

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

test(
  'where the switch that opened a source is not heard, nobody opens its target',
  { timeout: 300_000 },
  async () => {
    const host = { hostOf: { role: 'source-master', nth: 1 } } as const;
    const violations: string[] = [];
    let held = 0;
    // The slave's switch alone is heard, which opens nothing: told to let go, it would let go the lock of the target.
    for (let seed = 1, played = 0; played < alone; seed += 1) {
      const script = inPassage(drawNight(seed), { kind: 'host-unreachable', host });
      const [source] = script?.plan.chains.map((chain) => chain.source) ?? [];
      if (script === null || source?.masters.length !== 1 || source.slaves.length === 0) continue;
      played += 1;
      const night = await playNight({ ...script, happenings: script.happenings.map(noticed) });
      if (night.passed && night.outcome === 'needs-operator') held += 1;
      violations.push(...night.violations.map(({ rule, seen }) => `seed ${seed}: ${rule}: ${seen}`));
    }
    expect(violations).toEqual([]);
    expect(held).toBeGreaterThan(0);
  },
);

/** What a dead cockpit leaves on a server that nobody reaches is another matter. */
function noticed(each: Happening): Happening {
  return each.kind === 'crash' ? { ...each, crash: { ...each.crash, noticed: true } } : each;
}
