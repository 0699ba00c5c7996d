import type { PlannedDns } from './plan-dns.ts';

/** Health checks that one side of the plan's record sets names. */
export function checksNamed(
  { records }: Pick<PlannedDns, 'records'>,
  side: 'before' | 'after',
): readonly string[] {
  const named = records.flatMap((record) => {
    const set = record[side];
    return set === 'absent' || set.healthCheck === undefined ? [] : [set.healthCheck];
  });
  return [...new Set(named)];
}

/** The zone with whose credentials a check is asked for: the first whose records name it, or the first that changes at all. */
export function zoneOfCheck({ records }: Pick<PlannedDns, 'records'>, check: string): string | null {
  const using = records.find(({ before, after }) =>
    [before, after].some((side) => side !== 'absent' && side.healthCheck === check),
  );
  return (using ?? records[0])?.zone ?? null;
}
