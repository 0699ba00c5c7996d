import { ok, type Result } from '../lib/result.ts';
import type { DnsName } from '../observations/dns-name.ts';
import type { RecordSet } from '../observations/record-set.ts';
import {
  aboveSafety,
  diffZone,
  shareOf,
  type ChangeShare,
  type ZoneDiff,
} from '../observations/zone-diff.ts';
import type { PlannedDns } from '../plan/plan-dns.ts';
import { plannedChanges } from '../plan/planned-sets.ts';
import { batchOf, forthAndBack } from './change-batch.ts';
import { healthCheckIds } from './prepared-zone.ts';
import { unloweredChanges } from './ttl-lowering.ts';

/** The difference that the minute would make of a zone, and all that speaks against it. */
export type MinuteDiff = {
  readonly diff: ZoneDiff;
  readonly share: ChangeShare;
  /** `not-lowered`: the zone still holds the plan's own TTLs; the minute itself wants them lowered first. */
  readonly ttls: 'lowered' | 'not-lowered';
  /** Why it may not be made; empty: it may. */
  readonly reasons: readonly string[];
  /** Above the thresholds: a person types the count. */
  readonly aboveSafety: string | null;
};

/** Compares a zone with the plan, and tries the batch and its exact reverse on a copy of it. */
export function minuteDiff(
  dns: PlannedDns,
  zone: { readonly id: string; readonly name: DnsName; readonly live: readonly RecordSet[] },
): Result<MinuteDiff, readonly string[]> {
  const checks = healthCheckIds(dns);
  const low = plannedChanges(dns, zone.id, checks);
  const high = unloweredChanges(dns, zone.id, checks);
  if (!low.ok) return low;
  if (!high.ok) return high;
  const lowered = diffZone(low.value, zone.live);
  const today = diffZone(high.value, zone.live);
  const early = lowered.refusals.length > 0 && today.refusals.length === 0;
  const diff = early ? today : lowered;
  const share = shareOf(diff);
  const refusals = diff.refusals.map(({ message }) => message);
  const broken = refusals.length > 0 ? [] : whyUnfit(zone, diff);
  return ok({
    diff,
    share,
    ttls: early ? 'not-lowered' : 'lowered',
    reasons: [...refusals, ...broken],
    aboveSafety: aboveSafety(share, dns.safety),
  });
}

function whyUnfit(
  zone: { readonly name: DnsName; readonly live: readonly RecordSet[] },
  diff: ZoneDiff,
): readonly string[] {
  const tried = forthAndBack({ name: zone.name, sets: zone.live }, batchOf(diff.entries));
  return [...tried.forth, ...tried.back.map((each) => `The way back: ${each}`)];
}
