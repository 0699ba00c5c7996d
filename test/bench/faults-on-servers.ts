import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFaultGround, type FaultGround } from '../lab/faults/ground.ts';
import { playQuietly } from '../lab/faults/play.ts';
import { patientLimits } from '../lab/faults/wires.ts';
import { startLoad } from '../lab/load.ts';
import { killedRun, takesWrites } from '../lab/minute-ground.ts';
import { membersIn } from '../lab/lab-state.ts';
import type { Flavor } from '../lab/topology.ts';

/** What one flavour's servers show: how long a source stays closed whose cockpit was killed, and the freeze of a quiet night. */
export type OnServers = {
  readonly sigkillToWritableMs: number;
  /** The plan's own deadline, which that time is to be held against. */
  readonly deadMansSwitchMs: number;
  readonly freezeForthMs: readonly number[];
};

const nights = 3;

/** Measures on a lab of its own, and takes it down. */
export async function measureOnServers(flavor: Flavor, say: (text: string) => void): Promise<OnServers> {
  const ground = await startFaultGround(flavor);
  try {
    const freezeForthMs: number[] = [];
    for (let night = 1; night <= nights; night += 1) {
      const freeze = await playQuietly(ground);
      say(`${flavor}: a quiet night froze writes for ${freeze} ms`);
      freezeForthMs.push(freeze);
    }
    const sigkillToWritableMs = await killed(ground);
    say(`${flavor}: from SIGKILL to sources that take writes ${sigkillToWritableMs} ms`);
    return { sigkillToWritableMs, deadMansSwitchMs: patientLimits().deadMansSwitchMs, freezeForthMs };
  } finally {
    await ground.stop();
  }
}

/** The cockpit is killed when every source is fenced; until each of them takes the application's writes again. */
async function killed({ lab, chain, planFile }: FaultGround): Promise<number> {
  const load = startLoad(lab.state(), {
    writers: 4,
    perSecond: 5,
    follow: true,
    seconds: 300,
    chains: [chain],
  });
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
