import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSet, rawSet, spellings } from '../../main/adapters/route53-sets.ts';
import type { ResourceRecordSet } from '../../main/adapters/route53-driver.ts';
import { drawnZone, setOf } from '../helpers/record-sets.ts';

const plain: ResourceRecordSet = {
  Name: 'www.shop.example.',
  Type: 'A',
  TTL: 60,
  ResourceRecords: [{ Value: '192.0.2.1' }],
};

test('what is written reads back as what was meant', () => {
  fc.assert(
    fc.property(drawnZone, ({ changes, others }) => {
      const sets = [...others, ...changes.flatMap(({ before, after }) => [before, after])].filter(
        (set) => set !== null,
      );
      for (const set of sets) expect(parseSet(rawSet(set))).toEqual({ ok: true, value: set });
    }),
  );
});

test.each([
  [{ GeoLocation: { CountryCode: 'DE' } }, 'geolocation'],
  [{ GeoProximityLocation: { AWSRegion: 'us-east-1', Bias: 3 } }, 'geoproximity'],
  [{ CidrRoutingConfig: { CollectionId: 'c', LocationName: 'l' } }, 'cidr'],
  [{ MultiValueAnswer: true }, 'multivalue'],
  [{}, 'unknown'],
] as const)('keeps the routing %j as found and never writes it', (routing, policy) => {
  const parsed = parseSet({ ...plain, ...routing, SetIdentifier: 'one' });
  expect(parsed).toMatchObject({ ok: true, value: { routing: { kind: 'other', policy } } });
  if (parsed.ok) expect(() => rawSet(parsed.value)).toThrow('never written');
});

test.each([
  { ...plain, Name: undefined },
  { ...plain, Name: 'a..b.' },
  { ...plain, TTL: undefined },
  { ...plain, ResourceRecords: [] },
  { ...plain, ResourceRecords: [{ Value: undefined }] },
  { ...plain, AliasTarget: { HostedZoneId: 'Z1', DNSName: 'lb.example.', EvaluateTargetHealth: true } },
])('refuses what it does not understand: %j', (raw) => {
  expect(parseSet(raw as ResourceRecordSet).ok).toBe(false);
});

test('deletes by the spelling that the zone has, and creates in our own', () => {
  const spelt = spellings();
  const raw: ResourceRecordSet = {
    Name: 'C.Shop.Example.',
    Type: 'CNAME',
    TTL: 60,
    ResourceRecords: [{ Value: 'Edge.Shop.Example.' }],
  };
  const parsed = parseSet(raw);
  if (!parsed.ok) throw new Error(parsed.error);
  spelt.saw(raw, parsed.value);
  const after = setOf({
    name: 'c.shop.example',
    type: 'CNAME',
    content: { kind: 'values', ttlSeconds: 60, values: ['new.shop.example'] },
  });
  const [first, second] = spelt.changes({
    changes: [
      { action: 'DELETE', set: parsed.value },
      { action: 'CREATE', set: after },
    ],
  });
  expect(first).toEqual({ Action: 'DELETE', ResourceRecordSet: raw });
  expect(second?.ResourceRecordSet?.ResourceRecords).toEqual([{ Value: 'new.shop.example' }]);
});
