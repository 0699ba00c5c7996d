import type { Redactor } from '../shared/audit/redact.ts';
import { failed, ok } from '../shared/lib/result.ts';
import { createClock } from './adapters/clock.ts';
import { openJournal } from './adapters/journal-file.ts';
import type { Reverses } from './engine/parts.ts';
import { reversesOf, type WayForth } from './engine/reverse.ts';
import type { ClockPort } from './ports.ts';
import { runJournalFile } from './settings.ts';

type Around = { readonly state: string; readonly redactor: Redactor; readonly clock?: ClockPort };

/** The run of the way forth as the cockpit of the way back needs it: its journal is opened for each line it gets. */
export function forthOf(
  { state, redactor, clock = createClock() }: Around,
  run: Pick<Reverses, 'runId' | 'head' | 'notes'>,
  letGo: WayForth['letGo'] = () => Promise.resolve(),
): Reverses {
  return reversesOf(run, {
    clock,
    letGo,
    journal: () => {
      const file = runJournalFile(state, run.runId);
      if (file === null)
        return failed(
          `There is no journal of run ${run.runId} below ${state}; expected the one it began with.`,
        );
      const opened = openJournal(file, redactor);
      if (!opened.ok) return opened;
      const { journal } = opened.value;
      return ok({ journal, close: journal.close });
    },
  });
}
