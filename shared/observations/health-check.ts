import { parseDnsName } from './dns-name.ts';
import { parseIp } from './ip-address.ts';
import type { PlannedDns, PlannedHealthCheck, PlannedSide } from '../plan/plan-dns.ts';
import type { PlannedFlip } from '../plan/plan-flip.ts';
import type { HealthCheckFacts, HealthVote } from '../sessions/zone-answers.ts';

/** An EXISTING check does not say how often it looks: Route 53's own default, s. */
const usualIntervalSeconds = 30;

/** One field of a health check: as the plan says it, and as Route 53 has it. */
export type CheckField = { readonly field: string; readonly planned: string; readonly seen: string };

/** What the plan says of a check beside what Route 53 has; of a check of another kind only that it is enabled. */
export function checkFields(planned: PlannedHealthCheck, seen: HealthCheckFacts): readonly CheckField[] {
  const field = (name: string, expected: unknown, found: unknown): CheckField => ({
    field: name,
    planned: String(expected ?? 'none'),
    seen: String(found ?? 'none'),
  });
  const state = field('state', 'enabled', seen.disabled ? 'disabled' : 'enabled');
  if (planned.type === 'EXISTING') return [state];
  const asked = planned.type === 'TCP' ? undefined : planned;
  const regions = (list: readonly string[]): string => list.toSorted().join(', ');
  return [
    state,
    field('type', planned.type, seen.type),
    field('address', planned.address, seen.address ?? seen.hostName),
    field('port', planned.port, seen.port),
    field('host name', plannedHostName(planned), seen.hostName?.toLowerCase()),
    field('path', asked?.path, seen.path),
    field('text', asked?.searchString, seen.searchString),
    field('interval', planned.intervalSeconds, seen.intervalSeconds),
    field('threshold', planned.failureThreshold, seen.failureThreshold),
    field('sense', 'not inverted', seen.inverted ? 'inverted' : 'not inverted'),
    ...(planned.regions.length === 0
      ? []
      : [field('regions', regions([...new Set(planned.regions)]), regions(seen.regions))]),
  ];
}

/** The fields in which a check is not as the plan says. */
export function differingFields(planned: PlannedHealthCheck, seen: HealthCheckFacts): readonly CheckField[] {
  return checkFields(planned, seen).filter((field) => field.planned !== field.seen);
}

/** The health check that a plan means, as Route 53 has it once it is made; one of another kind says nothing of itself. */
export function factsAsPlanned(
  planned: PlannedHealthCheck,
  healthCheckId: string,
  flip?: PlannedFlip,
): HealthCheckFacts {
  const nothing = {
    healthCheckId,
    address: null,
    port: null,
    path: null,
    hostName: null,
    searchString: null,
    intervalSeconds: null,
    failureThreshold: null,
    regions: [],
    inverted: false,
    disabled: false,
  };
  if (planned.type === 'EXISTING') {
    const followed = flip?.cluster?.controls.find(({ healthCheck }) => healthCheck === planned.id);
    return followed === undefined
      ? { ...nothing, type: 'CALCULATED' }
      : { ...nothing, type: 'RECOVERY_CONTROL', routingControl: followed.arn };
  }
  const { type, address, port, intervalSeconds, failureThreshold, regions } = planned;
  const asked =
    planned.type === 'TCP' ? {} : { path: planned.path, searchString: planned.searchString ?? null };
  const hostName = plannedHostName(planned);
  return { ...nothing, type, address, port, intervalSeconds, failureThreshold, regions, hostName, ...asked };
}

/** The name that the checkers ask for: the plan's host name, or the name that they connect to; none for a bare address. */
function plannedHostName(planned: Exclude<PlannedHealthCheck, { readonly type: 'EXISTING' }>): string | null {
  const named = planned.type === 'TCP' ? undefined : planned.hostName;
  const name = parseIp(planned.address) === null ? planned.address : named;
  return name === undefined ? null : (parseDnsName(name) ?? name);
}

/** After how long Route 53 takes an endpoint out at the earliest: so many intervals in a row. */
export type Detection = {
  readonly intervalSeconds: number;
  readonly threshold: number;
  readonly seconds: number;
};

/** The detection time of a planned check. */
export function detectionOf(check: PlannedHealthCheck): Detection {
  const [intervalSeconds, threshold] =
    check.type === 'EXISTING' ? [usualIntervalSeconds, 1] : [check.intervalSeconds, check.failureThreshold];
  return { intervalSeconds, threshold, seconds: intervalSeconds * threshold };
}

/** Whether an endpoint answers only while the database takes writes; null where the plan does not say. */
export function dependsOnWrites(check: PlannedHealthCheck): boolean | null {
  return 'dependsOnWrites' in check ? check.dependsOnWrites : null;
}

/** How many whole intervals on end a check was seen healthy, of how many that the plan wants. */
export type Stable = {
  readonly intervals: number;
  readonly wanted: number;
  readonly stableMs: number;
  readonly wantedMs: number;
};

/** Counts stable intervals since a moment; null: the newest look did not see it healthy. */
export function stableSince(check: PlannedHealthCheck, healthySince: number | null, now: number): Stable {
  const intervalMs = detectionOf(check).intervalSeconds * 1_000;
  const stableMs = healthySince === null ? 0 : Math.max(0, now - healthySince);
  return {
    intervals: Math.floor(stableMs / intervalMs),
    wanted: check.stableIntervals,
    stableMs,
    wantedMs: check.stableIntervals * intervalMs,
  };
}

/** What the checkers of one region say together. */
export type RegionVotes = {
  readonly region: string;
  readonly healthy: number;
  readonly of: number;
  /** UTC ms of the newest of them, by the checkers' clocks; null: none says. */
  readonly newestAt: number | null;
  /** What those say that are against it. */
  readonly against: readonly string[];
};

/** The votes by checker region, in the order of their names. */
export function votesByRegion(votes: readonly HealthVote[]): readonly RegionVotes[] {
  const regions = [...new Set(votes.map(({ region }) => region))].toSorted();
  return regions.map((region) => {
    const own = votes.filter((vote) => vote.region === region);
    const times = own.flatMap(({ checkedAt }) => (checkedAt === null ? [] : [checkedAt]));
    const against = own.filter(({ healthy }) => !healthy).map(({ status }) => status);
    return {
      region,
      healthy: own.length - against.length,
      of: own.length,
      newestAt: times.length === 0 ? null : Math.max(...times),
      against: [...new Set(against)],
    };
  });
}

/**
 * Whether Route 53 takes an endpoint for healthy: more than 18 % of its checkers must say so, and one that nobody has looked
 * at yet counts as healthy (Developer Guide, "How Route 53 determines whether a health check is healthy").
 */
export function countsAsHealthy(votes: readonly HealthVote[]): boolean {
  return votes.length === 0 || votes.filter(({ healthy }) => healthy).length * 100 > 18 * votes.length;
}

/** One look at the votes of a check, for the line over time; without regions when the look brought nothing. */
export type HealthLook = {
  readonly at: number;
  readonly regions: readonly Pick<RegionVotes, 'region' | 'healthy' | 'of'>[];
};

/** So many looks are kept: at one each 10 s more than any plan's stable intervals of the usual kind. */
export const mostLooks = 60;

/** Adds one look; the oldest goes when there are too many. */
export function keepLook(looks: readonly HealthLook[], look: HealthLook): readonly HealthLook[] {
  return [...looks, look].slice(-mostLooks);
}

/** A record set of one side that Route 53 chooses among others, and by what it is taken for dead; null: by nothing. */
export type Chosen = {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string;
  readonly check: string | null;
  readonly evaluatesTarget: boolean;
};

/** All record sets of a side that Route 53 chooses among. */
export function chosenAmong({ records }: PlannedDns, side: 'before' | 'after'): readonly Chosen[] {
  return records.flatMap((record): readonly Chosen[] => {
    const set = record[side];
    if (set === 'absent' || !isChosenAmong(set)) return [];
    return [
      {
        name: record.name,
        type: record.type,
        setIdentifier: record.setIdentifier ?? '',
        check: set.healthCheck ?? null,
        evaluatesTarget: 'alias' in set && set.alias.evaluateTargetHealth,
      },
    ];
  });
}

/**
 * Names of which every record set of a side is unhealthy now: Route 53 then answers as if all of them were healthy, so the
 * checks protect nobody, and a dead endpoint is served like a living one.
 */
export function servedAlthoughUnhealthy(
  dns: PlannedDns,
  side: 'before' | 'after',
  isUnhealthy: (check: string) => boolean,
): readonly string[] {
  const groups = Map.groupBy(chosenAmong(dns, side), ({ name, type }) => `${name} ${type}`);
  return [...groups].flatMap(([name, sets]) =>
    sets.every(({ check }) => check !== null && isUnhealthy(check)) ? [name] : [],
  );
}

function isChosenAmong({ region, weight, failover }: Exclude<PlannedSide, 'absent'>): boolean {
  return region !== undefined || weight !== undefined || failover !== undefined;
}
