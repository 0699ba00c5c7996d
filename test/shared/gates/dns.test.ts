import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../shared/gates/gate.ts';
import { judge } from '../../../shared/gates/judge.ts';
import { thisProgram } from '../../../shared/gates/world.ts';
import { present } from '../../../shared/lib/assert.ts';
import type { DnsFacts, HealthSeen, ZoneSeen } from '../../../shared/observations/dns-facts.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import type { RecordSet } from '../../../shared/observations/record-set.ts';
import type { ZoneProof } from '../../../shared/steps/zone-proof.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import type { HealthCheckFacts } from '../../../shared/sessions/zone-answers.ts';
import { modelZones } from '../../helpers/model-zones.ts';
import { setOf } from '../../helpers/record-sets.ts';
import { referencePlan, referenceWith } from '../../helpers/reference-plan.ts';
import { fact, healthyPeople, healthySnapshot, judgedAt, takenAt } from '../../helpers/snapshot.ts';

const plan = referencePlan();

function zoneSeen(of: Plan, change: Partial<ZoneSeen> = {}): ZoneSeen {
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

function checkSeen(check: string, address: string, change: Partial<HealthSeen> = {}): HealthSeen {
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
    ...change,
  };
}

const addresses = {
  'east-source': '192.0.2.10',
  'west-source': '192.0.2.20',
  'east-target': '198.51.100.10',
  'west-target': '203.0.113.10',
} as const;

function seen(
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
  };
}

function verdicts(
  dns: DnsFacts | undefined,
  of: Plan = plan,
  phase: 'preflight' | 'go' = 'preflight',
): readonly Verdict[] {
  const { dns: _dns, ...rest } = healthySnapshot('mariadb');
  const snapshot = dns === undefined ? rest : { ...rest, dns };
  const context = { now: judgedAt, phase, history: [], program: thisProgram } as const;
  return judge(of, snapshot, { people: healthyPeople, context }).filter(({ group }) => group === 'dns');
}

function shut(dns: DnsFacts | undefined, of: Plan = plan): readonly string[] {
  return verdicts(dns, of)
    .filter(({ state }) => state !== 'open')
    .map(({ gate, state }) => `${gate} ${state}`);
}

function setsWith(change: (sets: readonly RecordSet[]) => readonly RecordSet[]): ZoneSeen['sets'] {
  const zone = present(modelZones(plan).get('shop'), 'the zone');
  return fact(change(zone.sets));
}

describe('the gates on DNS', () => {
  test('are all open where everything is as the plan says', () => {
    expect(shut(seen())).toEqual([]);
    expect(verdicts(seen()).map(({ gate }) => gate)).toEqual([
      'dns.access:shop',
      'dns.before:shop',
      'dns.safety:shop',
      'dns.batch:shop',
      'dns.runway:shop',
      'dns.write:shop',
      'dns.check:east-source',
      'dns.check:west-source',
      'dns.check:east-target',
      'dns.check:west-target',
      'dns.health:east-target',
      'dns.health:west-target',
      'dns.detection',
      'dns.unchecked',
    ]);
  });

  test('ask for nothing of a plan without DNS', () => {
    const { dns: _dns, ...without } = plan;
    expect(verdicts(undefined, without)).toEqual([]);
  });

  test('are unknown when nothing was seen, but for what the plan alone says', () => {
    expect(
      verdicts(undefined)
        .filter(({ state }) => state === 'open')
        .map(({ gate }) => gate),
    ).toEqual(['dns.runway:shop', 'dns.detection', 'dns.unchecked']);
  });

  test('another account, and credentials that end in the night', () => {
    const owned = referenceWith((input) => ({
      ...input,
      dns: {
        ...input.dns,
        zones: [{ id: 'shop', hostedZoneId: 'Z1', name: 'shop.example', account: '999988887777' }],
      } as never,
    }));
    expect(shut(seen(), owned)).toContain('dns.access:shop closed');
    const access = fact({ account: '111122223333', credentialsEndAt: judgedAt + 1_800_000 });
    expect(shut(seen({ access }))).toEqual(['dns.access:shop closed']);
  });

  test('a rehearsal on an emulator says that no real zone is touched', () => {
    const says = (of: Plan): string => {
      const access = verdicts(seen({}, {}, of), of).find(({ gate }) => gate === 'dns.access:shop');
      return access?.reasons.join(' ') ?? '';
    };
    const emulated = referenceWith((input) => ({
      ...input,
      ...(input.dns === undefined
        ? {}
        : { dns: { ...input.dns, emulator: { apiPort: 33_145, dnsPort: 33_146 } } }),
    }));
    expect(says(emulated)).toContain('no real zone is asked or changed');
    expect(says(plan)).toBe('Account 111122223333.');
  });

  test('a record set that somebody changed, one too many, and one that is gone', () => {
    const moved = setsWith((sets) =>
      sets.map((set) => ({ ...set, content: { kind: 'values', ttlSeconds: 60, values: ['192.0.2.99'] } })),
    );
    expect(shut(seen({ sets: moved }))).toEqual(['dns.before:shop closed', 'dns.batch:shop closed']);
    const beside = setsWith((sets) => [
      ...sets,
      setOf({ setIdentifier: 'other', routing: { kind: 'latency', region: 'eu-west-1' } }),
    ]);
    expect(shut(seen({ sets: beside }))).toContain('dns.before:shop closed');
    expect(shut(seen({ sets: setsWith((sets) => sets.slice(1)) }))).toContain('dns.before:shop closed');
  });

  test('a change of most of a zone needs a person who overrides it', () => {
    const others = Array.from({ length: 4 }, (_, at) => setOf({ name: `other-${at}.shop.example` }));
    const small = setsWith((sets) => [...sets, ...others]);
    expect(shut(seen({ sets: small }))).toEqual([]);
    const strict = referenceWith((input) => ({
      ...input,
      dns: { ...input.dns, safety: { fromRecords: 3, changedPercent: 10 } } as never,
    }));
    expect(shut(seen({ sets: small }), strict)).toEqual(['dns.safety:shop closed']);
  });

  test('high TTLs without a recorded lowering are unknown, and open once the old answers have run out', () => {
    const high = referenceWith((input) => ({
      ...input,
      dns: {
        ...input.dns,
        runway: { ttlSeconds: 30 },
        records: (input.dns?.records ?? []).map((record) => ({
          ...record,
          after: { ...(record.after as object), ttlSeconds: 30 },
        })),
      } as never,
    }));
    expect(shut(seen({}, {}, high), high)).toEqual(['dns.runway:shop unknown']);
    const runway = (at: number): ZoneSeen['runway'] =>
      fact({
        insyncAt: at,
        servers: fact([{ server: 'ns-1', seenAt: at }]),
        records: [{ record: 'www', oldTtls: [{ what: 'www', ttlSeconds: 60, lowered: true }] }],
        marginMs: 0,
      });
    expect(shut(seen({ runway: runway(judgedAt - 30_000) }, {}, high), high)).toEqual([
      'dns.runway:shop closed',
    ]);
    expect(shut(seen({ runway: runway(judgedAt - 61_000) }, {}, high), high)).toEqual([]);
  });

  test('a proof of the write that is old, failed or missing warns in preflight and keeps the run from beginning', () => {
    const write = (phase: 'preflight' | 'go', proof: Partial<ZoneProof> | null, ageMs = 20_000) => {
      const atUtcMs = judgedAt - ageMs;
      const made = { zone: 'shop', atUtcMs, outcome: 'ok', text: 'www was written', ...proof } as const;
      const facts = { ...seen(), proofs: proof === null ? {} : { shop: made } };
      const { state, blocking, reasons } = present(
        verdicts(facts, plan, phase).find(({ gate }) => gate === 'dns.write:shop'),
        'the gate',
      );
      return { state, blocking, reasons: reasons.join(' ') };
    };
    const open = { state: 'open', reasons: expect.stringContaining('Proven 20 s ago') };
    expect(write('go', {})).toMatchObject(open);
    expect(write('preflight', {})).toMatchObject(open);
    expect(write('go', null)).toMatchObject({ state: 'closed', blocking: true });
    expect(write('preflight', null)).toMatchObject({ state: 'closed', blocking: false });
    const old = {
      state: 'closed',
      blocking: true,
      reasons: expect.stringContaining('seen it proven 61 s ago'),
    };
    expect(write('go', {}, 61_000)).toMatchObject(old);
    expect(write('preflight', {}, 599_000)).toMatchObject({ state: 'open' });
    expect(write('preflight', {}, 601_000)).toMatchObject({ state: 'closed', blocking: false });
    const denied = { outcome: 'refused', text: 'AccessDenied' } as const;
    const says = { state: 'closed', blocking: true, reasons: expect.stringContaining('AccessDenied') };
    expect(write('go', denied)).toMatchObject(says);
  });

  test('a zone of which nothing stands yet cannot be proven, and says so', () => {
    const fresh = referenceWith((input) => ({
      ...input,
      dns: {
        ...input.dns,
        records: (input.dns?.records ?? []).map((record) => ({ ...record, before: 'absent' })),
      } as never,
    }));
    const verdict = verdicts({ ...seen(), proofs: {} }, fresh, 'go').find(
      ({ gate }) => gate === 'dns.write:shop',
    );
    expect(verdict).toMatchObject({ state: 'closed', blocking: false });
  });

  test('a target endpoint that one checker does not see, and one that was healthy too short', () => {
    const votes = fact(
      ['us-east-1', 'eu-west-1'].map((region, at) => ({
        region,
        checker: '15.177.0.1',
        checkedAt: takenAt,
        healthy: at === 0,
        status: '',
      })),
    );
    const against = verdicts(seen({}, { 'east-target': { votes, healthySince: null } }));
    expect(against.find(({ gate }) => gate === 'dns.health:east-target')).toMatchObject({
      state: 'closed',
      blocking: true,
      reasons: [expect.stringContaining('1 of 2 against it (eu-west-1)')],
    });
    const live = { ...plan, environment: 'staging' as const };
    const young = seen({}, { 'east-target': { healthySince: takenAt - 20_000 } });
    expect(verdicts(young, live).find(({ gate }) => gate === 'dns.health:east-target')).toMatchObject({
      state: 'closed',
      blocking: true,
      reasons: [expect.stringContaining('3 intervals of 30 s on end, seen it so for 20 s')],
    });
  });

  test('a health check that is gone, disabled or another one', () => {
    expect(shut(seen({}, { 'west-source': { facts: fact(null) } }))).toEqual([
      'dns.check:west-source closed',
    ]);
    const other = checkSeen('west-source', '192.0.2.77').facts;
    expect(shut(seen({}, { 'west-source': { facts: other } }))).toEqual(['dns.check:west-source closed']);
  });

  test('an endpoint that depends on writes, and a set without a check, are warned of', () => {
    const risky = referenceWith((input) => ({
      ...input,
      dns: {
        ...input.dns,
        healthChecks: (input.dns?.healthChecks ?? []).map((check) => ({ ...check, dependsOnWrites: true })),
      } as never,
    }));
    const warned = verdicts(seen(), risky).filter(({ state }) => state !== 'open');
    expect(warned).toMatchObject([{ gate: 'dns.detection', blocking: false }]);
    expect(warned[0]?.reasons[0]).toContain('after 90 s');
  });
});
