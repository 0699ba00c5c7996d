import { createRedactor } from '../shared/audit/redact.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { openJournal } from './adapters/journal-file.ts';
import { compose, planFileOf, type Composed } from './compose.ts';
import { forthOf } from './compose-forth.ts';
import { readReversible } from './engine/reverse.ts';
import { noSuchRun, runJournalFile, stateDirectory } from './settings.ts';

/** A cockpit of the way back of a run, and the id of that run. */
export type ComposedReverse = Composed & { readonly reverses: string };

/** Joins a cockpit over the plan that a run's journal begins with, turned round; the reason when that run cannot be. */
export async function composeReverse(run: string): Promise<Result<ComposedReverse, string>> {
  const state = stateDirectory();
  const file = runJournalFile(state, run);
  if (file === null) return failed(noSuchRun(state, run));
  const redactor = createRedactor();
  const opened = openJournal(file, redactor);
  if (!opened.ok) return opened;
  const read = readReversible(opened.value.journal);
  opened.value.journal.close();
  if (!read.ok) return read;
  const { header, turned, head } = read.value;
  const planFile = planFileOf(state, header);
  if (!planFile.ok) return planFile;
  const composed = await compose({
    plan: turned.plan,
    digest: header.planDigest,
    file: planFile.value,
    redactor,
    reverses: forthOf({ state, redactor }, { runId: header.runId, head, notes: turned.notes }),
  });
  if (!composed.ok) return composed;
  return ok({
    ...composed.value,
    notes: [...opened.value.notes, ...composed.value.notes, ...turned.notes],
    reverses: header.runId,
  });
}
