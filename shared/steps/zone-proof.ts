import { failed, ok, type Result } from '../lib/result.ts';
import { keyOfSet, sameSet, showContent, showSet, type RecordSet } from '../observations/record-set.ts';
import { diffZone, type PlannedChange } from '../observations/zone-diff.ts';

/** What came of writing one record set of a zone as it stands. */
export type ZoneProof = {
  readonly zone: string;
  /** UTC ms at which it was answered. */
  readonly atUtcMs: number;
  /** `changed`: what stood there was another a moment later, and was left alone; of the right to write it says nothing. */
  readonly outcome: 'ok' | 'refused' | 'changed' | 'none';
  readonly text: string;
};

/**
 * The record set that is written as it stands, to prove that the zone may be changed: the first of the plan that the
 * minute moves and that is there before. Null: none of them is there yet.
 */
export function setToProve(changes: readonly PlannedChange[]): RecordSet | null {
  const there = changes.flatMap(({ before, after }) => (before === null ? [] : [{ before, after }]));
  const moving = there.find(({ before, after }) => after === null || !sameSet(before, after));
  return (moving ?? there[0])?.before ?? null;
}

/**
 * Whether it may be written, by a listing of its name of just now: whatever of that name is not what the plan calls before
 * stays untouched, so that what somebody changed is named before anything is sent.
 */
export function mayProve(
  changes: readonly PlannedChange[],
  set: RecordSet,
  listed: readonly RecordSet[],
): Result<RecordSet, string> {
  const ofName = changes.filter(({ before, after }) => (before ?? after)?.name === set.name);
  const { refusals } = diffZone(ofName, listed);
  return refusals.length === 0
    ? ok(set)
    : failed(`nothing was written: ${refusals.map(({ message }) => message).join('; ')}`);
}

/**
 * What a refusal of the batch means, by a listing of its name behind it: Route 53 refuses a DELETE of what is not there any
 * more, and then it is the zone that changed, not the right that is missing. Null: it stands as it did.
 */
export function changedMeanwhile(set: RecordSet, after: readonly RecordSet[]): string | null {
  if (after.some((one) => sameSet(one, set))) return null;
  const now = after.find((one) => keyOfSet(one) === keyOfSet(set));
  return `${showSet(set)} was changed by somebody between the look and the write (it is ${now === undefined ? 'gone' : `${showContent(now.content)} now`}), so Route 53 refused to write it as it stood; nothing was written. Look at it with cockpit dns diff PLAN`;
}

/** Whether the name holds after it exactly what it held before; what is different then, otherwise. */
export function stayedAsItWas(
  set: RecordSet,
  [before, after]: readonly [readonly RecordSet[], readonly RecordSet[]],
): Result<string, string> {
  const changed = [
    ...before.filter((one) => !after.some((other) => sameSet(one, other))),
    ...after.filter((one) => !before.some((other) => sameSet(one, other))),
  ];
  return changed.length === 0
    ? ok(`${showSet(set)} was written as it stands and read back unchanged`)
    : failed(
        `${showSet(set)} was written as it stands, and what its name holds is another now: ${[...new Set(changed.map(showSet))].join(', ')}. Somebody else changes this zone; look at it with cockpit dns diff PLAN`,
      );
}
