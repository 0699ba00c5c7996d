import { execFileSync } from 'node:child_process';
import type { Lab } from '../lab/start-lab.ts';
import { chains } from '../lab/topology.ts';
import { wholePlan } from './bench-plan.ts';
import { pause } from './bounds.ts';
import { readyCockpit } from './cockpit-switch.ts';
import type { Say } from './compare.ts';
import { resetChains } from '../lab/reset.ts';
import { interval95, median, medianOfRatios, quantile, rounded, type Pair } from './statistics.ts';
import type { Write } from './writer-order.ts';
import { startWriters } from './writers.ts';

const writersPerChain = 8;
const flatOutMs = 6_000;
const windowMs = 6_000;
/** What a beginning or an end of watching stirs up is over after this time. */
const settleMs = 2_000;

export type Watched = Compared & {
  readonly p99AloneMs: number;
  /** The same with the cockpit's own work on the very cores of the databases. */
  readonly sharedCores: Compared;
};

type Compared = {
  readonly throughputPercent: number;
  readonly p99Ratio: number;
  /** Bootstrap over pairs of the median of `p99Ratio`. */
  readonly p99Interval95: readonly number[];
};

/**
 * `beside`: the cockpit's process only gets what the databases leave over, as if it ran on a laptop of its own; what it
 * asks the servers and their sshd to do is theirs. `shared`: it competes with the ten servers for this machine's cores.
 */
type Arm = 'alone' | 'beside' | 'shared';
const arms: readonly Arm[] = ['beside', 'alone', 'shared'];

type Window = { readonly arm: Arm; readonly from: number; readonly until: number };

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
    limitMs: pairs * arms.length * (windowMs + settleMs + 30_000),
  });
  const windows: Window[] = [];
  try {
    for (let pair = 1; pair <= pairs; pair += 1) {
      for (const arm of pair % 2 === 1 ? arms : arms.toReversed())
        windows.push(await oneWindow(lab, plan, arm));
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

async function oneWindow(lab: Lab, plan: string, arm: Arm): Promise<Window> {
  const cockpit = arm === 'alone' ? null : await readyCockpit(lab, plan);
  try {
    if (arm === 'beside') runWhenIdle(true);
    await pause(settleMs);
    const from = clock();
    await pause(windowMs);
    return { arm, from, until: clock() };
  } finally {
    runWhenIdle(false);
    await cockpit?.close();
  }
}

/** Every thread of this process, which is the cockpit: the writers and the servers have processes of their own. */
function runWhenIdle(idle: boolean): void {
  execFileSync('chrt', ['--all-tasks', idle ? '--idle' : '--other', '--pid', '0', String(process.pid)]);
}

/** The same clock that the writers write down. */
const clock = (): number => performance.timeOrigin + performance.now();

function judgeWindows(windows: readonly Window[], writes: readonly Write[]): Watched {
  const seen = windows.map(({ arm, from, until }) => {
    const inside = writes.filter(
      ({ outcome, endedAt }) => outcome === 'acknowledged' && endedAt >= from && endedAt < until,
    );
    return {
      arm,
      perMs: inside.length / (until - from),
      p99Ms: quantile(
        inside.map(({ startedAt, endedAt }) => endedAt - startedAt),
        0.99,
      ),
    };
  });
  const alone = seen.filter(({ arm }) => arm === 'alone');
  const against = (which: Arm): Compared => {
    const watched = seen.filter(({ arm }) => arm === which);
    const pairsOf = (figure: 'perMs' | 'p99Ms'): readonly Pair[] =>
      watched.flatMap((one, index) => {
        const other = alone[index];
        return other === undefined ? [] : [{ bareMs: other[figure], cockpitMs: one[figure] }];
      });
    const p99s = pairsOf('p99Ms');
    return {
      throughputPercent: rounded(100 * medianOfRatios(pairsOf('perMs')), 2),
      p99Ratio: rounded(medianOfRatios(p99s), 3),
      p99Interval95: interval95(p99s, medianOfRatios).map((end) => rounded(end, 3)),
    };
  };
  return {
    ...against('beside'),
    p99AloneMs: rounded(median(alone.map(({ p99Ms }) => p99Ms)), 1),
    sharedCores: against('shared'),
  };
}
