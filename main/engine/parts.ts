import type { JournalRecord } from '../../shared/audit/record.ts';
import { letsPass, type Verdict } from '../../shared/gates/gate.ts';
import type { Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Ports } from '../ports.ts';
import type { Journal } from '../ports.ts';
import type { SheetSink } from './emergency-sheet.ts';
import type { ObservationSink } from './observation-lines.ts';

/** A run's journal, open for appending, and its side files where there are: observations, and the emergency sheet. */
export type RunJournal = {
  readonly journal: Journal;
  readonly observations?: ObservationSink;
  readonly sheet?: SheetSink;
};

/** What a cockpit is made of. */
export type CockpitParts = {
  readonly plan: Plan;
  readonly planFile: string;
  readonly planDigest: string;
  readonly ports: Ports;
  readonly planJournal: Journal;
  /** Makes a run's directory and opens its journal, and its side files where there are. */
  readonly openRunJournal: () => RunJournal & { readonly runId: string };
  /** Runs of earlier cockpits that are kept on this machine, by id: their records, and their journals to go on with. */
  readonly leftRuns?: {
    readonly read: (runId: string) => Result<readonly JournalRecord[], string>;
    readonly reopen: (runId: string) => Result<RunJournal, string>;
  };
  readonly program: string;
  /** Hears once of each thing that is wrong with the cockpit itself; the screen shows them in any case. */
  readonly told?: (text: string) => void;
};

/** Reasons that keep a run from beginning, as sentences. */
export function whatBlocks(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts
    .filter((verdict) => !letsPass(verdict))
    .map(({ gate, state, title, reasons }) => `${gate} is ${state}: ${title} – ${reasons.join('; ')}`);
}
