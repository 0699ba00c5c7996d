import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOn, startFaultGround, type FaultGround } from '../lab/faults/ground.ts';
import { patientLimits } from '../lab/faults/wires.ts';
import {
  cli,
  killedRun,
  newState,
  patiently,
  removeStates,
  runCli,
  takesWrites,
  type Ended,
} from '../lab/minute-ground.ts';
import { membersIn } from '../lab/lab-state.ts';
import type { Flavor } from '../lab/topology.ts';

/** A quiet night and its way back: how long writes were frozen in each, as the run's own clients saw it. */
export type ThereAndBack = { readonly forthMs: number; readonly backMs: number };

/** What one flavour's servers show: how long a source stays closed whose cockpit was killed, and freezes forth and back. */
export type OnServers = {
  readonly sigkillToWritableMs: number;
  /** The plan's own deadline, which that time is to be held against. */
  readonly deadMansSwitchMs: number;
  readonly pairs: readonly ThereAndBack[];
};

/** Measures on a lab of its own, and takes it down. */
export async function measureOnServers(
  flavor: Flavor,
  { nights, say }: { readonly nights: number; readonly say: (text: string) => void },
): Promise<OnServers> {
  const ground = await startFaultGround(flavor, 'disk');
  try {
    const pairs: ThereAndBack[] = [];
    for (let night = 1; night <= nights; night += 1) {
      const pair = await thereAndBack(ground);
      say(
        `${flavor}, night ${night}/${nights}: writes were frozen ${pair.forthMs} ms forth, ${pair.backMs} ms back`,
      );
      pairs.push(pair);
    }
    const sigkillToWritableMs = await killed(ground);
    say(`${flavor}: from SIGKILL to sources that take writes ${sigkillToWritableMs} ms`);
    return { sigkillToWritableMs, deadMansSwitchMs: patientLimits().deadMansSwitchMs, pairs };
  } finally {
    await ground.stop();
    removeStates();
  }
}

/** A whole run and its Reverse, under load; afterwards the source takes writes again, as before. */
async function thereAndBack(ground: FaultGround): Promise<ThereAndBack> {
  const { lab, planFile } = ground;
  const state = newState();
  const load = loadOn(ground);
  try {
    const forth = figuresOf(await patiently(() => runCli(state, planFile)));
    const back = figuresOf(await patiently(() => cli(state, 'reverse', forth.runId, '--json')));
    for (const { id, role } of membersIn(lab.state()))
      if (role === 'source-master') await takesWrites(lab, load, id);
    return { forthMs: forth.freezeMs, backMs: back.freezeMs };
  } finally {
    await load.stop();
  }
}

/** What an unattended run says of itself: its id, and how long writes of its only chain were frozen. */
function figuresOf({ code, stdout, stderr }: Ended): { readonly runId: string; readonly freezeMs: number } {
  if (code !== 0) throw new Error(stderr);
  const { runId, chains } = JSON.parse(stdout) as {
    readonly runId: string;
    readonly chains: readonly { readonly writeFreezeMs: number }[];
  };
  return { runId, freezeMs: chains[0]?.writeFreezeMs ?? Number.NaN };
}

/** The cockpit is killed when every source is fenced; until each of them takes the application's writes again. */
async function killed(ground: FaultGround): Promise<number> {
  const { lab, chain, planFile } = ground;
  const load = loadOn(ground);
  try {
    const state = mkdtempSync(join(tmpdir(), 'cutover-bench-state-'));
    await killedRun({ plan: planFile, step: `fence:${chain}`, state });
    const at = performance.now();
    for (const { id, role } of membersIn(lab.state()))
      if (role === 'source-master') await takesWrites(lab, load, id);
    return Math.round(performance.now() - at);
  } finally {
    await load.stop();
  }
}
