import type { PlannedDns } from '../plan/plan-dns.ts';
import {
  differencesOf,
  keyOfSet,
  showContent,
  showSet,
  type FieldDifference,
  type RecordSet,
} from './record-set.ts';

/** What the plan says of one record set of a zone: how it is found, and how it is left. Null: it is not there. */
export type PlannedChange = { readonly before: RecordSet | null; readonly after: RecordSet | null };

/** One planned record set, and what becomes of it. */
export type DiffEntry = PlannedChange & {
  readonly kind: 'created' | 'changed' | 'deleted' | 'unchanged';
  readonly fields: readonly FieldDifference[];
};

/** Why the zone cannot be changed as planned: it does not hold what the plan calls before. */
export type DiffRefusal = {
  readonly kind: 'missing' | 'unexpected' | 'different' | 'already-after' | 'unplanned';
  readonly set: RecordSet;
  readonly fields: readonly FieldDifference[];
  readonly message: string;
};

/** The exact difference between a zone as found and as planned. Only one without refusals may be acted on. */
export type ZoneDiff = {
  readonly entries: readonly DiffEntry[];
  /** Record sets of the zone that the plan does not name; nothing is ever done to them. */
  readonly untouched: readonly RecordSet[];
  readonly refusals: readonly DiffRefusal[];
};

/** Compares a zone as found with the plan's before and after. All record sets must be normalised. */
export function diffZone(changes: readonly PlannedChange[], live: readonly RecordSet[]): ZoneDiff {
  const found = new Map(live.map((set) => [keyOfSet(set), set]));
  const planned = new Set<string>();
  const groups = new Set<string>();
  for (const { before, after } of changes)
    for (const set of [before, after]) {
      if (set === null) continue;
      planned.add(keyOfSet(set));
      groups.add(groupOf(set));
    }
  const others = live.filter((set) => !planned.has(keyOfSet(set)));
  return {
    entries: changes.map(entryOf),
    untouched: others,
    refusals: [
      ...changes.flatMap((change) => refusalOf(change, found)),
      ...others.filter((set) => groups.has(groupOf(set))).map(unplanned),
    ],
  };
}

/** How many record sets a diff changes and deletes, of how many that the zone holds; SOA and NS of the zone count too. */
export type ChangeShare = { readonly changed: number; readonly deleted: number; readonly of: number };

/** Counts what a diff does to its zone. */
export function shareOf(diff: ZoneDiff): ChangeShare {
  const count = (kind: DiffEntry['kind']): number =>
    diff.entries.filter((entry) => entry.kind === kind).length;
  const found = diff.entries.filter(({ before }) => before !== null).length;
  return { changed: count('changed'), deleted: count('deleted'), of: found + diff.untouched.length };
}

/**
 * Says why a diff is above the plan's thresholds, or null. It is not refused for good: a person may type the count, because
 * a legitimate move of a small zone changes most of it.
 */
export function aboveSafety(share: ChangeShare, safety: PlannedDns['safety']): string | null {
  if (share.of < safety.fromRecords) return null;
  const over = (['changed', 'deleted'] as const).flatMap((kind) => {
    const most = kind === 'changed' ? safety.changedPercent : safety.deletedPercent;
    // Compared without division: 30 % of 10 records is exactly 3.
    return share[kind] * 100 > most * share.of
      ? [`${share[kind]} of ${share.of} record sets would be ${kind}, expected at most ${most} %`]
      : [];
  });
  return over.length === 0 ? null : over.join('; ');
}

function entryOf({ before, after }: PlannedChange): DiffEntry {
  if (before === null) return { kind: after === null ? 'unchanged' : 'created', before, after, fields: [] };
  if (after === null) return { kind: 'deleted', before, after, fields: [] };
  const fields = differencesOf(before, after);
  return { kind: fields.length === 0 ? 'unchanged' : 'changed', before, after, fields };
}

function refusalOf(
  { before, after }: PlannedChange,
  found: ReadonlyMap<string, RecordSet>,
): readonly DiffRefusal[] {
  const planned = before ?? after;
  if (planned === null) return [];
  const live = found.get(keyOfSet(planned)) ?? null;
  if (before === null && live === null) return [];
  const fields = before === null || live === null ? [] : differencesOf(before, live);
  if (before !== null && live !== null && fields.length === 0) return [];
  const doneAlready =
    live === null ? after === null : after !== null && differencesOf(after, live).length === 0;
  if (doneAlready) return [alreadyAfter(planned)];
  if (live === null) return [missing(planned)];
  return [before === null ? unexpected(live) : different(live, fields)];
}

function alreadyAfter(set: RecordSet): DiffRefusal {
  const message = `${showSet(set)} is already what the plan calls after, expected what it calls before: it was changed by hand or by an earlier run; put it back, or take it out of the plan`;
  return { kind: 'already-after', set, fields: [], message };
}

function missing(set: RecordSet): DiffRefusal {
  const message = `${showSet(set)} is not in the zone, expected ${showContent(set.content)}: put it back, or write before: absent`;
  return { kind: 'missing', set, fields: [], message };
}

function unexpected(set: RecordSet): DiffRefusal {
  const message = `${showSet(set)} is in the zone (${showContent(set.content)}), expected none: write what is there as its before, or delete it`;
  return { kind: 'unexpected', set, fields: [], message };
}

function different(set: RecordSet, fields: readonly FieldDifference[]): DiffRefusal {
  const how = fields.map(({ field, expected, found }) => `${field} is ${found}, expected ${expected}`);
  const message = `${showSet(set)} is not what the plan calls before: ${how.join('; ')}. Somebody changed it: bring the plan or the zone up to date`;
  return { kind: 'different', set, fields, message };
}

/** A record set beside planned ones would go on answering part of the users, or make Route 53 refuse the batch. */
function unplanned(set: RecordSet): DiffRefusal {
  const message = `${showSet(set)} stands beside record sets of the plan and is not in it (${showContent(set.content)}), expected every set of that name and type in the plan: it would go on answering a part of the users`;
  return { kind: 'unplanned', set, fields: [], message };
}

function groupOf({ name, type }: RecordSet): string {
  return `${name} ${type}`;
}
