import { parseDnsName } from '../observations/dns-name.ts';
import type { PlannedDns, PlannedRecord } from './plan-dns.ts';
import { flipTurns } from './plan-flip.ts';
import { saySide } from './planned-sets.ts';

/** Which record sets stand in the zone, and for whom the files or routing controls of the flip stand. */
export type AnsweringAt = {
  readonly sets: 'before' | 'after';
  readonly files: 'source' | 'target';
};

/**
 * Of the record sets of one name and type those that Route 53 answers with at a moment, as far as the plan decides it: a
 * check whose files or routing controls do not stand then is unhealthy, every other one healthy. Where none is healthy all of them answer.
 */
export function answeringRecords(
  { flip }: Pick<PlannedDns, 'flip'>,
  group: readonly PlannedRecord[],
  { sets, files }: AnsweringAt,
): readonly PlannedRecord[] {
  const out = new Set(
    flipTurns(flip).flatMap(({ standsFor, healthCheck }) => (standsFor === files ? [] : [healthCheck])),
  );
  const there = group.flatMap((record) => {
    const side = record[sets];
    return side === 'absent' ? [] : [{ record, side }];
  });
  const well = there.filter(({ side }) => side.healthCheck === undefined || !out.has(side.healthCheck));
  const among = well.length > 0 ? well : there;
  // A secondary answers only where no primary is left, and a weight of 0 only where there is no other.
  const first = among.filter(
    ({ side }) => side.failover !== 'SECONDARY' && (side.weight === undefined || side.weight > 0),
  );
  return (first.length > 0 ? first : among).map(({ record }) => record);
}

/** The record sets of a plan, those of one zone, name and type together. */
export function recordGroups(records: readonly PlannedRecord[]): readonly (readonly PlannedRecord[])[] {
  const groups = new Map<string, PlannedRecord[]>();
  for (const record of records) {
    const key = `${record.zone} ${parseDnsName(record.name) ?? record.name} ${record.type}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()];
}

/** What a name answers at a moment, in words that are equal where the answers are; how long it is kept stays out. */
export function sayAnswer(
  dns: Pick<PlannedDns, 'flip'>,
  group: readonly PlannedRecord[],
  at: AnsweringAt,
): string {
  const said = answeringRecords(dns, group, at).map((record) => {
    const side = record[at.sets];
    const where = side === 'absent' ? undefined : side.region;
    const what = side === 'absent' || 'alias' in side ? saySide(side) : side.values.toSorted().join(', ');
    return where === undefined ? what : `${what} in ${where}`;
  });
  return said.length === 0 ? 'nothing' : [...new Set(said)].toSorted().join(' and ');
}
