import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareFilePosition,
  contains,
  linkHasApplied,
  missing,
  normalized,
  samePosition,
  union,
} from '../../../shared/observations/gtid-set.ts';
import type { Flavor } from '../../../shared/sessions/identity.ts';
import type { Position } from '../../../shared/sessions/operations.ts';
import type { ReplicationLink } from '../../../shared/sessions/replication-link.ts';

const uuids = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '11111111-2222-3333-4444-555555555555'] as const;
const at = (
  flavor: Flavor,
  gtid: string,
  file: string | null = null,
  offset: number | null = null,
): Position => ({ flavor, file, offset, gtid });
const my = (gtid: string): Position => at('mysql', gtid);
const ma = (gtid: string): Position => at('mariadb', gtid);
const yes = { ok: true, value: true } as const;
const no = { ok: true, value: false } as const;

/** A model of a MySQL set: plain numbers by uuid and tag. */
type Model = ReadonlyMap<string, ReadonlySet<number>>;
const keys = [uuids[0], uuids[1], `${uuids[0]}:cut`, `${uuids[1]}:night_1`];
const models: fc.Arbitrary<Model> = fc
  .array(fc.tuple(fc.constantFrom(...keys), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 60 })
  .map((pairs) => {
    const model = new Map<string, Set<number>>();
    for (const [key, number] of pairs) model.set(key, (model.get(key) ?? new Set()).add(number));
    return model;
  });
/** Prints a model without any of the courtesies of the real formatter: one part a number, in any order. */
const printed = (model: Model): string =>
  [...model]
    .flatMap(([key, numbers]) => [...numbers].map((number) => `${key.toUpperCase()}:${number}`))
    .join(',\n ');
const included = (inner: Model, outer: Model): boolean =>
  [...inner].every(([key, numbers]) => [...numbers].every((number) => outer.get(key)?.has(number) === true));

const states = fc
  .dictionary(fc.constantFrom('0-1', '0-2', '0-3', '1-1', '10-4000000000'), fc.integer({ min: 1, max: 50 }), {
    minKeys: 1,
  })
  .map((state) => new Map(Object.entries(state)));
const statePrinted = (state: ReadonlyMap<string, number>): string =>
  [...state].map(([key, sequence]) => `${key}-${sequence}`).join(',');

describe('MySQL GTID sets', () => {
  test('contains is set inclusion', () => {
    fc.assert(
      fc.property(models, models, (holder, wanted) => {
        expect(contains(my(printed(holder)), my(printed(wanted)))).toEqual({
          ok: true,
          value: included(wanted, holder),
        });
      }),
    );
  });

  test('what is missing and what is held make the whole, and the count is exact', () => {
    fc.assert(
      fc.property(models, models, (holder, wanted) => {
        const lacking = missing(my(printed(holder)), my(printed(wanted)));
        if (!lacking.ok) throw new Error(lacking.error);
        const expected = [...wanted].reduce(
          (sum, [key, numbers]) =>
            sum + [...numbers].filter((number) => holder.get(key)?.has(number) !== true).length,
          0,
        );
        expect(lacking.value.transactions).toBe(expected);
        const together = union([my(printed(holder)), my(lacking.value.text)]);
        expect(together).toEqual(union([my(printed(holder)), my(printed(wanted))]));
      }),
    );
  });

  test('one spelling for equal sets; printing and reading again changes nothing', () => {
    fc.assert(
      fc.property(models, (model) => {
        const once = normalized(my(printed(model)));
        if (!once.ok) throw new Error(once.error);
        expect(normalized(my(once.value))).toEqual(once);
        expect(samePosition(my(once.value), my(printed(model)))).toBe(true);
      }),
    );
  });

  test.each([
    [`${uuids[0]}:1-5:7`, `${uuids[0]}:1-5:7`],
    [`${uuids[0]}:1-14:cut:1`, `${uuids[0]}:1-14:cut:1`],
    [`${uuids[0]}:CUT:1-3:2-9,\n${uuids[0].toUpperCase()}:7`, `${uuids[0]}:7:cut:1-9`],
    [`${uuids[0]}:9:1-4:5`, `${uuids[0]}:1-5:9`],
    [`${uuids[0]}:1-9223372036854775806`, `${uuids[0]}:1-9223372036854775806`],
    ['', ''],
  ])('reads %j as %j', (text, expected) => {
    expect(normalized(my(text))).toEqual({ ok: true, value: expected });
  });

  test.each([
    'x',
    uuids[0],
    `${uuids[0]}:`,
    `${uuids[0]}:5-1`,
    `${uuids[0]}:0`,
    `${uuids[0]}:1-`,
    `${uuids[0]}:tag`,
    `${uuids[0]}:a:b:1`,
    `${uuids[0]}:1,`,
    '0-1-5',
    `${uuids[0]}:9223372036854775807`,
    `${uuids[0]}:1;2`,
    `${uuids[0]}:1 2`,
    `${uuids[0]}:1-2-3`,
  ])('refuses %j', (text) => {
    expect(normalized(my(text)).ok).toBe(false);
    expect(contains(my(text), my(`${uuids[0]}:1`)).ok).toBe(false);
    expect(contains(my(`${uuids[0]}:1`), my(text)).ok).toBe(false);
    expect(samePosition(my(text), my(text))).toBe(false);
  });

  test('neighbouring numbers beyond 2^53 stay apart', () => {
    expect(contains(my(`${uuids[0]}:1-9007199254740992`), my(`${uuids[0]}:1-9007199254740993`))).toEqual(no);
    expect(missing(my(''), my(`${uuids[0]}:1-9007199254740993`))).toMatchObject({
      value: { transactions: null },
    });
  });
});

describe('MariaDB binlog states', () => {
  test('contains is: every (domain, server) at least as far', () => {
    fc.assert(
      fc.property(states, states, (holder, wanted) => {
        const expected = [...wanted].every(([key, sequence]) => (holder.get(key) ?? 0) >= sequence);
        expect(contains(ma(statePrinted(holder)), ma(statePrinted(wanted)))).toEqual({
          ok: true,
          value: expected,
        });
      }),
    );
  });

  test('the union contains each part, and nothing less does', () => {
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 4 }), (parts) => {
        const together = union(parts.map((part) => ma(statePrinted(part))));
        if (!together.ok) throw new Error(together.error);
        for (const part of parts) expect(contains(ma(together.value), ma(statePrinted(part)))).toEqual(yes);
        for (const [key, sequence] of parts.flatMap((part) => [...part])) {
          expect(contains(ma(`${key}-${sequence - 1}`), ma(together.value))).toEqual(no);
        }
      }),
    );
  });

  test('two co-masters in one domain: the higher number of one does not stand for the other', () => {
    expect(contains(ma('0-1-900,0-2-300'), ma('0-1-900,0-2-301'))).toEqual(no);
    expect(missing(ma('0-1-900,0-2-300'), ma('0-1-900,0-2-301'))).toEqual({
      ok: true,
      value: { text: '0-2-301 after 300', transactions: 1, exact: false },
    });
    expect(missing(ma('0-1-900'), ma('0-1-900,1-7-4'))).toMatchObject({
      value: { text: '1-7-4 and all before', transactions: 4 },
    });
  });

  test('sequences beyond 2^53 stay apart and order does not matter', () => {
    expect(contains(ma('0-1-9007199254740992'), ma('0-1-9007199254740993'))).toEqual(no);
    expect(samePosition(ma('0-2-9,\n0-1-5'), ma('0-1-5,0-2-9'))).toBe(true);
    expect(normalized(ma('10-1-1,2-1-1,2-10-1,2-9-1'))).toEqual({
      ok: true,
      value: '2-1-1,2-9-1,2-10-1,10-1-1',
    });
  });

  test.each([
    '0-1',
    '0-1-',
    '0-1-5,',
    '0-1-x',
    `${uuids[0]}:1`,
    '4294967296-1-1',
    '0-4294967296-1',
    '0-1-18446744073709551616',
    '0-1--5',
    '0-1-5 6',
  ])('refuses %j', (text) => {
    expect(normalized(ma(text)).ok).toBe(false);
    expect(contains(ma(text), ma('0-1-1')).ok).toBe(false);
    expect(union([ma(text), ma('0-1-1')]).ok).toBe(false);
  });
});

describe('no GTID is never containment', () => {
  test.each([
    [my(''), my('')],
    [my(`${uuids[0]}:1`), my('')],
    [ma('0-1-1'), ma(' ')],
  ])('%j holds %j: no GTID', (holder, wanted) => {
    expect(contains(holder, wanted)).toEqual({ ok: false, error: 'no GTID' });
  });
  test('an empty holder honestly lacks', () => expect(contains(ma(''), ma('0-1-1'))).toEqual(no));
  test('flavours are never mixed', () => {
    expect(contains(my(`${uuids[0]}:1`), ma('0-1-1')).ok).toBe(false);
    expect(union([my(''), ma('0-1-1')]).ok).toBe(false);
    expect(samePosition(my(''), ma(''))).toBe(false);
  });
  test('the union of nothing is a failure', () => {
    expect(union([]).ok).toBe(false);
    expect(union([my(''), my('')]).ok).toBe(false);
  });
});

describe('file and position', () => {
  const place = fc.record({
    file: fc.constantFrom('bin.000001', 'bin.000009', 'bin.000010', 'bin.999999', 'bin.1000000'),
    offset: fc.nat(9),
  });
  test('is a total order within one log', () => {
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        const ab = compareFilePosition(a, b);
        expect(compareFilePosition(b, a)).toBe(ab === null ? null : ab === 0 ? 0 : ab === 1 ? -1 : 1);
        if (ab === -1 && compareFilePosition(b, c) === -1) expect(compareFilePosition(a, c)).toBe(-1);
      }),
    );
  });
  test.each([
    ['bin.999999', 4, 'bin.1000000', 4, -1],
    ['bin.000002', 4, 'bin.000001', 900, 1],
    ['bin.000002', 4, 'bin.000002', 4, 0],
    ['bin.000002', 4, 'other.000002', 4, null],
    ['bin', 4, 'bin', 4, null],
    ['bin.000002', Number.NaN, 'bin.000002', 4, null],
  ] as const)('%s:%d against %s:%d is %s', (fileA, offsetA, fileB, offsetB, expected) => {
    expect(compareFilePosition({ file: fileA, offset: offsetA }, { file: fileB, offset: offsetB })).toBe(
      expected,
    );
  });

  const link = (appliedFile: string, appliedOffset: number): ReplicationLink => ({
    channel: '',
    sourceHost: 's',
    sourcePort: 3306,
    sourceServerId: 1,
    sourceUuid: null,
    receiver: 'running',
    applier: 'running',
    receiverError: null,
    applierError: null,
    secondsBehind: 0,
    delaySeconds: 0,
    readFile: appliedFile,
    readOffset: appliedOffset,
    appliedFile,
    appliedOffset,
    relayBytes: 0,
    usesGtid: false,
    retrievedGtid: '',
    filters: [],
  });
  test('a link has applied when it stands at or past the end of the source log', () => {
    const source = at('mysql', '', 'bin.000003', 500);
    expect(linkHasApplied(link('bin.000003', 500), source)).toEqual(yes);
    expect(linkHasApplied(link('bin.000004', 4), source)).toEqual(yes);
    expect(linkHasApplied(link('bin.000003', 499), source)).toEqual(no);
    expect(linkHasApplied(link('', 0), source).ok).toBe(false);
    expect(linkHasApplied(link('relay.000003', 500), source).ok).toBe(false);
    expect(linkHasApplied(link('bin.000003', 500), at('mysql', '')).ok).toBe(false);
  });
});
