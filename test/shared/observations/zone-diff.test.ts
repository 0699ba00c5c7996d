import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normaliseSet, sameSet, type RecordSet } from '../../../shared/observations/record-set.ts';
import { aboveSafety, diffZone, shareOf } from '../../../shared/observations/zone-diff.ts';
import { drawnZone, inRegion, setOf } from '../../helpers/record-sets.ts';

const before = [inRegion('us-east-1', '192.0.2.10'), inRegion('us-west-2', '192.0.2.20')];
const after = [inRegion('us-east-1', '198.51.100.10'), inRegion('us-west-2', '203.0.113.10')];
const moved = before.map((set, at) => ({ before: set, after: after[at] ?? null }));
const refusals = (live: readonly RecordSet[]): readonly string[] =>
  diffZone(moved, live).refusals.map(({ kind, message }) => `${kind}: ${message}`);

describe('a zone that holds what the plan calls before', () => {
  test('differs field by field, and nothing else of it is touched', () => {
    const other = setOf({ name: 'mail.shop.example' });
    const diff = diffZone(moved, [...before, other]);
    expect(diff.refusals).toEqual([]);
    expect(diff.untouched).toEqual([other]);
    expect(diff.entries[0]?.fields).toEqual([
      { field: 'health check', expected: 'check-192.0.2.10', found: 'check-198.51.100.10' },
      { field: 'values', expected: '192.0.2.10', found: '198.51.100.10' },
    ]);
  });

  test('may write it in another order, case or spelling', () => {
    const planned = setOf({
      type: 'AAAA',
      content: { kind: 'values', ttlSeconds: 60, values: ['2001:db8::1', '::2'] },
    });
    const found = setOf({
      name: 'WWW.shop.example.',
      type: 'AAAA',
      content: { kind: 'values', ttlSeconds: 60, values: ['0:0::2', '2001:DB8::0:1'] },
    });
    expect(diffZone([{ before: planned, after: null }], [found]).refusals).toEqual([]);
  });

  test('is refused nothing, whatever it holds', () => {
    fc.assert(
      fc.property(drawnZone, ({ changes, others }) => {
        const live = [
          ...changes.flatMap((change) => (change.before === null ? [] : [change.before])),
          ...others,
        ];
        const diff = diffZone(changes, live);
        expect(diff.refusals).toEqual([]);
        expect(diff.untouched).toEqual(others);
        expect(shareOf(diff).of).toBe(live.length);
      }),
    );
  });
});

describe('a zone that somebody changed is refused, with what differs', () => {
  const [east, west] = before;
  if (east === undefined || west === undefined) throw new Error('expected two sets');

  test('another value or TTL', () => {
    expect(
      refusals([{ ...east, content: { kind: 'values', ttlSeconds: 30, values: ['192.0.2.99'] } }, west]),
    ).toEqual([
      'different: www.shop.example A (us-east-1) is not what the plan calls before: TTL is 30 s, expected 60 s; values is 192.0.2.99, expected 192.0.2.10. Somebody changed it: bring the plan or the zone up to date',
    ]);
  });

  test.each<[string, Partial<RecordSet>]>([
    ['health check', { healthCheckId: null }],
    ['region', { routing: { kind: 'latency', region: 'eu-west-1' } }],
    [
      'alias',
      { content: { kind: 'alias', hostedZoneId: 'Z2', name: 'lb.example', evaluateTargetHealth: true } },
    ],
    ['policy', { routing: { kind: 'other', policy: 'geolocation', detail: 'EU' } }],
  ])('another %s', (_, change) => {
    expect(diffZone(moved, [{ ...east, ...change }, west]).refusals.map(({ kind }) => kind)).toEqual([
      'different',
    ]);
  });

  test('a set that is gone, one too many, and one that is there already', () => {
    expect(refusals([east])[0]).toMatch(
      /^missing: www\.shop\.example A \(us-west-2\) is not in the zone, expected 192/,
    );
    expect(refusals([...before, inRegion('eu-west-1', '192.0.2.30')])[0]).toMatch(
      /^unplanned: www\.shop\.example A \(eu-west-1\) stands beside/,
    );
    const create = [{ before: null, after: setOf() }];
    expect(diffZone(create, [setOf({ healthCheckId: 'x' })]).refusals.map(({ kind }) => kind)).toEqual([
      'unexpected',
    ]);
  });

  test('an end that is reached already is told as that', () => {
    expect(refusals(after).map((line) => line.split(':')[0])).toEqual(['already-after', 'already-after']);
    expect(diffZone([{ before: setOf(), after: null }], []).refusals.map(({ kind }) => kind)).toEqual([
      'already-after',
    ]);
  });
});

test('thresholds count exactly, and leave small zones alone', () => {
  const safety = { changedPercent: 30, deletedPercent: 10, fromRecords: 10 };
  expect(aboveSafety({ changed: 3, deleted: 1, of: 10 }, safety)).toBeNull();
  expect(aboveSafety({ changed: 4, deleted: 2, of: 10 }, safety)).toBe(
    '4 of 10 record sets would be changed, expected at most 30 %; 2 of 10 record sets would be deleted, expected at most 10 %',
  );
  expect(aboveSafety({ changed: 9, deleted: 0, of: 9 }, safety)).toBeNull();
});

test('normalising twice changes nothing more, and never the meaning', () => {
  const value = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 12 }), fc.constant('10 Mail.Example.'));
  const drawn = fc.record({
    type: fc.constantFrom('A', 'AAAA', 'CNAME', 'MX', 'TXT', 'txt'),
    values: fc.array(value, { maxLength: 4 }),
    name: fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('*.Shop.example.', 'shop.example')),
  });
  fc.assert(
    fc.property(drawn, ({ type, values, name }) => {
      const raw = { ...setOf(), name, type, content: { kind: 'values', ttlSeconds: 1, values } as const };
      const once = normaliseSet(raw);
      expect(normaliseSet(once)).toEqual(once);
      const turned = normaliseSet({ ...raw, content: { ...raw.content, values: values.toReversed() } });
      expect(sameSet(once, turned)).toBe(true);
    }),
  );
});

test('a list of values is compared as a list, never as one text', () => {
  const txt = (values: readonly string[]): RecordSet =>
    setOf({ type: 'TXT', content: { kind: 'values', ttlSeconds: 60, values } });
  expect(sameSet(txt(['"a"', '"b"']), txt(['"a", "b"']))).toBe(false);
});
