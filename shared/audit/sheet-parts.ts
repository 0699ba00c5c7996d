import type { Plan } from '../plan/plan.ts';
import type { Run } from '../steps/run.ts';

/** What a sheet is made from. */
export type SheetGround = { readonly run: Run; readonly plan: Plan };

/** What a line must answer, so that a tired person sees at once whether it did. */
export type Expected =
  /** These columns with these values, as `mysql -E` prints them. */
  | { readonly kind: 'columns'; readonly columns: Readonly<Record<string, string>> }
  /** Exactly this, one line. */
  | { readonly kind: 'answer'; readonly text: string }
  /** It ends without an error; what it prints needs no reading. */
  | { readonly kind: 'no-error' }
  /** A person reads it. */
  | { readonly kind: 'look'; readonly text: string };

/** One line to be pasted into a shell, with what it is for and what it must answer. */
export type SheetLine = {
  readonly where: string;
  readonly says: string;
  readonly command: string;
  readonly expects: Expected;
  /** What to do when it answers something else; missing: stop, and call whoever knows this server. */
  readonly otherwise?: string;
  /** Error numbers that say it was so already. */
  readonly accepts?: readonly number[];
  /** To be sent only when the line before it answered something else than expected. */
  readonly onlyOtherwise?: true;
  /** It may take a few seconds: to be sent again until it answers as expected. */
  readonly repeat?: true;
};

export type SheetSection = {
  readonly title: string;
  readonly text: readonly string[];
  readonly lines: readonly SheetLine[];
};

/** What a person with only `mysql` and `ssh` does when there is no cockpit any more. */
export type Sheet = {
  readonly runId: string;
  readonly plan: string;
  readonly environment: string;
  /** UTC ms of the newest record it was made from. */
  readonly asOfUtcMs: number;
  readonly direction: 'nothing' | 'back' | 'forward';
  readonly headline: string;
  readonly standing: readonly string[];
  readonly never: readonly string[];
  readonly sections: readonly SheetSection[];
};
