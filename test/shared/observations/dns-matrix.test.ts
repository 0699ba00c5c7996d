import { describe, expect, test } from 'vitest';
import { matrixOf, type Authority } from '../../../shared/observations/dns-matrix.ts';
import { dnsSchema, type PlannedDns } from '../../../shared/plan/plan-dns.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const authority: Authority = { zone: 'shop', server: 'ns1.aws.example', address: '192.0.2.53' };
function reference(): PlannedDns {
  const { dns } = referencePlan();
  if (dns === undefined) throw new Error('the reference plan names no DNS');
  return dns;
}
const rowsOf = (dns: PlannedDns, aliases: Readonly<Record<string, readonly string[]>> = {}) =>
  matrixOf(dns, [authority], ({ name }) => aliases[name] ?? []);

describe('the reference case', () => {
  test('asks for each group of users wherever the client subnet counts, elsewhere once for the own place', () => {
    expect(
      rowsOf(reference()).map(({ row, asked, clientSubnet }) => [
        row,
        asked.region,
        clientSubnet?.bits ?? null,
      ]),
    ).toEqual([
      ['shop ns1.aws.example www.shop.example A east-coast', 'us-east-1', 24],
      ['shop ns1.aws.example www.shop.example A west-coast', 'us-west-2', 24],
      ['shop public-east www.shop.example A', 'us-east-1', null],
      ['shop public-west www.shop.example A east-coast', 'us-east-1', 24],
      ['shop public-west www.shop.example A west-coast', 'us-west-2', 24],
    ]);
  });

  test('expects on each side what the plan says there', () => {
    expect(rowsOf(reference())[0]?.asked.expected).toEqual([
      { side: 'source', region: 'us-east-1', match: 'all', values: ['192.0.2.10'] },
      { side: 'target', region: 'us-east-1', match: 'all', values: ['198.51.100.10'] },
      { side: 'source', region: 'us-west-2', match: 'all', values: ['192.0.2.20'] },
      { side: 'target', region: 'us-west-2', match: 'all', values: ['203.0.113.10'] },
    ]);
  });
});

const small = dnsSchema.parse({
  zones: [
    { id: 'out', hostedZoneId: 'Z1', name: 'shop.example' },
    { id: 'in', hostedZoneId: 'Z2', name: 'shop.example', view: 'private' },
  ],
  records: [
    {
      zone: 'out',
      name: 'WWW.shop.example.',
      type: 'A',
      before: 'absent',
      after: { alias: { hostedZoneId: 'Z9', name: 'lb.example', evaluateTargetHealth: true } },
    },
    {
      zone: 'in',
      name: 'www.shop.example',
      type: 'AAAA',
      before: { ttlSeconds: 60, values: ['2001:DB8::1'] },
      after: { ttlSeconds: 60, values: ['2001:db8::2'] },
    },
  ],
  users: [{ id: 'all', clientSubnet: '192.0.2.0/24', region: 'us-east-1' }],
  resolvers: [
    { id: 'public', address: '192.0.2.1', clientSubnet: true },
    { id: 'office', address: '10.0.0.2', view: 'private' },
  ],
});

test('a private zone of the same name has rows of its own, at its own resolvers', () => {
  expect(rowsOf(small).map(({ row }) => row)).toEqual([
    'out public www.shop.example A',
    'in office www.shop.example AAAA',
  ]);
});

test('a name that is new is expected to be missing before; an alias answers any of what was observed', () => {
  expect(rowsOf(small, { 'lb.example': ['192.0.2.7', '192.0.2.8'] })[0]?.asked.expected).toEqual([
    { side: 'source', region: null, match: 'none', values: [] },
    { side: 'target', region: null, match: 'one-of', values: ['192.0.2.7', '192.0.2.8'] },
  ]);
});

test('one set that is not there yet does not make a missing name right', () => {
  const [record] = small.records;
  if (record === undefined) throw new Error('expected a record');
  const set = (setIdentifier: string, before: typeof record.before) => ({ ...record, setIdentifier, before });
  const there = { ttlSeconds: 60, values: ['192.0.2.1'], weight: 1 };
  const rows = rowsOf({ ...small, records: [set('a', there), set('b', 'absent')] });
  expect(rows[0]?.asked.expected.filter(({ match }) => match === 'none')).toEqual([]);
});
