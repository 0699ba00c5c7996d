import { rmSync } from 'node:fs';
import type { Composed } from '../../../main/compose.ts';
import type { Night } from '../../../main/engine/night-ground.ts';
import type { Run } from '../../../shared/steps/run.ts';
import type { Load } from '../load.ts';
import { startProbe } from '../minute-probe.ts';
import { forgetRuns } from '../reset.ts';
import { eventually } from '../sql.ts';
import { breakPorts } from './broken-ports.ts';
import type { FaultWay } from '../../nights/cells.ts';
import { askOnTheWay, openCockpit, released } from './begin.ts';
import { isCrash, type Cell } from './cells.ts';
import { behindAtFence } from './lagging-ring.ts';
import { crashOnce } from './play-crash.ts';
import { goForward, wentBack, type Seen } from './ends.ts';
import { loadOn, type FaultGround } from './ground.ts';
import { armStrike, type Strike } from './strike.ts';
import type { Missed, Played } from './played.ts';
import { newState } from './states.ts';
import { removeSwitchFiles, touchedThings } from './touched.ts';
import { patience } from './wires.ts';

/** One cell: a whole cutover on real servers under load, one call of which fails in one way, and how it ended. */

const outcomeMs = 60_000 * patience;
const attempts = 3;

/** Plays a cell. A run that ended before the fault could strike is played again: a busy machine closed it. */
export async function playCell(ground: FaultGround, cell: Cell): Promise<Played> {
  const misses: string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const played = await playOnce(ground, cell);
    if ('struck' in played) return played;
    misses.push(played.missed);
  }
  throw new Error(`the fault never struck: ${misses.join('; ')}`);
}

/** Plays a cell, and makes the lab whole again when the run has left it switched: nobody writes any more by then. */
async function playOnce(ground: FaultGround, cell: Cell): Promise<Played | Missed> {
  forgetRuns(ground.lab);
  const ended = isCrash(cell) ? await crashOnce(ground, cell) : await playAndStop(ground, cell);
  if (ended.outcome !== 'thawed') await ground.reset();
  return ended;
}

async function playAndStop(ground: FaultGround, cell: Cell<FaultWay>): Promise<Played | Missed> {
  const begun = performance.now();
  const state = newState();
  let night: Night | null = null;
  let composed: Composed | null = null;
  let strike: Strike | null = null;
  let load: Load | null = null;
  const probe = startProbe(ground.lab, ground.chain);
  try {
    load = loadOn(ground);
    const seen: Seen = { load, probe };
    strike = armStrike({ lab: ground.lab, wires: ground.wires, plan: () => planOf(composed) }, cell.way);
    // Not the night below: its first commands are on their way before whoever released it has it in hand.
    const run = (): Run | null => composed?.cockpit.night()?.run() ?? null;
    composed = await prepared(ground, cell, { strike, run, state });
    const before = await touchedThings(ground.lab, null);
    night = await released(composed);
    const ended = await untilOutcome(night, cell);
    await strike.heal();
    const struck = strike.seen();
    const playing = { ground, composed, night, seen, before, run: ended };
    try {
      if (ended.ponrAt === null) await wentBack(playing);
      else await goForward(playing);
    } catch (error) {
      throw new Error(`${toldOf(night)}\n${error instanceof Error ? error.message : String(error)}`);
    }
    if (struck === null)
      return {
        outcome: ended.outcome ?? 'none',
        missed: `${ended.outcome}: ${ended.abortReason ?? 'nothing was sent'}`,
      };
    return {
      outcome: ended.outcome ?? 'none',
      struck,
      acknowledged: load.records().filter(({ outcome }) => outcome === 'acknowledged').length,
      ms: Math.round(performance.now() - begun),
    };
  } finally {
    await strike?.heal();
    await composed?.stop();
    await load?.stop();
    await probe.stop();
    removeSwitchFiles(night?.run()?.id ?? null);
    rmSync(state, { recursive: true, force: true });
  }
}

/** What the run says of itself, for whoever reads of a cell that failed. */
function toldOf(night: Night): string {
  const run = night.run();
  const steps = Object.values(run?.steps ?? {})
    .filter(({ state }) => state !== 'waiting')
    .map(({ key, state, startedAt, endedAt, text }) => {
      const ms = startedAt === null || endedAt === null ? '–' : Math.round(endedAt.monoMs - startedAt.monoMs);
      return `  ${key} ${state} (${ms} ms): ${text.slice(0, 300)}`;
    });
  return `${run?.outcome}; ${run?.abortReason ?? 'no reason'}\n${steps.join('\n')}`;
}

function planOf(composed: Composed | null): Composed['cockpit']['parts']['plan'] {
  if (composed === null) throw new Error('nothing is composed yet');
  return composed.cockpit.parts.plan;
}

async function prepared(
  { planFile, lab }: FaultGround,
  cell: Cell<FaultWay>,
  fault: { readonly strike: Strike; readonly run: () => Run | null; readonly state: string },
): Promise<Composed> {
  // The composition root reads it once, here.
  process.env['COCKPIT_STATE'] = fault.state;
  return openCockpit(planFile, (ports) =>
    breakPorts(cell.step === 'converge' ? behindAtFence(ports, lab) : ports, cell, {
      run: fault.run,
      broken: fault.strike.broken,
    }),
  );
}

/** Waits for the run's outcome; steps outside the order are asked for on the way. */
async function untilOutcome(night: Night, cell: Cell): Promise<Run> {
  askOnTheWay(night, cell.step);
  return eventually('an outcome', outcomeMs, async () => {
    const run = night.run();
    // A Close that fails leaves the run where it was: being watched.
    const closed = run?.phase === 'ended' || run?.steps['close']?.state === 'failed';
    const closing = cell.step === 'close' && run?.outcome === 'done' && !closed;
    if (run === null || run.outcome === null || closing)
      throw new Error(`${run?.phase}: ${JSON.stringify(run?.steps)}`.slice(0, 2_000));
    return run;
  });
}
