import { hash } from 'node:crypto';
import { foldRun } from '../../shared/audit/fold.ts';
import { verifyJournal } from '../../shared/audit/verify.ts';
import type { JournalRecord } from '../../shared/audit/record.ts';
import { canonicalJson } from '../../shared/lib/canonical-json.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { MemoryJournal } from './memory-journal.ts';
import { entriesOf } from '../../shared/steps/ledger.ts';

/**
 * Folds the journal and holds it against the run that lived; null when they are the same. `thorough`: over the chained
 * and parsed records, after verifying them, as after a crash; otherwise over what was appended.
 */
export function foldDiffers(run: Run, journal: MemoryJournal, thorough: boolean): string | null {
  const verified = thorough
    ? verifyJournal(journal.text(), null, (text) => hash('sha256', text, 'hex'))
    : null;
  if (verified !== null && !verified.ok)
    return `line ${verified.error.line} of the journal: ${verified.error.why}`;
  const plain = journal.appended.map(({ at, payload }, index): JournalRecord => ({
    seq: index + 1,
    at,
    payload,
    prev: '',
    hash: '',
  }));
  const folded = foldRun(thorough ? journal.read() : plain);
  if (!folded.ok) return folded.error;
  const told = essence(folded.value.run);
  const lived = essence(run);
  const place = Object.keys(lived).find((name) => canonicalJson(lived[name]) !== canonicalJson(told[name]));
  return place === undefined ? null : `the journal tells another run: ${place}`;
}

/** A run without what time alone moves: looks at the clock that changed nothing are not recorded. */
function essence(run: Run): Readonly<Record<string, unknown>> {
  const { phase, outcome, undo, alarms, ponrAt, abortReason, releasedBy } = run;
  return {
    phase,
    outcome,
    undo,
    alarms: alarms.length,
    ponrAt,
    abortReason,
    releasedBy,
    steps: Object.values(run.steps).map(({ key, state, attempt, endedAt }) => [key, state, attempt, endedAt]),
    commands: entriesOf(run.commands).map(({ command, answer }) => [command.key, answer?.kind ?? null]),
  };
}
