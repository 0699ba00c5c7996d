import { describe, expect, test } from 'vitest';
import {
  checkFields,
  countsAsHealthy,
  detectionOf,
  factsAsPlanned,
  keepLook,
  mostLooks,
  servedAlthoughUnhealthy,
  stableSince,
  votesByRegion,
  type HealthLook,
} from '../../../shared/observations/health-check.ts';
import { dnsSchema, type PlannedHealthCheck } from '../../../shared/plan/plan-dns.ts';
import type { HealthVote } from '../../../shared/sessions/zone-answers.ts';

const planned: PlannedHealthCheck = {
  id: 'east',
  type: 'HTTPS',
  address: '192.0.2.10',
  port: 443,
  path: '/health',
  hostName: 'www.shop.example',
  dependsOnWrites: false,
  intervalSeconds: 10,
  failureThreshold: 2,
  stableIntervals: 3,
  regions: ['us-east-1', 'eu-west-1', 'sa-east-1'],
};
const vote = (region: string, healthy: boolean, checkedAt: number | null = 1_000): HealthVote => ({
  region,
  checker: '15.177.0.1',
  checkedAt,
  healthy,
  status: healthy ? 'Success: HTTP Status Code 200, OK' : 'Failure: Connection timed out',
});

describe('a health check beside its plan', () => {
  const differing = (change: object, plan: PlannedHealthCheck = planned): readonly string[] =>
    checkFields(plan, { ...factsAsPlanned(plan, 'id'), ...change }).flatMap((each) =>
      each.planned === each.seen ? [] : [each.field],
    );

  test('is as planned when Route 53 has what the plan means', () => {
    expect(differing({})).toEqual([]);
    const named = { ...planned, address: 'edge.shop.example' };
    const { hostName: _none, ...bare } = named;
    expect(factsAsPlanned(bare, 'id').hostName).toBe('edge.shop.example');
    expect(differing({}, bare)).toEqual([]);
    const { hostName: _name, ...byAddress } = planned;
    expect(factsAsPlanned(byAddress, 'id').hostName).toBeNull();
  });

  test.each([
    ['state', { disabled: true }],
    ['type', { type: 'HTTP' }],
    ['address', { address: '192.0.2.11' }],
    ['port', { port: 80 }],
    ['host name', { hostName: 'shop.example' }],
    ['path', { path: '/' }],
    ['text', { searchString: 'ok' }],
    ['interval', { intervalSeconds: 30 }],
    ['threshold', { failureThreshold: 3 }],
    ['sense', { inverted: true }],
    ['regions', { regions: ['us-east-1', 'us-west-1', 'us-west-2'] }],
  ] as const)('differs in its %s alone', (field, change) => {
    expect(differing(change)).toEqual([field]);
  });

  test('of another kind is only looked at whether it is enabled', () => {
    const existing = { id: 'other', type: 'EXISTING', healthCheckId: 'x', stableIntervals: 3 } as const;
    expect(differing({ address: '192.0.2.77' }, existing)).toEqual([]);
    expect(differing({ disabled: true }, existing)).toEqual(['state']);
    expect(detectionOf(existing)).toMatchObject({ seconds: 30 });
  });
});

describe('the votes of checkers', () => {
  test('are told by region, with the newest time and what is said against it', () => {
    const votes = [vote('us-east-1', true), vote('eu-west-1', false, null), vote('us-east-1', false, 3_000)];
    expect(votesByRegion(votes)).toEqual([
      { region: 'eu-west-1', healthy: 0, of: 1, newestAt: null, against: ['Failure: Connection timed out'] },
      { region: 'us-east-1', healthy: 1, of: 2, newestAt: 3_000, against: ['Failure: Connection timed out'] },
    ]);
  });

  test('count as healthy above 18 %, and before anybody looked', () => {
    const votes = (healthy: number, of: number): readonly HealthVote[] =>
      Array.from({ length: of }, (_, at) => vote('us-east-1', at < healthy));
    expect(countsAsHealthy([])).toBe(true);
    expect(countsAsHealthy(votes(18, 100))).toBe(false);
    expect(countsAsHealthy(votes(19, 100))).toBe(true);
    expect(countsAsHealthy(votes(0, 3))).toBe(false);
  });

  test('are stable for whole intervals only, and for none once one is against it', () => {
    expect(stableSince(planned, 0, 29_999)).toMatchObject({ intervals: 2, wanted: 3, wantedMs: 30_000 });
    expect(stableSince(planned, 0, 30_000)).toMatchObject({ intervals: 3 });
    expect(stableSince(planned, null, 30_000)).toMatchObject({ intervals: 0, stableMs: 0 });
  });

  test('are kept as looks, the oldest given up', () => {
    let looks: readonly HealthLook[] = [];
    for (let at = 0; at < mostLooks + 5; at += 1) looks = keepLook(looks, { at, regions: [] });
    expect(looks).toHaveLength(mostLooks);
    expect(looks[0]?.at).toBe(5);
  });
});

test('a name of which every set is unhealthy is served all the same; one healthy or unchecked set is enough not to be', () => {
  const side = (region: string, healthCheck?: string) => ({
    ttlSeconds: 60,
    values: ['192.0.2.1'],
    region,
    ...(healthCheck === undefined ? {} : { healthCheck }),
  });
  const dns = (west?: string) =>
    dnsSchema.parse({
      zones: [{ id: 'shop', hostedZoneId: 'Z1', name: 'shop.example' }],
      records: [
        ['us-east-1', 'a'],
        ['us-west-2', west],
      ].map(([region = '', check]) => ({
        zone: 'shop',
        name: 'www.shop.example',
        type: 'A',
        setIdentifier: region,
        before: 'absent',
        after: side(region, check),
      })),
    });
  expect(servedAlthoughUnhealthy(dns('b'), 'after', () => true)).toEqual(['www.shop.example A']);
  expect(servedAlthoughUnhealthy(dns('b'), 'after', (check) => check === 'a')).toEqual([]);
  expect(servedAlthoughUnhealthy(dns(), 'after', () => true)).toEqual([]);
  expect(servedAlthoughUnhealthy(dns('b'), 'before', () => true)).toEqual([]);
});
