import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeClock } from '../../main/simulator/clock.ts';
import { night } from './night.ts';
import { smallPlan } from './small-plan.ts';

function clockAt(startUtcMs: number) {
  return makeClock({ startUtcMs, move: () => undefined });
}

describe('the simulated clock', () => {
  test('fires timers by time, then in the order they were made, whatever order that is', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 60 }), (delays) => {
        const clock = clockAt(0);
        const fired: (readonly [number, number])[] = [];
        for (const [index, ms] of delays.entries()) clock.in(ms, () => fired.push([ms, index]));
        clock.advance(100);
        const expected = delays
          .map((ms, index) => [ms, index] as const)
          .sort((left, right) => left[0] - right[0] || left[1] - right[1]);
        expect(fired).toEqual(expected);
      }),
    );
  });

  test('does not fire a cancelled timer and passes time all the same', () => {
    const clock = clockAt(1_000);
    let fired = false;
    clock.port.after(5, () => (fired = true)).cancel();
    clock.advance(10);
    expect(fired).toBe(false);
    expect(clock.port.now()).toEqual({ utcMs: 1_010, monoMs: 10 });
  });

  test('gives the code behind an answer its turn before more time passes', async () => {
    const clock = clockAt(0);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await new Promise<void>((resolve) => void clock.port.after(10, resolve));
        await Promise.resolve().then(() => Promise.resolve());
        seen.push(clock.nowMs());
      }
    };
    void loop();
    await clock.run(100);
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.nowMs()).toBe(100);
  });

  test('runs until a predicate holds, or until its limit', async () => {
    const clock = clockAt(0);
    let count = 0;
    const again = (): void => {
      count += 1;
      clock.in(10, again);
    };
    again();
    expect(await clock.run(() => count === 4)).toBe(true);
    expect(clock.nowMs()).toBe(30);
    expect(await clock.run(() => count === 1_000, 50)).toBe(false);
    expect(clock.nowMs()).toBe(80);
  });

  test('catches up with real time, also when told again meanwhile', async () => {
    const clock = clockAt(0);
    const seen: number[] = [];
    clock.in(3, () => void seen.push(clock.nowMs()));
    clock.in(7, () => void seen.push(clock.nowMs()));
    await Promise.all([clock.pump(5), clock.pump(5)]);
    expect(seen).toEqual([3, 7]);
    expect(clock.nowMs()).toBe(10);
  });
});

test('a wait for a position ends with its slice at any moment, however fractions add up', async () => {
  const world = night(smallPlan({ writesPerSecond: 0 }));
  const look = await world.open('orders-t1', 'look');
  const never = { flavor: 'mariadb', file: null, offset: null, gtid: '0-9-99999999999' } as const;
  for (let round = 0; round < 40; round++) {
    const { waitedMs } = await world.value(look, 'waitApplied', { position: never, sliceMs: 97.3 });
    expect(waitedMs).toBeCloseTo(97.3, 1);
  }
});
