import type { HealthCheckView, HealthView, RegionLook } from '../../shared/contract/health-view.ts';
import { isUnhealthyIn, type DnsFacts, type HealthSeen } from '../../shared/observations/dns-facts.ts';
import {
  chosenAmong,
  dependsOnWrites,
  detectionOf,
  differingFields,
  servedAlthoughUnhealthy,
  stableSince,
  type HealthLook,
} from '../../shared/observations/health-check.ts';
import { showSet } from '../../shared/observations/record-set.ts';
import { checksNamed } from '../../shared/plan/checks-of-zones.ts';
import type { PlannedDns, PlannedHealthCheck } from '../../shared/plan/plan-dns.ts';

/** So many looks are drawn: at one each ten seconds, the last five minutes. */
const mostDrawn = 30;

/** The health checks of a plan as they are seen at a moment; null where the plan has none and chooses among nothing. */
export function healthView(dns: PlannedDns, facts: DnsFacts | undefined, now: number): HealthView | null {
  const unchecked = chosenAmong(dns, 'after').flatMap((set) =>
    set.check === null && !set.evaluatesTarget ? [showSet(set)] : [],
  );
  if (dns.healthChecks.length === 0 && unchecked.length === 0) return null;
  const traps = (['before', 'after'] as const).flatMap((side) =>
    servedAlthoughUnhealthy(dns, side, isUnhealthyIn(facts)).map(
      (name) =>
        `Every endpoint of ${name} ${side === 'before' ? 'on the source' : 'on the target'} is unhealthy: Route 53 answers as if all were healthy, and dead ones are served like living ones.`,
    ),
  );
  return {
    checks: dns.healthChecks.map((check) => checkView(dns, check, { seen: facts?.checks[check.id], now })),
    unchecked,
    traps,
  };
}

function checkView(
  dns: PlannedDns,
  check: PlannedHealthCheck,
  { seen, now }: { readonly seen: HealthSeen | undefined; readonly now: number },
): HealthCheckView {
  const looks = (seen?.looks ?? []).slice(-mostDrawn);
  const regions = [...new Set(looks.flatMap((look) => look.regions.map(({ region }) => region)))].toSorted();
  const { intervals, wanted } = stableSince(check, seen?.healthySince ?? null, now);
  return {
    check: check.id,
    side: sideOf(dns, check.id),
    ...standingOf(check, seen),
    regions: regions.map((region) => {
      const newest = looks.at(-1)?.regions.find((each) => each.region === region);
      return {
        region,
        looks: looks.map((look) => lookOf(look, region)),
        healthy: newest?.healthy ?? 0,
        of: newest?.of ?? 0,
      };
    }),
    fromUtcMs: looks[0]?.at ?? null,
    toUtcMs: looks.at(-1)?.at ?? null,
    stable: { intervals, wanted },
    detection: detectionOf(check),
    dependsOnWrites: dependsOnWrites(check),
  };
}

function lookOf({ regions }: HealthLook, region: string): RegionLook {
  const votes = regions.find((each) => each.region === region);
  if (votes === undefined || votes.of === 0) return 'none';
  if (votes.healthy === votes.of) return 'healthy';
  return votes.healthy === 0 ? 'unhealthy' : 'part';
}

function sideOf(dns: PlannedDns, check: string): HealthCheckView['side'] {
  const [source, target] = [checksNamed(dns, 'before'), checksNamed(dns, 'after')].map((named) =>
    named.includes(check),
  );
  if (source === true && target === true) return 'both';
  if (source === true) return 'source';
  return target === true ? 'target' : 'unused';
}

function standingOf(
  check: PlannedHealthCheck,
  seen: HealthSeen | undefined,
): Pick<HealthCheckView, 'state' | 'why'> {
  if (check.healthCheckId === undefined)
    return {
      state: 'missing',
      why: 'The plan has no id of it: cockpit dns health PLAN --create makes it, and says its id.',
    };
  if (seen === undefined) return { state: 'unknown', why: 'Not looked at yet.' };
  if (seen.facts.kind === 'unknown') return { state: 'unknown', why: seen.facts.why };
  if (seen.facts.value === null)
    return { state: 'missing', why: `Route 53 has no health check ${check.healthCheckId}.` };
  const differing = differingFields(check, seen.facts.value);
  if (differing.length === 0) return { state: 'as-planned', why: '' };
  const fields = differing.map(
    ({ field, planned, seen: found }) => `${field}: planned ${planned}, seen ${found}`,
  );
  return { state: 'differs', why: `${fields.join('; ')}. Correct it, or the plan.` };
}
