import type { Plan } from '../plan/plan.ts';

/** Where the journal of a run is mirrored, as the run knows it; `lost`: why nothing is sent there any more. */
export type RunMirror = { readonly host: string; readonly file: string; readonly lost: string | null };

/** The mirror that the plan names for a run; null: it names none. */
export function mirrorOf({ journalMirror }: Plan, runId: string): Omit<RunMirror, 'lost'> | null {
  if (journalMirror === undefined) return null;
  const { host, directory } = journalMirror;
  return { host, file: `${directory.replace(/\/+$/, '')}/${runId}.jsonl` };
}
