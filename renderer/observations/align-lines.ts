import type { Ring } from '../store/series.ts';

type Lines = [number[], ...(number | null | undefined)[][]];

/** Several lines over one axis of seconds, as the chart wants them: null is a gap, undefined was not sampled then. */
export function alignLines(rings: readonly (Ring | undefined)[], sinceUtcMs: number): Lines {
  const rows = new Map<number, (number | null | undefined)[]>();
  rings.forEach((ring, index) => {
    ring?.each(sinceUtcMs, (atUtcMs, value) => {
      let row = rows.get(atUtcMs);
      if (row === undefined) {
        row = new Array<number | null | undefined>(rings.length).fill(undefined);
        rows.set(atUtcMs, row);
      }
      row[index] = value;
    });
  });
  const times = [...rows.keys()].sort((left, right) => left - right);
  return [
    times.map((time) => time / 1000),
    ...rings.map((_ring, index) => times.map((time) => rows.get(time)?.[index])),
  ];
}
