import { failed, ok, type Result } from '../lib/result.ts';
import { underScratch } from '../plan/planned-sets.ts';
import { parseDnsName, type DnsName } from '../observations/dns-name.ts';
import { sameSet, showSet, type RecordSet } from '../observations/record-set.ts';
import type { DiffEntry } from '../observations/zone-diff.ts';
import { batchOf, reverseBatch, tooMuchFor, type ChangeBatch } from './change-batch.ts';

/** What came of trying the whole change of a zone under its scratch name. */
export type ZoneTrial = {
  readonly zone: string;
  /** UTC ms at which it was over. */
  readonly atUtcMs: number;
  readonly outcome: 'ok' | 'failed';
  readonly text: string;
};

/** One batch of a trial, and what the scratch names hold exactly once it is done. */
export type TrialBatch = {
  readonly what: 'put in place' | 'the change' | 'its way back' | 'taken away';
  readonly batch: ChangeBatch;
  readonly holds: readonly RecordSet[];
};

/** A whole trial: its batches in order, and every name that it may touch. */
export type ScratchTrial = { readonly names: readonly DnsName[]; readonly batches: readonly TrialBatch[] };

/**
 * The change of a zone as it would be under another name that nobody asks for: what the plan calls before is put there, the
 * whole batch and its exact reverse are applied to it, and it is taken away again.
 */
export function scratchTrial(
  entries: readonly DiffEntry[],
  zone: { readonly name: DnsName; readonly scratchName: string },
): Result<ScratchTrial, string> {
  const scratch = parseDnsName(zone.scratchName);
  if (scratch === null) return failed(`${zone.scratchName} is no name, expected one inside ${zone.name}`);
  const long: string[] = [];
  const moved = (set: RecordSet | null): RecordSet | null => {
    if (set === null) return null;
    const name = underScratch(set.name, zone);
    if (name === null) long.push(`${showSet(set)} has no place under ${scratch}: its name would be too long`);
    return { ...set, name: name ?? scratch };
  };
  const there = entries.map((entry) => ({
    ...entry,
    before: moved(entry.before),
    after: moved(entry.after),
  }));
  const sets = (side: 'before' | 'after'): readonly RecordSet[] =>
    there.flatMap((entry) => {
      const set = entry[side];
      return set === null ? [] : [set];
    });
  const [before, after] = [sets('before'), sets('after')];
  const forth = batchOf(there);
  const put: ChangeBatch = { changes: before.map((set) => ({ action: 'CREATE', set })) };
  const batches: readonly TrialBatch[] = [
    { what: 'put in place', batch: put, holds: before },
    { what: 'the change', batch: forth, holds: after },
    { what: 'its way back', batch: reverseBatch(forth), holds: before },
    { what: 'taken away', batch: reverseBatch(put), holds: [] },
  ];
  const some = batches.filter(({ batch }) => batch.changes.length > 0);
  const wrong = [...long, ...some.flatMap(({ batch }) => tooMuchFor(batch))];
  if (wrong.length > 0) return failed([...new Set(wrong)].join('; '));
  return ok({ names: [...new Set([...before, ...after].map(({ name }) => name))], batches: some });
}

/**
 * The batch that clears what an earlier trial left behind; null where nothing is there. What is not exactly what a trial
 * writes belongs to somebody, and is never deleted.
 */
export function clearingBatch(
  { batches }: ScratchTrial,
  found: readonly RecordSet[],
): Result<ChangeBatch | null, string> {
  const own = batches.flatMap(({ holds }) => holds);
  const strange = found.filter((set) => !own.some((each) => sameSet(each, set)));
  if (strange.length > 0)
    return failed(
      `${strange.map(showSet).join(', ')} is under the scratch name and not of a trial, expected nothing there: remove it by hand, or name another scratchName in the plan`,
    );
  return ok(found.length === 0 ? null : { changes: found.map((set) => ({ action: 'DELETE', set })) });
}

/** Whether the scratch names hold exactly that; what is different, otherwise. */
export function holdsExactly(
  found: readonly RecordSet[],
  expected: readonly RecordSet[],
): Result<null, string> {
  const lacks = expected.filter((set) => !found.some((each) => sameSet(each, set))).map(showSet);
  const beside = found.filter((set) => !expected.some((each) => sameSet(each, set))).map(showSet);
  if (lacks.length === 0 && beside.length === 0) return ok(null);
  return failed(
    [
      ...(lacks.length === 0 ? [] : [`expected ${lacks.join(', ')}, not seen as it should be`]),
      ...(beside.length === 0 ? [] : [`seen ${beside.join(', ')}, expected gone`]),
    ].join('; '),
  );
}
