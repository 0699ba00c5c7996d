import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { foldRun } from '../../../shared/audit/fold.ts';
import { whyOver } from '../../../shared/steps/resume.ts';
import { readJournalFile } from '../../../main/adapters/journal-file.ts';
import { startProbe } from '../minute-probe.ts';
import { nodeBinary } from '../processes.ts';
import type { Cell, CrashWay } from './cells.ts';
import { isBack, isForward, resumed } from './ends.ts';
import { loadOn, type FaultGround } from './ground.ts';
import type { Missed, Played } from './played.ts';
import { journalOf, newState, runsNow } from './states.ts';
import { removeSwitchFiles, touchedThings } from './touched.ts';
import { patience } from './wires.ts';

/** One cell whose cockpit is a process of its own, killed at a record of its journal, and taken up again by another. */

// A whole number of milliseconds: node refuses any other.
const crashMs = Math.round(90_000 * patience);

/** Plays it once: what the resumed run came to, and whether everything then is as it must be. */
export async function crashOnce(ground: FaultGround, cell: Cell<CrashWay>): Promise<Played | Missed> {
  const begun = performance.now();
  const state = newState();
  const earlier = new Set(runsNow());
  const probe = startProbe(ground.lab, ground.chain);
  const load = loadOn(ground);
  let run: string | null = null;
  try {
    const before = await touchedThings(ground.lab, null);
    const missed = await crashed(ground, cell, state);
    if (missed !== null) return { outcome: 'none', missed };
    run = runsNow().find((each) => !earlier.has(each)) ?? null;
    const seen = { load, probe };
    const place = run === null ? null : placeOf(run);
    // The composition root reads it once, when the run is taken up.
    process.env['COCKPIT_STATE'] = state;
    const taken = run === null || place?.over === true ? null : await resumed(run);
    const outcome = taken?.outcome ?? place?.outcome ?? 'not-started';
    const wanted = place?.passed === true ? ['done'] : ['thawed', 'not-started'];
    try {
      if (!wanted.includes(outcome))
        throw new Error(`resume ended as ${outcome}, expected ${wanted.join(' or ')}`);
      await (place?.passed === true
        ? isForward({ ground, seen })
        : isBack({ ground, seen }, { before, runId: run, said: taken?.said ?? '' }));
    } catch (error) {
      throw new Error(`${place?.said ?? 'no journal'}\n${taken?.stands ?? ''}\n${String(error)}`, {
        cause: error,
      });
    }
    return {
      outcome,
      struck: `${place?.said ?? 'before the first record'}: ${taken?.stands ?? ''}`,
      acknowledged: load.records().filter((each) => each.outcome === 'acknowledged').length,
      ms: Math.round(performance.now() - begun),
    };
  } finally {
    await load.stop();
    await probe.stop();
    removeSwitchFiles(run);
    rmSync(state, { recursive: true, force: true });
  }
}

type Place = {
  readonly passed: boolean;
  /** The record behind which it was killed was its last: nobody can take it up again, nor need to. */
  readonly over: boolean;
  readonly outcome: string | null;
  readonly said: string;
};

/** What its journal says of the killed run. */
function placeOf(run: string): Place {
  const records = readJournalFile(journalOf(run));
  if (!records.ok) throw new Error(records.error);
  const folded = foldRun(records.value);
  if (!folded.ok) throw new Error(folded.error);
  const steps = Object.values(folded.value.run.steps).filter(
    ({ state }) => state === 'running' || state === 'done',
  );
  return {
    passed: folded.value.run.ponrAt !== null,
    over: whyOver(folded.value.run) !== null,
    outcome: folded.value.run.outcome,
    said: `${records.value.length} records, last ${steps.at(-1)?.key ?? 'none'} ${steps.at(-1)?.state ?? ''}`,
  };
}

/** Lets a cockpit be killed; null: it was. */
async function crashed(
  ground: FaultGround,
  { step, way }: Cell<CrashWay>,
  state: string,
): Promise<string | null> {
  const program = join(import.meta.dirname, 'crash-child.ts');
  const child = spawn(nodeBinary(), [program, ground.planFile, step, way], {
    env: { ...process.env, COCKPIT_STATE: state },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: crashMs,
    killSignal: 'SIGTERM',
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  // Not 'close': the clients of a killed cockpit hold its standard error a moment longer.
  const signal = await new Promise<string | null>((ended) => child.once('exit', (_code, by) => ended(by)));
  return signal === 'SIGKILL' ? null : `${signal ?? 'ended'}: ${said.slice(-2_000)}`;
}
