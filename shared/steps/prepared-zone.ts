import { failed, ok, type Result } from '../lib/result.ts';
import { parseDnsName, type DnsName } from '../observations/dns-name.ts';
import type { RecordSet } from '../observations/record-set.ts';
import { diffZone, type DiffEntry, type PlannedChange } from '../observations/zone-diff.ts';
import type { DnsZone, PlannedDns } from '../plan/plan-dns.ts';
import { plannedChanges } from '../plan/planned-sets.ts';
import { batchOf, forthAndBack, type ChangeBatch } from './change-batch.ts';

/** What the minute will ask Route 53 for one zone: made and checked before the hold, so that it computes and lists nothing. */
export type PreparedZone = {
  /** The plan's own id of the zone. */
  readonly zone: string;
  /** Whose it was when the run was prepared; a channel of another account is not used. */
  readonly account: string;
  readonly entries: readonly DiffEntry[];
  /** Empty where the plan leaves everything of this zone as it is. */
  readonly batch: ChangeBatch;
};

/** How a zone stands against what was prepared for it. */
export type ZoneStanding =
  | { readonly kind: 'before' | 'after' }
  /** Neither: each difference in words. */
  | { readonly kind: 'other'; readonly differences: readonly string[] };

/** The ids in Route 53 of the plan's health checks, as far as the plan says them. */
export function healthCheckIds({ healthChecks }: PlannedDns): ReadonlyMap<string, string> {
  return new Map(
    healthChecks.flatMap(({ id, healthCheckId }) =>
      healthCheckId === undefined ? [] : [[id, healthCheckId] as const],
    ),
  );
}

/** Zones of which the plan names record sets. */
export function plannedZones(dns: PlannedDns | undefined): readonly DnsZone[] {
  return dns?.zones.filter(({ id }) => dns.records.some(({ zone }) => zone === id)) ?? [];
}

/**
 * The change of one zone and its exact way back, checked as Route 53 itself will check them against the zone as it was just
 * listed; or every reason why it would refuse, or why the zone is not what the plan calls before.
 */
export function prepareZone(
  dns: PlannedDns,
  zone: DnsZone,
  found: { readonly account: string; readonly sets: readonly RecordSet[] },
): Result<PreparedZone, readonly string[]> {
  const changes = plannedChanges(dns, zone.id, healthCheckIds(dns));
  if (!changes.ok) return changes;
  const { entries, refusals } = diffZone(changes.value, found.sets);
  if (refusals.length > 0) return failed(refusals.map(({ message }) => message));
  const batch = batchOf(entries);
  const name = parseDnsName(zone.name) ?? zone.name;
  const { forth, back } = forthAndBack({ name, sets: found.sets }, batch);
  const wrong = [...forth, ...back.map((why) => `on the way back: ${why}`)];
  return wrong.length > 0 ? failed(wrong) : ok({ zone: zone.id, account: found.account, entries, batch });
}

/** The batch as the plan alone makes it, for go/no-go and for the sheet; null where a health check has no id yet. */
export function plannedBatch(dns: PlannedDns, zone: string): ChangeBatch | null {
  const changes = plannedChanges(dns, zone, healthCheckIds(dns));
  return changes.ok ? batchOf(diffZone(changes.value, []).entries) : null;
}

/** How Route 53 is told whose change it is; its console shows it. */
export function changeComment(runId: string): string {
  return `cutover ${runId}`.slice(0, 256);
}

/** The names that a prepared change touches: all that needs to be listed to know whether it happened. */
export function touchedNames({ batch }: Pick<PreparedZone, 'batch'>): readonly DnsName[] {
  return [...new Set(batch.changes.map(({ set }) => set.name))];
}

/** Judges a listing of the touched names: it has not happened, it has, or somebody else changed something there. */
export function standingOf(prepared: PreparedZone, listed: readonly RecordSet[]): ZoneStanding {
  const names = touchedNames(prepared);
  const concerned = prepared.entries.filter((entry) => names.includes(nameOf(entry)));
  const { refusals } = diffZone(concerned, listed);
  if (refusals.length === 0) return { kind: 'before' };
  const turned = concerned.map(({ before, after }): PlannedChange => ({ before: after, after: before }));
  // What stands beside the planned sets does not undo that ours are there.
  const isAfter = diffZone(turned, listed).refusals.every(({ kind }) => kind === 'unplanned');
  return isAfter ? { kind: 'after' } : { kind: 'other', differences: refusals.map(({ message }) => message) };
}

function nameOf({ before, after }: PlannedChange): DnsName {
  return (before ?? after)?.name ?? '';
}
