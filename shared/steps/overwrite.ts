import { keyOfSet, type RecordSet } from '../observations/record-set.ts';
import type { Answer } from '../sessions/session.ts';
import { entryIn } from './ledger.ts';
import { commandKey, newestAsked, type StepContext } from './need.ts';
import { standingOf, type PreparedZone } from './prepared-zone.ts';
import type { Run } from './run.ts';

/** A zone that is neither before nor after, and what it was seen to hold when that was shown. */
export type ChangedZone = { readonly zone: string; readonly differences: readonly string[] };

/** Zones whose difference the failed *announce* shows: only these a person may let be overwritten. */
export function changedZones(run: Run): readonly ChangedZone[] {
  const step = run.steps['announce'];
  if (step?.state !== 'failed' || run.ponrAt === null) return [];
  return (run.zones ?? []).flatMap((prepared) => {
    const shown = shownSets(run, prepared.zone, step.attempt);
    const standing = shown === null ? null : standingOf(prepared, shown);
    return standing?.kind === 'other' ? [{ zone: prepared.zone, differences: standing.differences }] : [];
  });
}

/**
 * Whether what a zone holds now may be overwritten: a person let it in this very attempt, and it still is what was shown
 * then. Whatever was changed since has to be shown first.
 */
export function mayOverwrite(
  { run, attempt }: Pick<StepContext, 'run' | 'attempt'>,
  { zone }: PreparedZone,
  listed: readonly RecordSet[],
): boolean {
  if (run.overwrites[zone] !== attempt) return false;
  const shown = shownSets(run, zone, attempt - 1);
  return shown !== null && inOrder(shown) === inOrder(listed);
}

/** What the last listing of an attempt brought; null where there was none. */
function shownSets(run: Run, zone: string, attempt: number): readonly RecordSet[] | null {
  for (const name of ['after', 'before']) {
    const newest = newestAsked({ run, key: 'announce', attempt }, (look) => `${name}${look}@${zone}`);
    const key = commandKey('announce', attempt, `${name}${newest}@${zone}`);
    const answer = entryIn(run.commands, key)?.answer as Answer<readonly RecordSet[]> | null | undefined;
    if (answer?.kind === 'ok') return answer.value;
  }
  return null;
}

function inOrder(sets: readonly RecordSet[]): string {
  return JSON.stringify(sets.toSorted((one, other) => (keyOfSet(one) < keyOfSet(other) ? -1 : 1)));
}
