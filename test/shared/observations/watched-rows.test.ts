import { describe, expect, test } from 'vitest';
import { lookupCommand, parseLookup, parseResolvConf } from '../../../shared/observations/host-lookup.ts';
import { hostRows, longestPlannedTtl, plannedAliases } from '../../../shared/observations/watched-rows.ts';
import { dnsSchema } from '../../../shared/plan/plan-dns.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const alias = { hostedZoneId: 'Z9', name: 'LB.example.', evaluateTargetHealth: true };
const dns = dnsSchema.parse({
  zones: [
    { id: 'out', hostedZoneId: 'Z1', name: 'shop.example' },
    { id: 'in', hostedZoneId: 'Z2', name: 'shop.example', view: 'private' },
  ],
  records: [
    {
      zone: 'out',
      name: 'www.shop.example',
      type: 'A',
      before: { ttlSeconds: 300, values: ['192.0.2.1'] },
      after: { alias },
    },
    {
      zone: 'in',
      name: 'www.shop.example',
      type: 'A',
      before: 'absent',
      after: { ttlSeconds: 60, values: ['10.0.0.1'] },
    },
  ],
});

test('the longest TTL of before the change: of the plan as it was before any lowering, and of a missing name', () => {
  expect(longestPlannedTtl(dns, 'out')).toBe(300);
  expect(longestPlannedTtl(dns, 'in')).toBe(900);
});

test('aliases are observed once each, in the view of their zone', () => {
  expect(plannedAliases(dns)).toEqual([{ name: 'lb.example', type: 'A', view: 'public' }]);
});

describe('rows of application hosts', () => {
  test('one for each host and name; the private zone of a name stands before the public one', () => {
    const rows = hostRows(referencePlan(), dns, () => []);
    expect(rows.map(({ row }) => row)).toEqual(
      ['app-a1', 'app-a2', 'app-b1', 'app-e1'].map((host) => `in ${host} www.shop.example A`),
    );
  });

  test('a host in a region is expected to get its answer, one elsewhere any', () => {
    const plan = referencePlan();
    if (plan.dns === undefined) throw new Error('the reference plan names no DNS');
    expect(
      hostRows(plan, plan.dns, () => []).map(({ server, asked }) => [server.name, asked.region]),
    ).toEqual([
      ['app-a1', null],
      ['app-a2', null],
      ['app-b1', null],
      ['app-e1', 'us-east-1'],
    ]);
  });
});

describe('what a host prints', () => {
  const question = { name: 'www.shop.example', type: 'A' };
  test('addresses, each once', () => {
    const text = '192.0.2.1       STREAM www.shop.example\n192.0.2.1       DGRAM\n192.0.2.1       RAW\n';
    expect(parseLookup(text, question)).toMatchObject({ answers: [{ data: '192.0.2.1' }] });
  });

  test('an IPv4 address in the clothes of IPv6 is no AAAA', () => {
    const text = '::ffff:192.0.2.1 STREAM www\n2001:DB8::1 STREAM www\n';
    expect(parseLookup(text, { ...question, type: 'AAAA' })).toMatchObject({
      answers: [{ data: '2001:db8::1' }],
    });
  });

  test('a CNAME cannot be shown by it', () => {
    expect(lookupCommand({ ...question, type: 'CNAME' })).toBeNull();
  });

  test('its resolvers, and that one of them is on the host itself', () => {
    expect(
      parseResolvConf('search x\nnameserver 127.0.0.53\n nameserver 10.0.0.2\n# nameserver 9.9.9.9\n'),
    ).toEqual(['127.0.0.53 (a cache on the host itself)', '10.0.0.2']);
  });
});
