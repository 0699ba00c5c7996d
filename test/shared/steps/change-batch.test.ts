import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOfSet, type RecordSet } from '../../../shared/observations/record-set.ts';
import { diffZone } from '../../../shared/observations/zone-diff.ts';
import {
  applyBatch,
  batchOf,
  overwritingBatch,
  reverseBatch,
  tooMuchFor,
  unchangingBatch,
} from '../../../shared/steps/change-batch.ts';
import { drawnZone, inRegion, setOf } from '../../helpers/record-sets.ts';

const byKey = (sets: readonly RecordSet[]): readonly RecordSet[] =>
  sets.toSorted((a, b) => (keyOfSet(a) < keyOfSet(b) ? -1 : 1));

/** The zone after a batch; a refusal fails the test. */
function applied(sets: readonly RecordSet[], batch: Parameters<typeof applyBatch>[1]): readonly RecordSet[] {
  const result = applyBatch({ name: 'shop.example', sets }, batch);
  if (!result.ok) throw new Error(result.error.join('\n'));
  return byKey(result.value);
}

function refused(sets: readonly RecordSet[], batch: Parameters<typeof applyBatch>[1]): readonly string[] {
  const result = applyBatch({ name: 'shop.example', sets }, batch);
  return result.ok ? [] : result.error;
}

test('a batch makes after of before, and its reverse makes before of after, exactly', () => {
  fc.assert(
    fc.property(drawnZone, ({ changes, others }) => {
      const side = (which: 'before' | 'after'): readonly RecordSet[] =>
        byKey([...others, ...changes.flatMap((change) => change[which] ?? [])]);
      const live = side('before');
      const batch = batchOf(diffZone(changes, live).entries);
      if (batch.changes.length === 0) return;
      expect(applied(live, batch)).toEqual(side('after'));
      expect(applied(side('after'), reverseBatch(batch))).toEqual(live);
      expect(reverseBatch(reverseBatch(batch))).toEqual(batch);
    }),
  );
});

test('overwriting ends in after too, from whatever is there', () => {
  fc.assert(
    fc.property(drawnZone, drawnZone, ({ changes }, drawn) => {
      const { entries } = diffZone(changes, []);
      const live = drawn.changes.flatMap(({ before }) => before ?? []);
      const batch = overwritingBatch(entries, live);
      const result = applyBatch({ name: 'shop.example', sets: live }, batch);
      if (!result.ok) return;
      const found = new Map(result.value.map((set) => [keyOfSet(set), set]));
      for (const { kind, before, after } of entries) {
        if (kind === 'unchanged') continue;
        const key = keyOfSet(after ?? before ?? setOf());
        expect(found.get(key) ?? null).toEqual(after);
      }
    }),
  );
});

describe('Route 53 refuses the whole batch', () => {
  const [before, after] = [inRegion('us-east-1', '192.0.2.1'), inRegion('us-east-1', '192.0.2.2')];
  const batch = batchOf([{ kind: 'changed', before, after, fields: [] }]);

  test('when somebody changed, removed or already replaced the record set', () => {
    expect(refused([inRegion('us-east-1', '192.0.2.1', 30)], batch)).toEqual([
      'www.shop.example A (us-east-1) would be deleted and is not what the batch says',
    ]);
    expect(refused([], batch)).toEqual(['www.shop.example A (us-east-1) would be deleted and is not there']);
    expect(refused([after], batch)).toEqual([
      'www.shop.example A (us-east-1) would be deleted and is not what the batch says',
    ]);
    expect(refused([before], { changes: batch.changes.toReversed() })).toEqual([
      'www.shop.example A (us-east-1) would be created and is there already',
      'www.shop.example A (us-east-1) would be deleted and is not what the batch says',
    ]);
  });

  test('when the zone would break a rule beside what the plan does not name', () => {
    const cname = setOf({
      type: 'CNAME',
      content: { kind: 'values', ttlSeconds: 60, values: ['a.example'] },
    });
    expect(refused([cname], { changes: [{ action: 'CREATE', set: setOf() }] })).toEqual([
      'www.shop.example CNAME stands beside www.shop.example A, expected a CNAME alone at its name',
    ]);
    const elsewhere = { ...inRegion('us-east-1', '192.0.2.9'), setIdentifier: 'other' };
    expect(refused([before, elsewhere], batch)).toEqual([
      'www.shop.example A (us-east-1) has region us-east-1 like www.shop.example A (other), expected each once',
    ]);
  });

  test('writing a set as it stands changes nothing', () => {
    expect(applied([before], unchangingBatch(before))).toEqual([before]);
  });
});

describe('one call', () => {
  const many = (sets: number, values: number, length = 0): readonly RecordSet[] =>
    Array.from({ length: sets }, (_, at) =>
      setOf({
        name: `n${at}.shop.example`,
        type: 'TXT',
        content: {
          kind: 'values',
          ttlSeconds: 60,
          values: Array.from({ length: values }, (__, n) => `"${n}${'x'.repeat(length)}"`),
        },
      }),
    );
  const creating = (sets: readonly RecordSet[], action: 'CREATE' | 'UPSERT' = 'CREATE') =>
    tooMuchFor({ changes: sets.map((set) => ({ action, set })) });

  test('holds 1,000 values and 32,000 characters; an UPSERT counts twice; an alias holds none', () => {
    expect(creating(many(10, 100))).toEqual([]);
    expect(creating(many(1, 1001))[0]).toMatch(/^the batch holds 1001 values, expected at most 1000/);
    expect(creating(many(5, 100), 'UPSERT')).toEqual([]);
    expect(creating(many(5, 101), 'UPSERT')[0]).toMatch(/^the batch holds 1010 values/);
    expect(creating(many(1, 100, 320))[0]).toMatch(/^the values of the batch have 32\d{3} characters/);
    expect(
      creating([
        setOf({ content: { kind: 'alias', hostedZoneId: 'Z', name: 'a', evaluateTargetHealth: false } }),
      ]),
    ).toEqual([]);
    expect(creating([])).toEqual(['the batch is empty, expected at least one change']);
  });
});
