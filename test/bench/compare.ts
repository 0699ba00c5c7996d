import type { Lab } from '../lab/start-lab.ts';
import type { Via } from './bench-plan.ts';
import { describeProfile } from './profile.ts';
import { differenceOfMedians, interval95, median, ratioOfMedians, rounded, type Pair } from './statistics.ts';
import { bareSwitch, cockpitSwitch, type CockpitSwitch } from './switches.ts';

export type Compared = { readonly oneWriter: readonly Pair[]; readonly eightWriters: readonly Pair[] };
export type Say = (text: string) => void;
export type Options = {
  readonly pairs: number;
  readonly via: Via;
  readonly profile: boolean;
  readonly say: Say;
};

/** Bare and cockpit, one writer and eight, in turns: whatever the machine does, it does to all of them. */
export async function compareSwitches(lab: Lab, { pairs, via, profile, say }: Options): Promise<Compared> {
  const found: Record<1 | 8, Pair[]> = { 1: [], 8: [] };
  for (let pair = 1; pair <= pairs; pair += 1) {
    for (const writers of [1, 8] as const) {
      const one = { chains: ['orders'], written: ['orders'], writers, via };
      const bare = async (): Promise<number> => longest(await bareSwitch(lab, one));
      const cockpit = async (): Promise<number> => {
        const switched = await cockpitSwitch(lab, one);
        if (profile) say(describeProfile(switched));
        return longest(switched.seen);
      };
      const [bareMs, cockpitMs] = await inTurn(pair, [bare, cockpit]);
      found[writers].push({ bareMs, cockpitMs });
      say(
        `pair ${pair}/${pairs}, ${writers} writer${writers === 1 ? '' : 's'}: bare ${bareMs.toFixed(1)} ms, cockpit ${cockpitMs.toFixed(1)} ms`,
      );
    }
  }
  return { oneWriter: found[1], eightWriters: found[8] };
}

/** Two chains at once by one chain, both by the cockpit, while both chains are written to. */
export async function compareTwoChains(lab: Lab, { pairs, via, say }: Options): Promise<number> {
  const both = ['orders', 'content'];
  const ones: number[] = [];
  const twos: number[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const by = (chains: readonly string[]) => async (): Promise<number> =>
      longest((await cockpitSwitch(lab, { chains, written: both, writers: 1, via })).seen);
    const [oneMs, twoMs] = await inTurn(pair, [by(['orders']), by(both)]);
    ones.push(oneMs);
    twos.push(twoMs);
    say(`pair ${pair}/${pairs}: one chain ${oneMs.toFixed(1)} ms, two at once ${twoMs.toFixed(1)} ms`);
  }
  return rounded(median(twos) / median(ones), 3);
}

/** The figures of the two comparisons, as the benchmark prints them. */
export function figuresOf({ oneWriter, eightWriters }: Compared): {
  readonly oneWriter: Readonly<Record<string, unknown>>;
  readonly eightWriters: Readonly<Record<string, unknown>>;
} {
  return {
    oneWriter: {
      ...mediansOf(oneWriter),
      differenceMs: rounded(differenceOfMedians(oneWriter), 1),
      interval95: interval95(oneWriter, differenceOfMedians).map((end) => rounded(end, 1)),
    },
    eightWriters: {
      ...mediansOf(eightWriters),
      ratio: rounded(ratioOfMedians(eightWriters), 3),
      interval95: interval95(eightWriters, ratioOfMedians).map((end) => rounded(end, 3)),
    },
  };
}

function mediansOf(pairs: readonly Pair[]): {
  readonly bareMedianMs: number;
  readonly cockpitMedianMs: number;
} {
  return {
    bareMedianMs: rounded(median(pairs.map(({ bareMs }) => bareMs)), 1),
    cockpitMedianMs: rounded(median(pairs.map(({ cockpitMs }) => cockpitMs)), 1),
  };
}

/** The longest freeze of all chains that were switched together. */
const longest = (seen: CockpitSwitch['seen']): number => Math.max(...seen.map(({ freezeMs }) => freezeMs));

/** Does both; which of them comes first alternates from pair to pair. */
async function inTurn(
  pair: number,
  [first, second]: readonly [() => Promise<number>, () => Promise<number>],
): Promise<readonly [number, number]> {
  if (pair % 2 === 1) {
    const one = await first();
    return [one, await second()];
  }
  const two = await second();
  return [await first(), two];
}
