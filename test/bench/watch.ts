import type { Lab } from '../lab/start-lab.ts';
import { chains } from '../lab/topology.ts';
import { wholePlan } from './bench-plan.ts';
import { pause } from './bounds.ts';
import { readyCockpit } from './cockpit-switch.ts';
import type { Say } from './compare.ts';
import { resetChains } from '../lab/reset.ts';
import { median, quantile, rounded } from './statistics.ts';
import type { Write } from './writer-order.ts';
import { startWriters } from './writers.ts';

const writersPerChain = 8;
const flatOutMs = 6_000;
const windowMs = 6_000;
/** What a beginning or an end of watching stirs up is over after this time. */
const settleMs = 2_000;

export type Watched = { readonly throughputPercent: number; readonly p99Ratio: number };

type Window = { readonly attached: boolean; readonly from: number; readonly until: number };

/** What watching costs the databases: a paced load with the cockpit attached and detached, in turns. */
export async function compareWatching(
  lab: Lab,
  { pairs, say }: { readonly pairs: number; readonly say: Say },
): Promise<Watched> {
  await resetChains(lab);
  const flatOut = await rateFlatOut(lab);
  const perWriter = flatOut / 2 / (writersPerChain * chains.length);
  say(`flat-out: ${flatOut.toFixed(0)} writes a second on ${chains.length} chains; paced at half of that`);
  await resetChains(lab);
  const plan = wholePlan(lab);
  // Prepared once, before the first window: it is not a part of watching.
  await (await readyCockpit(lab, plan)).close();
  const writers = await startWriters(lab, {
    chains,
    writers: writersPerChain,
    perSecond: perWriter,
    limitMs: pairs * 2 * (windowMs + settleMs + 30_000),
  });
  const windows: Window[] = [];
  try {
    for (let pair = 1; pair <= pairs; pair += 1) {
      for (const attached of pair % 2 === 1 ? [true, false] : [false, true])
        windows.push(await oneWindow(lab, plan, attached));
      say(`pair ${pair}/${pairs} watched and unwatched`);
    }
  } catch (error) {
    await writers.stop().catch(() => undefined);
    throw error;
  }
  return judgeWindows(windows, await writers.stop());
}

async function rateFlatOut(lab: Lab): Promise<number> {
  const writers = await startWriters(lab, { chains, writers: writersPerChain });
  await pause(flatOutMs);
  const writes = (await writers.stop()).filter(({ outcome }) => outcome === 'acknowledged');
  const ends = writes.map(({ endedAt }) => endedAt);
  const first = ends.reduce((a, b) => Math.min(a, b), Infinity);
  const last = ends.reduce((a, b) => Math.max(a, b), 0);
  return (1_000 * writes.length) / (last - first);
}

async function oneWindow(lab: Lab, plan: string, attached: boolean): Promise<Window> {
  const cockpit = attached ? await readyCockpit(lab, plan) : null;
  try {
    await pause(settleMs);
    const from = clock();
    await pause(windowMs);
    return { attached, from, until: clock() };
  } finally {
    await cockpit?.close();
  }
}

/** The same clock that the writers write down. */
const clock = (): number => performance.timeOrigin + performance.now();

function judgeWindows(windows: readonly Window[], writes: readonly Write[]): Watched {
  const seen = windows.map(({ attached, from, until }) => {
    const inside = writes.filter(
      ({ outcome, endedAt }) => outcome === 'acknowledged' && endedAt >= from && endedAt < until,
    );
    return {
      attached,
      perMs: inside.length / (until - from),
      p99Ms: quantile(
        inside.map(({ startedAt, endedAt }) => endedAt - startedAt),
        0.99,
      ),
    };
  });
  const watched = seen.filter(({ attached }) => attached);
  const alone = seen.filter(({ attached }) => !attached);
  const ratios = (figure: (one: (typeof seen)[number]) => number): readonly number[] =>
    watched.flatMap((one, index) => {
      const other = alone[index];
      return other === undefined ? [] : [figure(one) / figure(other)];
    });
  return {
    throughputPercent: rounded(100 * median(ratios(({ perMs }) => perMs)), 2),
    p99Ratio: rounded(median(ratios(({ p99Ms }) => p99Ms)), 3),
  };
}
