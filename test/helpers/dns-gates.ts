import type { Verdict } from '../../shared/gates/gate.ts';
import { judge } from '../../shared/gates/judge.ts';
import { thisProgram } from '../../shared/gates/world.ts';
import { present } from '../../shared/lib/assert.ts';
import type { DnsFacts, HealthSeen, ZoneSeen } from '../../shared/observations/dns-facts.ts';
import { unknown } from '../../shared/observations/observation.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { HealthCheckFacts } from '../../shared/sessions/zone-answers.ts';
import { modelZones } from './model-zones.ts';
import { referencePlan } from './reference-plan.ts';
import { fact, healthyPeople, healthySnapshot, judgedAt, takenAt } from './snapshot.ts';

export const plan = referencePlan();

/** A zone as the plan calls it before. */
export function zoneSeen(of: Plan, change: Partial<ZoneSeen> = {}): ZoneSeen {
  const zone = present(modelZones(of).get('shop'), 'the zone');
  return {
    zone: 'shop',
    access: fact({ account: '111122223333', credentialsEndAt: null }),
    facts: fact({
      hostedZoneId: 'Z0EXAMPLE1SHOP',
      name: 'shop.example',
      view: 'public' as const,
      nameServers: [],
      recordSetCount: 2,
    }),
    sets: fact(zone.sets),
    runway: unknown('its lowering was not recorded', takenAt, 'shop'),
    ...change,
  };
}

/** A health check as the plan says, healthy for long. */
export function checkSeen(check: string, address: string, change: Partial<HealthSeen> = {}): HealthSeen {
  const facts: HealthCheckFacts = {
    healthCheckId: `check-${check}`,
    type: 'HTTPS',
    address,
    port: 443,
    path: '/health',
    hostName: 'www.shop.example',
    searchString: null,
    intervalSeconds: 30,
    failureThreshold: 3,
    regions: [],
    inverted: false,
    disabled: false,
  };
  return {
    check,
    facts: fact(facts),
    votes: fact([
      { region: 'us-east-1', checker: '15.177.0.1', checkedAt: takenAt, healthy: true, status: '200' },
    ]),
    healthySince: takenAt - 600_000,
    looks: [],
    ...change,
  };
}

const addresses = {
  'east-source': '192.0.2.10',
  'west-source': '192.0.2.20',
  'east-target': '198.51.100.10',
  'west-target': '203.0.113.10',
} as const;

/** All of DNS as it should be, but for what a test changes. */
export function seen(
  zone: Partial<ZoneSeen> = {},
  checks: Readonly<Record<string, Partial<HealthSeen>>> = {},
  of: Plan = plan,
): DnsFacts {
  return {
    zones: { shop: zoneSeen(of, zone) },
    checks: Object.fromEntries(
      Object.entries(addresses).map(([id, address]) => [id, checkSeen(id, address, checks[id])]),
    ),
    proofs: { shop: { zone: 'shop', atUtcMs: judgedAt - 20_000, outcome: 'ok', text: 'www was written' } },
    trials: {},
  };
}

/** The verdicts of the gates on DNS alone. */
export function verdicts(
  dns: DnsFacts | undefined,
  of: Plan = plan,
  phase: 'preflight' | 'go' = 'preflight',
): readonly Verdict[] {
  const { dns: _dns, ...rest } = healthySnapshot('mariadb');
  const snapshot = dns === undefined ? rest : { ...rest, dns };
  const context = { now: judgedAt, phase, history: [], program: thisProgram } as const;
  return judge(of, snapshot, { people: healthyPeople, context }).filter(({ group }) => group === 'dns');
}

/** Those that are not open. */
export function shut(dns: DnsFacts | undefined, of: Plan = plan): readonly string[] {
  return verdicts(dns, of)
    .filter(({ state }) => state !== 'open')
    .map(({ gate, state }) => `${gate} ${state}`);
}

/** The record sets of the zone, changed by a test. */
export function setsWith(change: (sets: readonly RecordSet[]) => readonly RecordSet[]): ZoneSeen['sets'] {
  const zone = present(modelZones(plan).get('shop'), 'the zone');
  return fact(change(zone.sets));
}
