import { present } from '../lib/assert.ts';
import { allHealthy } from '../observations/dns-facts.ts';
import type { PlannedDns, PlannedHealthCheck, PlannedSide } from '../plan/plan-dns.ts';
import type { HealthCheckFacts } from '../sessions/zone-answers.ts';
import { freshness } from './look.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'dns';
/** An EXISTING check does not say how often it looks: Route 53's own default, s. */
const usualIntervalSeconds = 30;

/** Gates on the health checks of the plan: Route 53 sends nobody to an endpoint that it takes for dead, or does after all. */
export const dnsHealth: readonly GateDefinition[] = [
  {
    id: 'dns.check',
    group,
    scope: 'item',
    items: ({ plan }) => plan.dns?.healthChecks.map(({ id }) => id) ?? [],
    title: (check) => `Health check ${check} is in Route 53 as the plan says.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, item, look) => {
      const planned = checkOf(world, item);
      if (
        !look.expect(
          planned.healthCheckId !== undefined,
          `Health check ${item} has no healthCheckId in the plan.`,
          createIt,
        )
      )
        return look.judgement();
      const facts = look.at(
        world.snapshot.dns?.checks[item]?.facts,
        `health check ${item}`,
        freshness.healthMs,
      );
      if (facts === undefined) return look.judgement();
      if (facts === null) {
        look.expect(false, `Route 53 has no health check ${planned.healthCheckId ?? ''}.`, createIt);
        return look.judgement();
      }
      look.expect(
        !facts.disabled,
        'Expected it enabled, seen it disabled: it always counts as healthy.',
        'aws route53 update-health-check --no-disabled',
      );
      for (const [field, expected, seen] of fieldsOf(planned, facts)) {
        look.row(field, expected, seen);
        look.expect(
          expected === seen,
          `Its ${field} is ${seen}, expected ${expected}.`,
          'Correct the health check, or the plan.',
        );
      }
      return look.judgement('field', 'plan', 'Route 53');
    },
  },
  {
    id: 'dns.health',
    group,
    scope: 'item',
    // What the flip turns healthy only in the minute cannot be healthy before it.
    items: ({ plan }) =>
      plan.dns === undefined ? [] : checksOf(plan.dns, 'after').filter(standsBefore(plan.dns)),
    title: (check) =>
      `Target endpoint ${check} is healthy to every checker, for as many intervals as the plan asks.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, item, look) => {
      const planned = checkOf(world, item);
      const seen = world.snapshot.dns?.checks[item];
      const votes = look.at(seen?.votes, `the votes of health check ${item}`, freshness.healthMs);
      if (votes === undefined) return look.judgement();
      for (const { region, checker, healthy, status } of votes)
        look.row(region, checker, healthy ? 'healthy' : 'unhealthy', status);
      const against = votes.filter(({ healthy }) => !healthy).map(({ region }) => region);
      if (
        look.expect(
          allHealthy(votes),
          `Expected every checker to see ${item} healthy, seen ${against.length} of ${votes.length} against it${against.length === 0 ? '' : ` (${[...new Set(against)].join(', ')})`}.`,
          "Let the checkers' address ranges through the firewall of the target, and see that the endpoint answers.",
        )
      ) {
        const { seconds } = detectionOf(planned);
        const wantedMs = planned.stableIntervals * seconds * 1_000;
        const stableMs = world.context.now - (seen?.healthySince ?? world.context.now);
        // A new check counts as healthy before it was looked at even once: only time shows.
        look.expect(
          stableMs >= wantedMs,
          `Expected it healthy for ${planned.stableIntervals} intervals of ${seconds} s on end, seen it so for ${Math.floor(stableMs / 1_000)} s.`,
          'It opens by itself as long as every checker goes on seeing it healthy.',
        );
        // A simulated world is as old as its cockpit: nothing in it can have been seen for long.
        if (world.plan.environment === 'simulator') look.warnOnly();
      }
      return look.judgement('region', 'checker', 'vote', 'status');
    },
  },
  {
    id: 'dns.detection',
    group,
    scope: 'plan',
    title: 'No health check takes its endpoint out while the database takes no writes.',
    guards: [],
    overridable: true,
    blocking: false,
    judge: ({ plan }, look) => {
      const { dns } = plan;
      if (dns === undefined || dns.healthChecks.length === 0) return null;
      for (const check of dns.healthChecks) {
        const { seconds, threshold } = detectionOf(check);
        const says = 'dependsOnWrites' in check ? (check.dependsOnWrites ? 'yes' : 'no') : 'not said';
        look.row(check.id, `${seconds} s × ${threshold}`, `${seconds * threshold} s`, says);
        look.expect(
          says !== 'yes',
          `${check.id} answers only while the database takes writes, and Route 53 takes an endpoint out after ${seconds * threshold} s: a minute that lasts longer turns it unhealthy, and all others with it.`,
          'Give the check a path that does not write.',
        );
      }
      look.note('Route 53 takes an endpoint out after interval × threshold; resolvers go on for its TTL.');
      return look.judgement('health check', 'interval × threshold', 'taken out after', 'depends on writes');
    },
  },
  {
    id: 'dns.unchecked',
    group,
    scope: 'plan',
    title: 'Every record set that Route 53 chooses among has a health check.',
    guards: [],
    overridable: true,
    blocking: false,
    judge: ({ plan }, look) => {
      const { dns } = plan;
      if (dns === undefined) return null;
      for (const { name, type, setIdentifier = '', after } of dns.records) {
        if (after === 'absent' || !isChosenAmong(after)) continue;
        const evaluates = 'alias' in after && after.alias.evaluateTargetHealth;
        const by = after.healthCheck ?? (evaluates ? 'the health of its alias target' : null);
        look.row(name, type, setIdentifier, by ?? 'none: always healthy');
        look.expect(
          by !== null,
          `${name} ${type} (${setIdentifier}) has no health check: it is answered even when its endpoint is dead.`,
          'Give it a healthCheck in the plan.',
        );
      }
      look.note(
        'When all of a name are unhealthy, Route 53 answers as if all were healthy: a check that is wrong everywhere protects nobody.',
      );
      return look.judgement('name', 'type', 'set', 'health check');
    },
  },
];

const createIt = 'Create it in Route 53, and write its id as healthCheckId in the plan.';

function checkOf({ plan }: World, item: string): PlannedHealthCheck {
  return present(
    plan.dns?.healthChecks.find(({ id }) => id === item),
    `health check ${item}`,
  );
}

/** Health checks that one side of the plan's record sets names. */
function checksOf({ records }: PlannedDns, side: 'before' | 'after'): readonly string[] {
  const named = records.flatMap((record) => {
    const set = record[side];
    return set === 'absent' || set.healthCheck === undefined ? [] : [set.healthCheck];
  });
  return [...new Set(named)];
}

function standsBefore({ flip }: PlannedDns): (check: string) => boolean {
  return (check) =>
    flip?.files.every(({ healthCheck, standsFor }) => healthCheck !== check || standsFor !== 'target') ??
    true;
}

function isChosenAmong({ region, weight, failover }: Exclude<PlannedSide, 'absent'>): boolean {
  return region !== undefined || weight !== undefined || failover !== undefined;
}

/** After how long Route 53 takes an endpoint out at the earliest. */
function detectionOf(check: PlannedHealthCheck): { readonly seconds: number; readonly threshold: number } {
  return check.type === 'EXISTING'
    ? { seconds: usualIntervalSeconds, threshold: 1 }
    : { seconds: check.intervalSeconds, threshold: check.failureThreshold };
}

type Field = readonly [field: string, expected: string, seen: string];

/** What the plan says of a check beside what Route 53 has; a check of another kind is watched, never compared. */
function fieldsOf(planned: PlannedHealthCheck, seen: HealthCheckFacts): readonly Field[] {
  if (planned.type === 'EXISTING') return [];
  const say = (value: string | number | null | undefined): string => `${value ?? 'none'}`;
  const regions = (list: readonly string[]): string =>
    list.length === 0 ? 'all' : list.toSorted().join(', ');
  const asked = planned.type === 'TCP' ? undefined : planned;
  const fields: readonly Field[] = [
    ['type', planned.type, seen.type],
    ['address', planned.address, say(seen.address ?? seen.hostName)],
    ['port', say(planned.port), say(seen.port)],
    ['path', say(asked?.path), say(seen.path)],
    ['text', say(asked?.searchString), say(seen.searchString)],
    ['interval', say(planned.intervalSeconds), say(seen.intervalSeconds)],
    ['threshold', say(planned.failureThreshold), say(seen.failureThreshold)],
    ['sense', 'not inverted', seen.inverted ? 'inverted' : 'not inverted'],
  ];
  return planned.regions.length === 0
    ? fields
    : [...fields, ['regions', regions(planned.regions), regions(seen.regions)]];
}
