import type { JournalRecord, MeasuredRecord } from '../../shared/audit/record.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Lab } from '../lab/start-lab.ts';
import { readyBareSwitch } from './bare-switch.ts';
import { chainsPlan, type Via } from './bench-plan.ts';
import { pause } from './bounds.ts';
import { GatesClosed, readyCockpit, type ReadyCockpit } from './cockpit-switch.ts';
import { judgeSwitch, type Seen } from './freeze.ts';
import { resetChains } from '../lab/reset.ts';
import type { Write } from './writer-order.ts';
import { startWriters } from './writers.ts';

/** What is compared: which chains are switched, and who writes meanwhile. */
export type Case = {
  readonly chains: readonly string[];
  /** Chains that the writers write to; the same in every case that is compared. */
  readonly written: readonly string[];
  readonly writers: number;
  readonly via: Via;
};

/** One switch by the cockpit, with what is needed to see where its time went. */
export type CockpitSwitch = {
  readonly seen: readonly Seen[];
  readonly run: Run;
  readonly journal: readonly JournalRecord[];
  /** What the cockpit's own clients measured; nothing where the plan has none. */
  readonly measured: MeasuredRecord | null;
};

const attempts = 3;

/** The writers write this long before a switch, and this long after both sides of it were seen. */
const leadMs = 1_000;
const tailMs = 150;

/** One bare switch from reset chains: what the outside writers saw. */
export async function bareSwitch(lab: Lab, one: Case): Promise<readonly Seen[]> {
  await resetChains(lab);
  const ready = await Promise.all(one.chains.map((chain) => readyBareSwitch(lab, chain)));
  try {
    const writes = await underLoad(lab, one, async () => {
      await Promise.all(ready.map(({ run }) => run()));
    });
    return await judgeAll(lab, one, writes);
  } finally {
    await Promise.all(ready.map(({ close }) => close()));
  }
}

/** One switch by the cockpit from reset chains: the same, seen by the same writers. */
export async function cockpitSwitch(
  lab: Lab,
  one: Case,
  planFile: string = chainsPlan(lab, one.chains, one.via),
): Promise<CockpitSwitch> {
  for (let attempt = 1; ; attempt += 1) {
    await resetChains(lab);
    const ready = await readyCockpit(lab, planFile);
    try {
      return await switchBy(ready, lab, one);
    } catch (error) {
      // Nothing was begun: on a busy machine a gate may close for a moment. Whatever fails later is a failure.
      if (!(error instanceof GatesClosed) || attempt === attempts) throw error;
      process.stderr.write(`  ${error.message}; trying again\n`);
    } finally {
      await ready.close();
    }
  }
}

async function switchBy(ready: ReadyCockpit, lab: Lab, one: Case): Promise<CockpitSwitch> {
  let run: Run | null = null;
  const writes = await underLoad(lab, one, async () => {
    await ready.arm();
    run = await ready.run();
  });
  const night = ready.composed.cockpit.night();
  const seen = await judgeAll(lab, one, writes);
  if (run === null) throw new Error('there was no run');
  return { seen, run, journal: night?.journal()?.read() ?? [], measured: night?.measured() ?? null };
}

/** Lets the writers write before, during and after a switch. When it fails they are stopped all the same. */
async function underLoad(lab: Lab, one: Case, act: () => Promise<void>): Promise<readonly Write[]> {
  const writers = await startWriters(lab, { chains: one.written, writers: one.writers });
  try {
    await pause(leadMs);
    await act();
    await Promise.all(one.chains.map((chain) => writers.targetOpen(chain)));
    await pause(tailMs);
  } catch (error) {
    await writers.stop().catch(() => undefined);
    throw error;
  }
  return writers.stop();
}

function judgeAll(lab: Lab, { chains }: Case, writes: readonly Write[]): Promise<readonly Seen[]> {
  return Promise.all(chains.map((chain) => judgeSwitch(lab, chain, writes)));
}
