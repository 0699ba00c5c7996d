import { letsPass, type Verdict } from '../../shared/gates/gate.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Ports } from '../ports.ts';
import type { Journal } from '../ports.ts';
import type { ObservationSink } from './observation-lines.ts';

/** A run's journal, open for appending, and the side file for its observations where there is one. */
export type RunJournal = { readonly journal: Journal; readonly observations?: ObservationSink };

/** What a cockpit is made of. */
export type CockpitParts = {
  readonly plan: Plan;
  readonly planFile: string;
  readonly planDigest: string;
  readonly ports: Ports;
  readonly planJournal: Journal;
  /** Makes a run's directory and opens its journal, and the side file for its observations where there is one. */
  readonly openRunJournal: () => RunJournal & { readonly runId: string };
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
