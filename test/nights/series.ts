import { drawNight, type Allowed } from './draw-night.ts';
import type { Mode } from './night-script.ts';
import { playNight, type Played } from './play-night.ts';
import type { Violation } from './scene.ts';
import { startTally, type Coverage } from './tally.ts';

export type Failure = { readonly seed: number; readonly violations: readonly Violation[] };

export type Series = {
  readonly from: number;
  readonly seeds: number;
  readonly mode: Mode;
  readonly allowed: Allowed;
};

/** What a series of nights came to; the shape that `simulate` prints. */
export type SeriesResult = {
  readonly seeds: number;
  readonly from: number;
  readonly mode: Mode;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Broken rules, one line a night and rule. */
  readonly violations: readonly string[];
  /** By the clock on the wall, with all jobs together, everything included. */
  readonly seedsPerSecond: number;
  /** By the processor time that this process used: what a core does that it has for itself. */
  readonly seedsPerProcessorSecond: number;
  readonly simulatedSecondsPerSecond: number;
  readonly coverage: Coverage;
};

/** The journal of one night in so many is hashed, verified and parsed as well as folded. */
const thoroughEvery = 16;
const tellEveryMs = 15_000;

/** One night of a series, for a thread that plays it. */
export type Playing = { readonly series: Series; readonly seed: number };

/** Plays the night of one seed, here or in a thread of its own. */
export type PlayOne = (series: Series, seed: number) => Promise<Played>;

/** Plays the night of one seed here. */
export function playSeed({ mode, allowed }: Series, seed: number): Promise<Played> {
  return playNight(drawNight(seed, mode, allowed), { thorough: seed % thoroughEvery === 0 });
}

/** How the nights of a series are played: `jobs` at a time, each by `play`. */
export type Players = { readonly jobs: number; readonly play: PlayOne };

const alone: Players = { jobs: 1, play: playSeed };

/** Plays nights, one after the other or several at a time; which ones broke a rule does not depend on it. */
export async function playSeries(
  series: Series,
  say: (text: string) => void,
  { jobs, play }: Players = alone,
): Promise<SeriesResult & { readonly failures: readonly Failure[] }> {
  const { from, seeds, mode, allowed } = series;
  const tally = startTally(allowed === 'all' && mode === 'safety');
  const failures: Failure[] = [];
  const begun = performance.now();
  const processor = process.cpuUsage();
  let told = begun;
  let simulatedMs = 0;
  let next = from;
  const playOn = async (): Promise<void> => {
    for (let seed = next++; seed < from + seeds; seed = next++) {
      const played = await play(series, seed);
      tally.add(played);
      simulatedMs += played.simulatedMs;
      if (played.violations.length > 0) failures.push({ seed, violations: played.violations });
      if (performance.now() - told < tellEveryMs) continue;
      told = performance.now();
      say(`${seed - from + 1} nights, ${failures.length} with a broken rule`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, playOn));
  failures.sort((left, right) => left.seed - right.seed);
  const tookSeconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(processor);
  return {
    seeds,
    from,
    mode,
    outcomes: tally.outcomes(),
    violations: failures.flatMap(({ seed, violations }) =>
      violations.map(({ law, rule, seen }) => `seed ${seed}: ${law} ${rule}: ${seen}`),
    ),
    seedsPerSecond: perSecond(seeds, tookSeconds),
    seedsPerProcessorSecond: perSecond(seeds, (user + system) / 1e6),
    simulatedSecondsPerSecond: perSecond(simulatedMs / 1_000, tookSeconds),
    coverage: tally.coverage(),
    failures,
  };
}

function perSecond(count: number, seconds: number): number {
  return Math.round((10 * count) / Math.max(seconds, 0.001)) / 10;
}
