import { detectionOf } from '../observations/health-check.ts';
import type { PlannedDns } from '../plan/plan-dns.ts';
import type { PlannedFlip } from '../plan/plan-flip.ts';
import { loweredSide } from '../plan/planned-sets.ts';

/** One way by which the minute announces: which plane of Route 53 it needs, and how long users may wait for it. */
export type Plane = {
  readonly step: 'flip' | 'announce';
  readonly plane: 'data plane' | 'control plane';
  /** Whether the run does it by itself. */
  readonly by: 'the run' | 'a person';
  /** Until the last cache that keeps to its TTL has turned, at the latest; null: the plan alone cannot say. */
  readonly seconds: number | null;
  readonly says: string;
};

/** Route 53 says that a change is mostly in force everywhere within so long. */
const insyncSeconds = 60;

/** The ways of a plan in the order in which they are tried; none where it names no DNS. */
export function planesOf(dns: PlannedDns | undefined): readonly Plane[] {
  if (dns === undefined || dns.records.length === 0) return [];
  const ttl = Math.max(0, ...dns.records.map(({ before }) => keptSeconds(dns, before)));
  const { flip } = dns;
  const batch: Plane = {
    step: 'announce',
    plane: 'control plane',
    by: flip?.batch === 'plan-b' ? 'a person' : 'the run',
    seconds: insyncSeconds + ttl,
    says: `change batch: control plane of Route 53 (us-east-1), mostly ${insyncSeconds} s until INSYNC + ${ttl} s TTL`,
  };
  if (flip === undefined) return [batch];
  const detection = followingOf(dns, flip);
  return [
    {
      step: 'flip',
      plane: 'data plane',
      by: 'the run',
      seconds: detection.seconds + ttl,
      says: `flip of ${detection.of}, ${detection.says} + ${ttl} s TTL = ${detection.seconds + ttl} s`,
    },
    { ...batch, says: `${batch.by === 'a person' ? 'plan B, ' : ''}${batch.says}` },
  ];
}

/** What is turned on which data plane, and how long Route 53 takes to follow. */
function followingOf(
  dns: PlannedDns,
  { files, cluster }: PlannedFlip,
): { readonly of: string; readonly seconds: number; readonly says: string } {
  if (cluster === undefined)
    return { of: `${files.length} files: data plane of Route 53 (health checks)`, ...slowestOf(dns) };
  const { controls, endpoints, followSeconds } = cluster;
  return {
    of: `${controls.length} routing controls: data plane of ARC (${endpoints.length} cluster endpoints)`,
    seconds: followSeconds,
    // AWS names no figure: it is the plan's own.
    says: `${followSeconds} s until Route 53 follows, as the plan expects`,
  };
}

/** The slowest of the flip's health checks: that many looks on end must agree before Route 53 takes an endpoint out or in. */
function slowestOf({ flip, healthChecks }: PlannedDns): {
  readonly seconds: number;
  readonly says: string;
} {
  const named = new Set(flip?.files.map(({ healthCheck }) => healthCheck));
  let slowest = { seconds: 0, says: 'no health check' };
  for (const check of healthChecks) {
    if (!named.has(check.id) || check.type === 'EXISTING') continue;
    const { intervalSeconds, threshold, seconds } = detectionOf(check);
    if (seconds > slowest.seconds) slowest = { seconds, says: `${intervalSeconds} s × ${threshold}` };
  }
  return slowest;
}

/** AWS's own TTL for an alias; what a name without a record is kept for is bounded by the SOA that Route 53 makes. */
function keptSeconds({ runway }: PlannedDns, side: PlannedDns['records'][number]['before']): number {
  if (side === 'absent') return 900;
  const lowered = loweredSide(side, runway.ttlSeconds);
  return lowered === 'absent' || 'alias' in lowered ? 60 : lowered.ttlSeconds;
}
