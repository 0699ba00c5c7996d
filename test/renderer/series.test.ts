import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignLines } from '../../renderer/observations/align-lines.ts';
import { Ring, Series, lagLine } from '../../renderer/store/series.ts';

test('a ring keeps the newest points in order, with gaps as null', () => {
  const value = fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: null });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (values, capacity) => {
      const ring = new Ring(capacity);
      values.forEach((one, index) => ring.add(index, one));
      const seen: (readonly [number, number | null])[] = [];
      ring.each(0, (at, one) => seen.push([at, one]));
      expect(seen).toEqual(values.map((one, index) => [index, one] as const).slice(-capacity));
    }),
  );
});

test('lines over one axis: what was not sampled is undefined, what is unknown is a gap', () => {
  const [left, right] = [new Ring(9), new Ring(9)];
  left.add(1_000, 5);
  left.add(2_000, null);
  right.add(2_000, 7);
  expect(alignLines([left, right, undefined], 0)).toEqual([
    [1, 2],
    [5, null],
    [undefined, 7],
    [undefined, undefined],
  ]);
});

test('a point reaches its line and those who wait for it', () => {
  const series = new Series();
  let told = 0;
  const end = series.subscribe(() => (told += 1));
  series.add({
    atUtcMs: 1,
    lag: [{ from: 'a', to: 'b', lagMs: 3 }],
    writes: [{ instance: 'a', perSecond: 2 }],
  });
  end();
  series.add({ atUtcMs: 2, lag: [], writes: [] });
  expect(told).toBe(1);
  expect(series.line(lagLine({ from: 'a', to: 'b' }))?.size).toBe(1);
  expect(series.newestUtcMs).toBe(2);
});
