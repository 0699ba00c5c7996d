import type { JournalRecord } from '../../shared/audit/record.ts';
import type { TtlRecord } from '../../shared/audit/ttl-record.ts';
import { letsPass, type Verdict } from '../../shared/gates/gate.ts';
import type { Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Outcome } from '../../shared/steps/run.ts';
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

/** The run that this cockpit's plan turns round. */
export type Reverses = {
  readonly runId: string;
  /** Head of that run's journal when it was read. */
  readonly head: string;
  /** What will not be as it was before the way forth. */
  readonly notes: readonly string[];
  /** Ends whoever watches that run still, and has its journal say which run reverses it. Until then nothing is released. */
  readonly handOver: (by: { readonly who: string; readonly runId: string }) => Promise<Result<null, string>>;
  /** Has its journal say how the other run ended; the head of it then. */
  readonly settle: (by: { readonly runId: string; readonly outcome: Outcome }) => Result<string, string>;
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
    /** Keeps a journal that was fetched from a mirror as that run's, and opens it; what is here already is set aside. */
    readonly keep: (runId: string, text: string) => Result<RunJournal, string>;
  };
  readonly program: string;
  /** What is kept of the lowering of a zone's TTLs; null: none. Absent where nothing is kept, as in a simulated world. */
  readonly lowering?: (zone: string) => Result<TtlRecord | null, string>;
  /** Only for the way back: the plan is one that was turned round. */
  readonly reverses?: Reverses;
  /** Hears once of each thing that is wrong with the cockpit itself; the screen shows them in any case. */
  readonly told?: (text: string) => void;
};

/** Reasons that keep a run from beginning, as sentences. */
export function whatBlocks(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts
    .filter((verdict) => !letsPass(verdict))
    .map(({ gate, state, title, reasons }) => `${gate} is ${state}: ${title} – ${reasons.join('; ')}`);
}
