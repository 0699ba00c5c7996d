import { foldRun } from '../../shared/audit/fold.ts';
import { whatComes } from '../../shared/audit/where-it-stands.ts';
import { failed, type Result } from '../../shared/lib/result.ts';
import type { CockpitParts, RunJournal } from './parts.ts';
import { reasonOf } from './troubles.ts';

/** A run of this plan that was begun and never ended, when no cockpit drives it. */
export type LeftRun = {
  readonly runId: string;
  /** null: its journal cannot be read here. */
  readonly passedPointOfNoReturn: boolean | null;
  /** Which driver of it that journal knows last; 0: not known. */
  readonly epoch: number;
  /** What it means and what may be done, in sentences. */
  readonly text: string;
  /** Why it cannot be taken up by this cockpit; null: it can. */
  readonly whyNot: string | null;
};

/** What its own journal tells of a run that was left: it may have left sources closed, or a target open. */
export function leftRun({ leftRuns, planDigest }: CockpitParts, runId: string): LeftRun {
  const gone = `Run ${runId} of this plan was begun and has not ended: the cockpit that drove it is gone.`;
  const byHand = `Take it up again with "cockpit resume ${runId}", or take everything back with "cockpit abort ${runId}"; until then nothing is armed.`;
  const forward = `Take it up again with "cockpit resume ${runId}"; nothing of it can be taken back, and until then nothing is armed.`;
  const folded = leftRuns === undefined ? failed('it is not kept here') : read(leftRuns, runId);
  if (!folded.ok) {
    const whyNot = `Its journal cannot be taken up from here: ${folded.error}.`;
    return { runId, passedPointOfNoReturn: null, epoch: 0, text: `${gone} ${byHand}`, whyNot };
  }
  const { run, header } = folded.value;
  // What a run meant is in its own plan: with another one the same journal would fold to something else.
  const whyNot =
    header.reverses !== undefined
      ? `It turns run ${header.reverses.runId} round, by a plan of its own. ${byHand}`
      : header.planDigest === planDigest
        ? null
        : `The plan's file was changed since this run began. ${byHand} That goes by the plan that the run began with.`;
  const passed = run.ponrAt !== null;
  return {
    runId,
    passedPointOfNoReturn: passed,
    epoch: run.driver.epoch,
    text: `${gone} By its journal ${whatComes(run, header.plan)}. ${passed ? forward : byHand}`,
    whyNot,
  };
}

function read(from: NonNullable<CockpitParts['leftRuns']>, runId: string): ReturnType<typeof foldRun> {
  const records = from.read(runId);
  return records.ok ? foldRun(records.value) : records;
}

/** Opens the journal of a run that was left, to go on with it. */
export function openLeft(parts: CockpitParts, left: LeftRun | null): Result<RunJournal, string> {
  if (left === null) return failed('No run of this plan was left without an end.');
  if (left.whyNot !== null) return failed(left.whyNot);
  try {
    const opened = parts.leftRuns?.reopen(left.runId);
    return opened ?? failed('Runs of this plan are not kept here.');
  } catch (error) {
    return failed(`The journal of run ${left.runId} cannot be opened: ${reasonOf(error)}`);
  }
}

/** An open one, whose journal is closed again when it is not taken up. */
export async function closedUnless<T>(
  from: RunJournal,
  work: Promise<Result<T, string>>,
): Promise<Result<T, string>> {
  const result = await work;
  if (!result.ok) from.journal.close();
  return result;
}
