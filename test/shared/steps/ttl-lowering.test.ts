import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dnsSchema, type PlannedDns } from '../../../shared/plan/plan-dns.ts';
import type { RecordSet } from '../../../shared/observations/record-set.ts';
import { applyBatch, batchOf } from '../../../shared/steps/change-batch.ts';
import { minuteDiff } from '../../../shared/steps/minute-diff.ts';
import { healthCheckIds } from '../../../shared/steps/prepared-zone.ts';
import { planLowering, planRestoring } from '../../../shared/steps/ttl-lowering.ts';
import { inRegion, setOf } from '../../helpers/record-sets.ts';

const checks = ['192.0.2.1', '192.0.2.2', '203.0.113.1', '203.0.113.2'];
const record = (region: string, from: string, to: string, ttlSeconds: number) => ({
  zone: 'shop',
  name: 'www.shop.example',
  type: 'A' as const,
  setIdentifier: region,
  before: { ttlSeconds, values: [from], region, healthCheck: `h-${from}` },
  after: { ttlSeconds: 60, values: [to], region, healthCheck: `h-${to}` },
});
const dnsWith = (records: unknown, runway = 60): PlannedDns =>
  dnsSchema.parse({
    zones: [{ id: 'shop', hostedZoneId: 'Z1', name: 'shop.example' }],
    healthChecks: checks.map((value) => ({
      id: `h-${value}`,
      type: 'EXISTING',
      healthCheckId: `check-${value}`,
    })),
    records,
    runway: { ttlSeconds: runway },
  });
const two = (ttl: number): PlannedDns =>
  dnsWith([
    record('us-east-1', '192.0.2.1', '203.0.113.1', ttl),
    record('eu-west-1', '192.0.2.2', '203.0.113.2', ttl),
  ]);
const zoneOf = (ttl: number): readonly RecordSet[] => [
  inRegion('us-east-1', '192.0.2.1', ttl),
  inRegion('eu-west-1', '192.0.2.2', ttl),
  setOf({ name: 'other.shop.example' }),
  setOf({
    name: 'shop.example',
    type: 'SOA',
    content: { kind: 'values', ttlSeconds: 900, values: ['ns. admin. 1 7200 900 1209600 300'] },
  }),
];
const zone = (live: readonly RecordSet[]) => ({ id: 'shop', name: 'shop.example', live });
const ttlsOf = (sets: readonly RecordSet[]): readonly (number | null)[] =>
  sets
    .filter(({ name }) => name === 'www.shop.example')
    .map(({ content }) => (content.kind === 'values' ? content.ttlSeconds : null));

function lowered(dns: PlannedDns, live: readonly RecordSet[]) {
  const planned = planLowering(dns, zone(live), healthCheckIds(dns));
  if (!planned.ok) throw new Error(planned.error.join());
  return planned.value;
}
function applied(live: readonly RecordSet[], entries: Parameters<typeof batchOf>[0]): readonly RecordSet[] {
  const batch = batchOf(entries);
  if (batch.changes.length === 0) return live;
  const after = applyBatch({ name: 'shop.example', sets: live }, batch);
  if (!after.ok) throw new Error(after.error.join());
  return after.value;
}

describe('lowering', () => {
  test('follows a CNAME through the zone, and names where it leaves it', () => {
    const cname = (value: string, ttlSeconds: number) => ({
      kind: 'values' as const,
      ttlSeconds,
      values: [value],
    });
    const dns = dnsWith([
      {
        zone: 'shop',
        name: 'blog.shop.example',
        type: 'CNAME',
        before: { ttlSeconds: 300, values: ['edge.shop.example'] },
        after: { ttlSeconds: 60, values: ['other.shop.example'] },
      },
    ]);
    const live = [
      ...zoneOf(300),
      setOf({
        name: 'blog.shop.example',
        type: 'CNAME',
        content: cname('edge.shop.example', 300),
      }),
      setOf({
        name: 'edge.shop.example',
        type: 'CNAME',
        content: cname('pool.cdn.example', 7_200),
      }),
    ];
    const { kept } = lowered(dns, live);
    expect(kept.map(({ oldTtls }) => oldTtls.map(({ ttlSeconds }) => ttlSeconds))).toEqual([[300, 7_200]]);
    expect(kept.map(({ leadsTo }) => leadsTo)).toEqual([['pool.cdn.example']]);
    expect(lowered(two(300), zoneOf(300)).kept.flatMap(({ leadsTo }) => leadsTo)).toEqual([]);
  });

  test('changes the TTL of what the minute changes, and of nothing else', () => {
    const live = zoneOf(300);
    const { diff, kept } = lowered(two(300), live);
    expect(diff.refusals).toEqual([]);
    expect(diff.entries.flatMap(({ fields }) => fields.map(({ field }) => field))).toEqual(['TTL', 'TTL']);
    expect(kept.map(({ oldTtls }) => oldTtls[0])).toMatchObject([
      { ttlSeconds: 300, lowered: true },
      { ttlSeconds: 300 },
    ]);
    const after = applied(live, diff.entries);
    expect(ttlsOf(after)).toEqual([60, 60]);
    expect(minuteDiff(two(300), zone(after))).toMatchObject({
      ok: true,
      value: { ttls: 'lowered', reasons: [] },
    });
    expect(minuteDiff(two(300), zone(live))).toMatchObject({
      ok: true,
      value: { ttls: 'not-lowered', reasons: [] },
    });
  });

  test('refuses what is not the plan’s before, its TTL too', () => {
    expect(lowered(two(300), zoneOf(600)).diff.refusals).toMatchObject([
      { kind: 'different' },
      { kind: 'different' },
    ]);
    const foreign = [...zoneOf(300), inRegion('ap-south-1', '192.0.2.3', 300)];
    expect(lowered(two(300), foreign).diff.refusals).toMatchObject([{ kind: 'unplanned' }]);
  });

  test('counts the plan’s TTL as the old one where somebody lowered it by hand', () => {
    const { diff, kept } = lowered(two(300), zoneOf(60));
    expect(diff.entries.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged']);
    expect(kept.map(({ oldTtls }) => oldTtls[0]?.ttlSeconds)).toEqual([300, 300]);
  });

  test('waits for the SOA where there was no such name, and for the alias target, which is not ours', () => {
    const values = { ttlSeconds: 60, values: ['192.0.2.9'] };
    const alias = { alias: { hostedZoneId: 'Z2', name: 'lb.aws.example', evaluateTargetHealth: false } };
    const dns = dnsWith([
      { zone: 'shop', name: 'fresh.shop.example', type: 'A', before: 'absent', after: values },
      { zone: 'shop', name: 'lb.shop.example', type: 'A', before: alias, after: values },
    ]);
    const live = [
      ...zoneOf(300),
      setOf({ name: 'lb.shop.example', content: { kind: 'alias', ...alias.alias } }),
    ];
    const { diff, kept } = lowered(dns, live);
    expect(batchOf(diff.entries).changes).toEqual([]);
    expect(kept.map(({ oldTtls }) => oldTtls)).toMatchObject([
      [{ ttlSeconds: 300, lowered: false }],
      [{ ttlSeconds: 60, lowered: false }],
    ]);
  });
});

describe('restoring', () => {
  const restored = (dns: PlannedDns, live: readonly RecordSet[], kept: readonly RecordSet[]) =>
    planRestoring(dns, { id: 'shop', live, kept }, healthCheckIds(dns));

  test('puts back what was observed, whether the minute came or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_600 }),
        fc.integer({ min: 60, max: 600 }),
        fc.boolean(),
        (ttl, runway, came) => {
          const dns = { ...two(ttl), runway: { ttlSeconds: runway, marginMs: 0 } };
          const live = zoneOf(ttl);
          const { diff, kept } = lowered(dns, live);
          const low = applied(live, diff.entries);
          const minute = minuteDiff(dns, zone(low));
          const there = came && minute.ok ? applied(low, minute.value.diff.entries) : low;
          const back = restored(
            dns,
            there,
            kept.map(({ set }) => set),
          );
          if (!back.ok) throw new Error(back.error.join());
          expect(back.value.refusals.filter(({ kind }) => kind !== 'already-after')).toEqual([]);
          expect(ttlsOf(applied(there, back.value.entries))).toEqual([ttl, ttl]);
        },
      ),
    );
  });

  test('refuses a zone that is neither before nor after', () => {
    const dns = two(300);
    const kept = lowered(dns, zoneOf(300)).kept.map(({ set }) => set);
    const mixed = [inRegion('us-east-1', '192.0.2.77', 60), inRegion('eu-west-1', '192.0.2.2', 60)];
    const back = restored(dns, mixed, kept);
    expect(back.ok && back.value.refusals.length).toBeGreaterThan(0);
  });
});
