import { failed, ok, type Result } from '../lib/result.ts';
import { parseDnsName, type DnsName } from '../observations/dns-name.ts';
import { normaliseSet, type RecordSet, type Routing } from '../observations/record-set.ts';
import type { PlannedChange } from '../observations/zone-diff.ts';
import type { PlannedDns, PlannedRecord, PlannedSide } from './plan-dns.ts';

/** The record set that one side of a planned record means; null where the plan says that there is none. */
export function plannedSet(
  record: Pick<PlannedRecord, 'name' | 'type' | 'setIdentifier'>,
  side: PlannedSide,
  healthCheckIdOf: (id: string) => string,
): RecordSet | null {
  if (side === 'absent') return null;
  return normaliseSet({
    name: record.name,
    type: record.type,
    setIdentifier: record.setIdentifier ?? '',
    routing: plannedRouting(side),
    healthCheckId: side.healthCheck === undefined ? null : healthCheckIdOf(side.healthCheck),
    content:
      'alias' in side
        ? { kind: 'alias', ...side.alias }
        : { kind: 'values', ttlSeconds: side.ttlSeconds, values: side.values },
  });
}

/** A side as it stands while TTLs are lowered, from days before the minute until Close; an alias has none to lower. */
export function loweredSide(side: PlannedSide, runwaySeconds: number): PlannedSide {
  if (side === 'absent' || 'alias' in side) return side;
  return { ...side, ttlSeconds: Math.min(side.ttlSeconds, runwaySeconds) };
}

/** One side of a planned record in words, for a person who changes it by hand. */
export function saySide(side: PlannedSide): string {
  if (side === 'absent') return 'none: delete it';
  if ('alias' in side) return `alias of ${side.alias.name} (zone ${side.alias.hostedZoneId})`;
  return `${side.values.join(', ')}, TTL ${side.ttlSeconds} s`;
}

/** What a side is chosen by; the judging says where a plan names more than one. */
function plannedRouting(side: Exclude<PlannedSide, 'absent'>): Routing {
  if (side.region !== undefined) return { kind: 'latency', region: side.region };
  if (side.weight !== undefined) return { kind: 'weighted', weight: side.weight };
  if (side.failover !== undefined) return { kind: 'failover', role: side.failover };
  return { kind: 'simple' };
}

/** Before and after of every planned record of one zone, as the zone holds them while TTLs are lowered. */
export function plannedChanges(
  dns: PlannedDns,
  zoneId: string,
  healthCheckIds: ReadonlyMap<string, string>,
): Result<readonly PlannedChange[], readonly string[]> {
  const unknownChecks = new Set<string>();
  const idOf = (id: string): string => {
    const found = healthCheckIds.get(id);
    if (found === undefined) unknownChecks.add(id);
    return found ?? '';
  };
  const { ttlSeconds } = dns.runway;
  const changes = dns.records
    .filter((record) => record.zone === zoneId)
    .map((record) => ({
      before: plannedSet(record, loweredSide(record.before, ttlSeconds), idOf),
      after: plannedSet(record, loweredSide(record.after, ttlSeconds), idOf),
    }));
  return unknownChecks.size === 0
    ? ok(changes)
    : failed(
        [...unknownChecks].map(
          (id) =>
            `Health check ${id} of the plan has no id in Route 53 yet, expected it to be created first.`,
        ),
      );
}

/** Where a name of a zone stands under the zone's scratch name; null where that would be no name any more. */
export function underScratch(
  name: string,
  zone: { readonly name: string; readonly scratchName: string },
): DnsName | null {
  const [full, apex] = [parseDnsName(name) ?? name, parseDnsName(zone.name) ?? zone.name];
  const inside = full === apex ? '' : full.slice(0, -apex.length);
  return parseDnsName(`${inside}${zone.scratchName}`);
}
