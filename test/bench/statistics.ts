/** The figures the benchmark ends with: medians, and intervals by bootstrap over pairs. */

/** One switch of each kind, made one after the other. */
export type Pair = { readonly bareMs: number; readonly cockpitMs: number };

const draws = 10_000;
/** The same runs give the same interval. */
const seed = 20_261_123;

/** Middle of the values; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A quantile by linear interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** 95 % interval of a figure over pairs, by drawing pairs with replacement. */
export function interval95<P>(
  pairs: readonly P[],
  figure: (pairs: readonly P[]) => number,
): readonly [number, number] {
  const random = mulberry32(seed);
  const figures = Array.from({ length: draws }, () =>
    figure(pairs.map((same) => pairs[Math.floor(random() * pairs.length)] ?? same)),
  );
  return [quantile(figures, 0.025), quantile(figures, 0.975)];
}

/** Median of the cockpit's minus median of the bare switches. */
export function differenceOfMedians(pairs: readonly Pair[]): number {
  return median(pairs.map(({ cockpitMs }) => cockpitMs)) - median(pairs.map(({ bareMs }) => bareMs));
}

/** Median of the cockpit's by median of the bare switches. */
export function ratioOfMedians(pairs: readonly Pair[]): number {
  return median(pairs.map(({ cockpitMs }) => cockpitMs)) / median(pairs.map(({ bareMs }) => bareMs));
}

/** Median over pairs of the cockpit's by the bare one's: each pair was measured side by side, so drift cancels. */
export function medianOfRatios(pairs: readonly Pair[]): number {
  return median(pairs.map(({ bareMs, cockpitMs }) => cockpitMs / bareMs));
}

/** A small seeded generator: figures need to repeat, not to be unpredictable. */
function mulberry32(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Rounded for people: one decimal of a millisecond, three of a ratio. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
