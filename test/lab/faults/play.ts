import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeCockpit, type Composed } from '../../../main/compose.ts';
import type { Night } from '../../../main/engine/night-ground.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { startLoad, type Load } from '../load.ts';
import { startProbe } from '../minute-probe.ts';
import { pause } from '../processes.ts';
import { eventually } from '../sql.ts';
import { breakPorts } from './broken-ports.ts';
import type { Cell } from './cells.ts';
import { goForward, wentBack, type Seen } from './ends.ts';
import type { FaultGround } from './ground.ts';
import { armStrike, type Strike } from './strike.ts';
import { switchFiles, touchedThings } from './touched.ts';
import { patience } from './wires.ts';

/** One cell: a whole cutover on real servers under load, one call of which fails in one way, and how it ended. */

/** What is seen in a cell that held; one that does not hold throws. */
export type Played = {
  readonly outcome: string;
  /** Which command was struck. */
  readonly struck: string;
  readonly acknowledged: number;
  readonly ms: number;
};

/** A run that ended before its fault could strike. */
type Missed = {
  readonly outcome: string;
  readonly missed: string;
  /** Of a run that ended done, as its own clients saw it. */
  readonly freezeMs: number | null;
};

const who = 'test';
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
  const ended = await playAndStop(ground, cell);
  if (ended.outcome !== 'thawed') await ground.reset();
  return ended;
}

async function playAndStop(ground: FaultGround, cell: Cell): Promise<Played | Missed> {
  const begun = performance.now();
  const state = newState();
  let night: Night | null = null;
  let composed: Composed | null = null;
  let strike: Strike | null = null;
  let load: Load | null = null;
  const probe = startProbe(ground.lab, ground.chain);
  try {
    load = startLoad(ground.lab.state(), {
      writers: 4,
      perSecond: 5,
      follow: true,
      seconds: 300,
      chains: [ground.chain],
    });
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
    const playing = { ground, cell, composed, night, seen, before, run: ended };
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
        freezeMs: ended.outcome === 'done' ? await freezeOf(night) : null,
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
    for (const left of switchFiles(night?.run()?.id ?? null))
      rmSync(join(homedir(), left), { recursive: true, force: true });
    rmSync(state, { recursive: true, force: true });
  }
}

/** A night on which nothing fails: how long writes were frozen, ms, as its own clients saw it. */
export async function playQuietly(ground: FaultGround): Promise<number> {
  const nothing: Cell = { flavor: ground.lab.flavor, step: 'barrier', way: 'error' };
  const played = await playOnce(ground, nothing);
  const freeze = 'missed' in played ? played.freezeMs : null;
  if (freeze === null) throw new Error(`a quiet night did not end done: ${JSON.stringify(played)}`);
  return freeze;
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

/** The official figure, which is there soon after the outcome. */
function freezeOf(night: Night): Promise<number> {
  return eventually('the figures of the run', outcomeMs, async () => {
    const freeze = night.measured()?.chains[0]?.writeFreezeMs ?? null;
    if (freeze === null) throw new Error(JSON.stringify(night.measured()));
    return freeze;
  });
}

/** A state of its own; only the runs are numbered together, because the hosts of all labs have one home. */
function newState(): string {
  const state = mkdtempSync(join(tmpdir(), 'cutover-fault-state-'));
  const runs = join(tmpdir(), 'cutover-fault-runs');
  mkdirSync(runs, { recursive: true });
  symlinkSync(runs, join(state, 'runs'));
  return state;
}

function planOf(composed: Composed | null): Composed['cockpit']['parts']['plan'] {
  if (composed === null) throw new Error('nothing is composed yet');
  return composed.cockpit.parts.plan;
}

async function prepared(
  { planFile }: FaultGround,
  cell: Cell,
  fault: { readonly strike: Strike; readonly run: () => Run | null; readonly state: string },
): Promise<Composed> {
  // The composition root reads it once, here.
  process.env['COCKPIT_STATE'] = fault.state;
  const made = await composeCockpit(planFile, (ports) =>
    breakPorts(ports, cell, { run: fault.run, broken: fault.strike.broken }),
  );
  if (!made.ok) throw new Error(made.error);
  const { cockpit } = made.value;
  try {
    await cockpit.observer.refresh();
    const schema = await cockpit.prepare(who);
    if (!schema.ok) throw new Error(schema.error);
    for (const { id } of cockpit.parts.plan.checklists)
      cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who });
    return made.value;
  } catch (error) {
    await made.value.stop();
    throw error;
  }
}

/** Arms and releases; a machine too busy to be looked at in time is looked at again. */
async function released({ cockpit }: Composed): Promise<Night> {
  for (let attempt = 1; ; attempt += 1) {
    const armed = await cockpit.arm(who, true);
    if (!armed.ok) throw new Error(armed.error);
    const night = armed.value;
    const release =
      night.blocks.length > 0
        ? night.blocks.join('; ')
        : night.release({ hold: 'lock', permit: night.permit, who });
    if (typeof release !== 'string' && release.ok) return night;
    if (attempt === 5) throw new Error(typeof release === 'string' ? release : JSON.stringify(release));
    await cockpit.disarm();
    await pause(1_000);
  }
}

/** Waits for the run's outcome; steps outside the order are asked for on the way. */
async function untilOutcome(night: Night, cell: Cell): Promise<Run> {
  const runner = night.runner();
  let asked = false;
  runner?.onChange((run) => {
    if (asked) return;
    const fenced = Object.values(run.steps).some(({ step, state }) => step === 'fence' && state === 'done');
    const ask =
      (cell.step === 'unwind' &&
        fenced &&
        ({ kind: 'abort-asked', who, reason: 'asked by the test' } as const)) ||
      (cell.step === 'close' && run.outcome === 'done' && ({ kind: 'close-asked', who } as const));
    if (ask === false) return;
    asked = true;
    // Behind the event that is being told just now.
    queueMicrotask(() => runner.post(ask));
  });
  return eventually('an outcome', outcomeMs, async () => {
    const run = night.run();
    const closing = cell.step === 'close' && run?.outcome === 'done' && run.phase !== 'ended';
    if (run === null || run.outcome === null || closing)
      throw new Error(`${run?.phase}: ${JSON.stringify(run?.steps)}`.slice(0, 2_000));
    return run;
  });
}
