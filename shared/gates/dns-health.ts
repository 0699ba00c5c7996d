import { present } from '../lib/assert.ts';
import { allHealthy, isUnhealthyIn } from '../observations/dns-facts.ts';
import {
  checkFields,
  chosenAmong,
  dependsOnWrites,
  detectionOf,
  servedAlthoughUnhealthy,
  stableSince,
} from '../observations/health-check.ts';
import { checksNamed } from '../plan/checks-of-zones.ts';
import type { PlannedDns, PlannedHealthCheck } from '../plan/plan-dns.ts';
import { flipTurns } from '../plan/plan-flip.ts';
import { freshness } from './look.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'dns';

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
      for (const { field, planned: expected, seen } of checkFields(planned, facts)) {
        look.row(field, expected, seen);
        const means = seen === 'disabled' ? ': a disabled check always counts as healthy' : '';
        look.expect(
          expected === seen,
          `Its ${field} is ${seen}, expected ${expected}${means}.`,
          seen === 'disabled'
            ? 'aws route53 update-health-check --no-disabled'
            : 'Correct the health check, or the plan.',
        );
      }
      return look.judgement('field', 'plan', 'Route 53');
    },
  },
  {
    id: 'dns.health',
    group,
    scope: 'item',
    // What the flip turns healthy only in the minute cannot be healthy before it; what follows a routing control has no checkers.
    items: ({ plan }) =>
      plan.dns === undefined ? [] : checksNamed(plan.dns, 'after').filter(standsBefore(plan.dns)),
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
        const { intervalSeconds } = detectionOf(planned);
        const stable = stableSince(planned, seen?.healthySince ?? null, world.context.now);
        // A new check counts as healthy before it was looked at even once: only time shows.
        look.expect(
          stable.stableMs >= stable.wantedMs,
          `Expected it healthy for ${stable.wanted} intervals of ${intervalSeconds} s on end, seen it so for ${Math.floor(stable.stableMs / 1_000)} s.`,
          'It opens by itself as long as every checker goes on seeing it healthy.',
        );
        look.note(
          `Healthy to every checker for ${stable.intervals} intervals on end, ${stable.wanted} are asked for.`,
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
        const { intervalSeconds, threshold, seconds } = detectionOf(check);
        const depends = dependsOnWrites(check);
        const says = depends === null ? 'not said' : depends ? 'yes' : 'no';
        look.row(check.id, `${intervalSeconds} s × ${threshold}`, `${seconds} s`, says);
        look.expect(
          depends !== true,
          `${check.id} answers only while the database takes writes, and Route 53 takes an endpoint out after ${seconds} s: a minute that lasts longer turns it unhealthy, and all others with it.`,
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
    judge: (world, look) => {
      const { dns } = world.plan;
      if (dns === undefined) return null;
      for (const { name, type, setIdentifier, check, evaluatesTarget } of chosenAmong(dns, 'after')) {
        const by = check ?? (evaluatesTarget ? 'the health of its alias target' : null);
        look.row(name, type, setIdentifier, by ?? 'none: always healthy');
        look.expect(
          by !== null,
          `${name} ${type} (${setIdentifier}) has no health check: it is answered even when its endpoint is dead.`,
          'Give it a healthCheck in the plan.',
        );
      }
      for (const name of servedAlthoughUnhealthy(dns, 'after', isUnhealthyIn(world.snapshot.dns)))
        look.expect(
          false,
          `Every target endpoint of ${name} is unhealthy now: Route 53 would answer as if all were healthy, and users would be sent to dead ones.`,
          'See that the endpoints of the target answer their checkers.',
        );
      look.note(
        'When all of a name are unhealthy, Route 53 answers as if all were healthy: a check that is wrong everywhere protects nobody.',
      );
      return look.judgement('name', 'type', 'set', 'health check');
    },
  },
];

const createIt = 'cockpit dns health PLAN --create makes it; then write its id as healthCheckId in the plan.';

function checkOf({ plan }: World, item: string): PlannedHealthCheck {
  return present(
    plan.dns?.healthChecks.find(({ id }) => id === item),
    `health check ${item}`,
  );
}

function standsBefore({ flip }: PlannedDns): (check: string) => boolean {
  return (check) =>
    flipTurns(flip).every(
      ({ healthCheck, standsFor }) =>
        healthCheck !== check || (standsFor !== 'target' && flip?.by !== 'routing-controls'),
    );
}
