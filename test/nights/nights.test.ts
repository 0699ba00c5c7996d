import { describe, expect, test } from 'vitest';
import { drawNight } from './draw-night.ts';
import type { Mode } from './night-script.ts';
import { playNight } from './play-night.ts';
import { playSeries } from './series.ts';
import { simpler } from './shrink.ts';

/** How many nights of each mode the ordinary suite plays; `npm run simulate` plays any number. */
const nights = { safety: 100, liveness: 40 } as const;

describe('nights drawn by lot', () => {
  test.each(['safety', 'liveness'] as const satisfies readonly Mode[])(
    'break no rule (%s)',
    { timeout: 300_000 },
    async (mode) => {
      const result = await playSeries(
        { from: 1, seeds: nights[mode], mode, allowed: 'all' },
        () => undefined,
      );
      expect(result.violations).toEqual([]);
      expect(Object.keys(result.outcomes)).toEqual(expect.arrayContaining(['done', 'thawed']));
    },
  );

  test('that nothing disturbs are done and closed', async () => {
    const result = await playSeries(
      { from: 1, seeds: 8, mode: 'safety', allowed: ['slow-commit'] },
      () => undefined,
    );
    expect(result.violations).toEqual([]);
    expect(result.coverage.furthest['close']).toBeGreaterThan(0);
  });

  test('are the same when they are played again, event by event', { timeout: 60_000 }, async () => {
    const play = async (): Promise<readonly string[]> => {
      const lines: string[] = [];
      await playNight(drawNight(9), { trace: (line) => lines.push(line), thorough: true });
      return lines;
    };
    const first = await play();
    expect(first.length).toBeGreaterThan(50);
    expect(await play()).toEqual(first);
  });

  test('become simpler one thing at a time', () => {
    const script = drawNight(9);
    const candidates = simpler(script);
    expect(candidates.length).toBeGreaterThanOrEqual(script.happenings.length);
    for (const candidate of candidates) expect(candidate).not.toEqual(script);
  });
});
