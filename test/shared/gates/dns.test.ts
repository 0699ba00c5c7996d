import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../shared/plan/plan.ts';
import type { ZoneSeen } from '../../../shared/observations/dns-facts.ts';
import { setOf } from '../../helpers/record-sets.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';
import { fact, judgedAt, takenAt } from '../../helpers/snapshot.ts';
import { plan, checkSeen, seen, verdicts, shut, setsWith } from '../../helpers/dns-gates.ts';

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
        : { dns: { ...input.dns, emulator: { apiPort: 23_145, dnsPort: 23_146 } } }),
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
