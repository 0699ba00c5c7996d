import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerVerdict } from '../../../shared/observations/dns-answer.ts';
import {
  changeSeen,
  etaOf,
  nothingSeen,
  remainingSeconds,
  shareOn,
  takeSighting,
  type Propagation,
} from '../../../shared/observations/dns-propagation.ts';

type Side = AnswerVerdict['side'];
const answer = (side: Side, ttlSeconds: number | null): AnswerVerdict => ({
  side,
  kind: side === 'error' ? 'no-answer' : 'as-planned',
  why: '',
  ttlSeconds,
  values: [],
  chain: [],
});
const seenAll = (
  from: Propagation,
  ...seen: readonly (readonly [string, number, Side, number | null])[]
): Propagation =>
  seen.reduce(
    (state, [row, at, side, ttl]) =>
      takeSighting(state, { row, region: row.slice(0, 4), at, verdict: answer(side, ttl) }),
    from,
  );
const changed = changeSeen(nothingSeen, { at: 0, longestTtlSeconds: 60 });

describe('a row', () => {
  test('turns once, counts down, and stays turned through a lost answer', () => {
    const seen = seenAll(
      changed,
      ['east', 1_000, 'source', 30],
      ['east', 31_000, 'target', 60],
      ['east', 32_000, 'error', null],
    );
    const row = seen.rows.get('east');
    if (row === undefined) throw new Error('expected the row');
    expect(row).toMatchObject({ turnedAt: 31_000, turnedBack: 0, ignoresTtl: null });
    const before = seenAll(changed, ['east', 1_000, 'source', 30]).rows.get('east');
    if (before === undefined) throw new Error('expected the row');
    expect([1_000, 1_999, 2_000, 99_000].map((now) => remainingSeconds(before, now))).toEqual([
      30, 30, 29, 0,
    ]);
  });

  test('that goes back to the source has several caches, and the longest of them counts', () => {
    const seen = seenAll(
      changed,
      ['east', 1_000, 'source', 50],
      ['east', 2_000, 'target', 60],
      ['east', 3_000, 'source', 10],
    );
    expect(seen.rows.get('east')).toMatchObject({ turnedAt: null, turnedBack: 1, heldUntil: 52_000 });
  });

  test('that keeps the source beyond any TTL is named, at once when it says so itself', () => {
    const late = seenAll(changed, ['east', 61_001, 'source', 1]).rows.get('east');
    expect(late?.ignoresTtl).toBe('It still answers the source 0 s after the longest TTL (60 s) ran out.');
    const greedy = seenAll(changed, ['east', 10_000, 'source', 300]).rows.get('east');
    expect(greedy?.ignoresTtl).toMatch(/^It means to keep the source for 300 s/);
    const stillHonest = seenAll(changed, ['east', 10_000, 'source', 51]).rows.get('east');
    expect(stillHonest?.ignoresTtl).toBeNull();
  });
});

describe('the summary', () => {
  test('shares by side and region', () => {
    const seen = seenAll(
      changed,
      ['east1', 1, 'target', 5],
      ['east2', 1, 'source', 5],
      ['west1', 1, 'error', null],
    );
    expect(shareOn(seen)).toEqual({ target: 1, source: 1, other: 0, error: 1 });
    expect(shareOn(seen, 'west')).toEqual({ target: 0, source: 0, other: 0, error: 1 });
  });

  test('says no time before every authoritative server has the change, or when nothing is promised', () => {
    expect(etaOf(nothingSeen).kind).toBe('unknown');
    expect(etaOf(seenAll(nothingSeen, ['east', 1, 'source', 5])).kind).toBe('unknown');
    expect(etaOf(seenAll(changed, ['east', 1, 'error', null]))).toEqual({
      kind: 'unknown',
      why: 'Nothing is promised by east.',
    });
    expect(etaOf(seenAll(changed, ['east', 1, 'target', 5]))).toEqual({ kind: 'done' });
  });

  test('names the longest remaining TTL, and apart from it who keeps to none', () => {
    const seen = seenAll(
      changed,
      ['a', 1_000, 'source', 20],
      ['b', 2_000, 'source', 40],
      ['c', 3_000, 'source', 900],
      ['d', 1, 'error', null],
    );
    expect(etaOf(seen)).toEqual({ kind: 'until', at: 43_000, without: ['c', 'd'] });
  });
});

/** A cache that keeps to TTLs: it fetched the source at some time before the change, or fetches when it is asked. */
function cacheAnswer(ttl: number, fetches: number[], at: number, changeAt: number): AnswerVerdict {
  let fetched = fetches.at(-1) ?? at;
  if (at >= fetched + ttl * 1_000) fetched = at;
  if (fetches.at(-1) !== fetched) fetches.push(fetched);
  const left = Math.floor((fetched + ttl * 1_000 - at) / 1_000);
  return answer(fetched < changeAt ? 'source' : 'target', left);
}

test('the time named is never earlier than the truth, and no honest cache is called dishonest', () => {
  const drawn = fc.record({
    ttl: fc.integer({ min: 1, max: 120 }),
    noticedMs: fc.nat(5_000),
    rows: fc.array(fc.array(fc.nat(400_000), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 5,
    }),
  });
  const changeAt = 150_000;
  fc.assert(
    fc.property(drawn, ({ ttl, noticedMs, rows }) => {
      const asks = rows
        .flatMap((times, row) => times.map((at) => ({ row, at })))
        .toSorted((a, b) => a.at - b.at);
      const fetches = rows.map((): number[] => []);
      let seen = nothingSeen;
      for (const { row, at } of asks) {
        // The change is noticed some time after it happened, as polling does.
        if (seen.change === null && at >= changeAt + noticedMs)
          seen = changeSeen(seen, { at: changeAt + noticedMs, longestTtlSeconds: ttl });
        const verdict = cacheAnswer(ttl, fetches[row] ?? [], at, changeAt);
        seen = takeSighting(seen, { row: `r${row}`, region: null, at, verdict });
        const eta = etaOf(seen);
        if (eta.kind !== 'until') continue;
        // The truth: when each row that is not seen on the target can no longer answer the source.
        for (const { row: name } of [...seen.rows.values()].filter(
          ({ last }) => last.verdict.side !== 'target',
        )) {
          const fetched = fetches[Number(name.slice(1))]?.at(-1) ?? 0;
          expect(eta.at).toBeGreaterThanOrEqual(fetched + ttl * 1_000);
        }
      }
      expect(
        [...seen.rows.values()].map(({ ignoresTtl }) => ignoresTtl).filter((why) => why !== null),
      ).toEqual([]);
    }),
  );
});
