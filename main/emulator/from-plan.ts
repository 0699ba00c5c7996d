import { parseDnsName } from '../../shared/observations/dns-name.ts';
import { factsAsPlanned } from '../../shared/observations/health-check.ts';
import { parseSubnet } from '../../shared/observations/ip-address.ts';
import type { PlannedDns } from '../../shared/plan/plan-dns.ts';
import { statesFor } from '../../shared/steps/flip-controls.ts';
import { plannedSet } from '../../shared/plan/planned-sets.ts';
import type { EmulatedAccount } from './emulated-aws.ts';

/** As long as Route 53 mostly takes, so that a rehearsal waits as the night will. */
const insyncAfterMs = 20_000;
const visibleAfterMs = 5_000;
const account = '123456789012';

/**
 * The account that a plan is written for, as it is today: its zones with every record set as it is before the change. A
 * rehearsal on it touches no real zone; health checks without an id go by the plan's own.
 */
export function accountOfPlan(dns: PlannedDns, now: () => number): EmulatedAccount {
  const checks = new Map(
    dns.healthChecks.map(({ id, healthCheckId }) => [id, healthCheckId ?? `emulated-${id}`]),
  );
  return {
    account: dns.zones.find((zone) => zone.account !== undefined)?.account ?? account,
    zones: dns.zones.map(({ id, hostedZoneId, name, view }) => ({
      hostedZoneId,
      name: parseDnsName(name) ?? name,
      view,
      sets: dns.records.flatMap((record) => {
        const set =
          record.zone === id
            ? plannedSet(record, record.before, (check) => checks.get(check) ?? check)
            : null;
        return set === null ? [] : [set];
      }),
    })),
    insyncAfterMs,
    visibleAfterMs,
    users: dns.users.flatMap(({ clientSubnet, region }) => {
      const subnet = parseSubnet(clientSubnet);
      return subnet === null ? [] : [{ subnet, region }];
    }),
    now,
    requestsASecond: 5,
    controls: dns.flip?.cluster === undefined ? {} : statesFor(dns.flip.cluster, 'source'),
    // One without an id is still to be made.
    checks: dns.healthChecks.flatMap((check) =>
      check.healthCheckId === undefined ? [] : [factsAsPlanned(check, check.healthCheckId, dns.flip)],
    ),
  };
}
