import { closePlace, order } from '../../shared/steps/order.ts';
import { cellName, cells } from './cells.ts';
import { catalogue } from './draw-fault.ts';
import type { Played } from './play-night.ts';

/** What a series of nights met. A hole is a place that a long series did not meet often enough. */
export type Coverage = {
  readonly furthest: Readonly<Record<string, number>>;
  readonly passedPercent: number;
  /** Nights whose cockpit died between the fence and the promotion. */
  readonly crashedInsidePercent: number;
  readonly cells: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Ways back that were begun, by how they ended. */
  readonly back: Readonly<Record<string, number>>;
  /** Runs that another laptop took over, by how they ended. */
  readonly overtaken: Readonly<Record<string, number>>;
  /** How many places are looked at for a hole. */
  readonly places: number;
  readonly holes: readonly string[];
};

/** How many nights must be played before a hole counts, and how often each cell and each fault must have been met. */
export const wholeSeries = 5_000;
const leastHits = 20;
/** How ways back must end, each often enough; and runs that another laptop took over. */
const backEnds = ['done', 'thawed'] as const;
const leastPassedPercent = 30;
const leastCrashedPercent = 10;

export type Tally = {
  readonly add: (played: Played) => void;
  readonly outcomes: () => Readonly<Record<string, number>>;
  readonly coverage: () => Coverage;
};

/** Counts what nights came to. `judged`: a series that drew from the whole catalogue, where holes count. */
export function startTally(judged: boolean): Tally {
  const outcomes = new Map<string, number>();
  const furthest = new Map<string, number>([...order, closePlace].map(({ id }) => [id, 0]));
  const met = new Map<string, number>(cells.map((cell) => [cellName(cell), 0]));
  const faults = new Map<string, number>(catalogue.map((kind) => [kind, 0]));
  const back = new Map<string, number>(backEnds.map((end) => [end, 0]));
  const overtaken = new Map<string, number>(backEnds.map((end) => [end, 0]));
  let nights = 0;
  let passed = 0;
  let crashed = 0;
  return {
    add: (played) => {
      nights += 1;
      if (played.passed) passed += 1;
      if (played.diedInside) crashed += 1;
      count(outcomes, played.outcome);
      count(furthest, played.furthest);
      for (const cell of new Set(played.hits.map(({ step, way }) => `${step} × ${way}`)))
        if (met.has(cell)) count(met, cell);
      for (const kind of new Set(played.happened)) count(faults, kind);
      if (played.back !== null) count(back, played.back);
      if (played.overtaken) count(overtaken, played.outcome);
    },
    outcomes: () => Object.fromEntries(outcomes),
    coverage: () => {
      const percent = (part: number): number => (nights === 0 ? 0 : Math.round((1000 * part) / nights) / 10);
      const passedPercent = percent(passed);
      const crashedInsidePercent = percent(crashed);
      const ends = backEnds.flatMap((end) => [
        [`the way back ${end}`, back.get(end) ?? 0] as const,
        [`taken over and ${end}`, overtaken.get(end) ?? 0] as const,
      ]);
      const places = [...met, ...faults, ...ends];
      const rare = places.filter(([, hits]) => hits < leastHits);
      const holes = [
        ...rare.map(([name, hits]) => `${name}: met ${hits} times, expected ${leastHits}`),
        ...(passedPercent < leastPassedPercent
          ? [`${passedPercent} % of nights passed the point of no return, expected ${leastPassedPercent} %`]
          : []),
        ...(crashedInsidePercent < leastCrashedPercent
          ? [
              `the cockpit died inside the minute in ${crashedInsidePercent} % of nights, expected ${leastCrashedPercent} %`,
            ]
          : []),
      ];
      return {
        furthest: Object.fromEntries(furthest),
        passedPercent,
        crashedInsidePercent,
        cells: Object.fromEntries(met),
        faults: Object.fromEntries(faults),
        back: Object.fromEntries(back),
        overtaken: Object.fromEntries(overtaken),
        places: places.length + 2,
        holes: judged && nights >= wholeSeries ? holes : [],
      };
    },
  };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
