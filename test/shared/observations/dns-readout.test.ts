import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerVerdict } from '../../../shared/observations/dns-answer.ts';
import type { MatrixRow } from '../../../shared/observations/dns-matrix.ts';
import {
  etaOf,
  nothingSeen,
  takeSighting,
  type Propagation,
} from '../../../shared/observations/dns-propagation.ts';
import {
  etaOfAll,
  judgeChange,
  judgeLook,
  judgePace,
  keepShare,
  mostPerSecond,
  sayLingering,
  type ShareAt,
} from '../../../shared/observations/dns-readout.ts';
import type { DnsReply } from '../../../shared/observations/dns-reply.ts';

type Side = AnswerVerdict['side'];
const verdict = (side: Side, ttlSeconds: number | null): AnswerVerdict => ({
  side,
  kind: side === 'error' ? 'no-answer' : 'as-planned',
  why: 'As it is.',
  ttlSeconds,
  values: [],
  chain: [],
});
type Seen = readonly [row: string, at: number, side: Side, ttl: number | null];
const seenAll = (from: Propagation, ...seen: readonly Seen[]): Propagation =>
  seen.reduce(
    (state, [row, at, side, ttl]) =>
      takeSighting(state, { row, region: null, at, verdict: verdict(side, ttl) }),
    from,
  );

const row: MatrixRow = {
  row: 'shop r www A west',
  zone: 'shop',
  server: { name: 'r', address: '192.0.2.53', port: 53 },
  clientSubnet: { address: { family: 4, bytes: [203, 0, 113, 0] }, bits: 24 },
  users: 'west',
  ownRegion: 'us-east-1',
  asked: {
    question: { name: 'www.shop.example', type: 'A' },
    recordType: 'A',
    authoritative: false,
    region: 'us-west-2',
    expected: [
      { side: 'target', region: 'us-east-1', match: 'all', values: ['198.51.100.1'] },
      { side: 'target', region: 'us-west-2', match: 'all', values: ['203.0.113.1'] },
    ],
  },
};
const reply = (subnetScope: number | null): DnsReply => ({
  kind: 'answered',
  rcode: 'NOERROR',
  authoritative: false,
  answers: [{ name: 'www.shop.example', type: 'A', ttlSeconds: 60, data: '198.51.100.1' }],
  authority: [],
  subnetScope,
  extendedErrors: [],
  transport: 'udp',
});
const at = { at: 1_000, tookMs: 4 };

describe('a server that was asked for a network', () => {
  test('and used it is judged by the region of those users', () => {
    expect(judgeLook(row, reply(24), at)).toMatchObject({
      subnet: 'echoed',
      verdict: { kind: 'other-region' },
    });
  });

  test('and does not say so is judged by its own place only, and says so', () => {
    const looked = judgeLook(row, reply(null), at);
    expect(looked).toMatchObject({ subnet: 'not-echoed', verdict: { side: 'target', kind: 'as-planned' } });
    expect(looked.verdict.why).toContain('its own place, us-east-1');
  });

  test('and does not answer at all has echoed nothing that could be judged', () => {
    const silent: DnsReply = { kind: 'failed', why: 'timeout', detail: 'no answer' };
    expect(judgeLook(row, silent, at)).toMatchObject({ verdict: { side: 'error', kind: 'no-answer' } });
  });
});

describe('the change at the authoritative servers', () => {
  const both = ['a', 'b'];
  test('is there when the last of them was seen with it, at that moment', () => {
    const one = judgeChange(seenAll(nothingSeen, ['a', 10, 'target', 60], ['b', 20, 'source', 60]), both, 60);
    expect(one.change).toBeNull();
    const all = judgeChange(seenAll(one, ['b', 35, 'target', 60], ['a', 40, 'target', 60]), both, 60);
    expect(all.change).toEqual({ at: 35, longestTtlSeconds: 60 });
  });

  test('is not there as long as one of them does not answer, and stays through one lost answer', () => {
    const silent = judgeChange(
      seenAll(nothingSeen, ['a', 10, 'target', 60], ['b', 20, 'error', null]),
      both,
      60,
    );
    expect(silent.change).toBeNull();
    const changed = judgeChange(seenAll(silent, ['b', 30, 'target', 60]), both, 60);
    expect(judgeChange(seenAll(changed, ['a', 40, 'error', null]), both, 60).change).toEqual(changed.change);
  });

  test('is gone again when one of them answers the source, and nothing is promised then', () => {
    const changed = judgeChange(
      seenAll(nothingSeen, ['a', 10, 'target', 60], ['b', 20, 'target', 60]),
      both,
      60,
    );
    const back = judgeChange(seenAll(changed, ['a', 50, 'source', 60]), both, 60);
    expect(back.change).toBeNull();
    expect(etaOf(back).kind).toBe('unknown');
  });

  test('is never claimed without a server that was seen with it', () => {
    expect(judgeChange(nothingSeen, [], 60).change).toBeNull();
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Side>('source', 'other', 'error', 'target'), { minLength: 1 }),
        (answers) => {
          const seen = seenAll(
            nothingSeen,
            ...answers.map((side, index): Seen => [String(index), index, side, 60]),
          );
          const judged = judgeChange(
            seen,
            answers.map((_, index) => String(index)),
            60,
          );
          expect(judged.change !== null).toBe(answers.every((side) => side === 'target'));
        },
      ),
    );
  });
});

test('several zones end when the last one does, and unknown is contagious', () => {
  const done = seenAll(nothingSeen, ['a', 1, 'target', 60]);
  const waits = {
    ...seenAll(nothingSeen, ['b', 1_000, 'source', 9]),
    change: { at: 0, longestTtlSeconds: 60 },
  };
  expect(etaOfAll([done, nothingSeen])).toEqual({ kind: 'done' });
  expect(etaOfAll([done, waits])).toEqual({ kind: 'until', at: 11_000, without: [] });
  expect(etaOfAll([waits, seenAll(nothingSeen, ['c', 1, 'source', 60])]).kind).toBe('unknown');
  expect(etaOfAll([nothingSeen]).kind).toBe('unknown');
});

describe('who lingers', () => {
  const change = { at: 0, longestTtlSeconds: 60 };
  const say = (seen: Propagation, authoritative = false, now = 5_000): string | null => {
    const state = seen.rows.get('r');
    if (state === undefined) throw new Error('expected the row');
    const matrix = { ...row, asked: { ...row.asked, authoritative } };
    return sayLingering(state, { matrix, change: seen.change, now });
  };
  const changed = { ...nothingSeen, change };
  test.each([
    ['a cache that counts down', say(seenAll(changed, ['r', 1_000, 'source', 30])), 'for 26 s more'],
    ['one whose time is over', say(seenAll(changed, ['r', 1_000, 'source', 2])), 'has run out'],
    [
      'one that may fetch it again',
      say(seenAll(nothingSeen, ['r', 1_000, 'source', 30])),
      'may be fetched again',
    ],
    [
      'one that tells no TTL',
      say(seenAll(changed, ['r', 1_000, 'source', null])),
      'does not say for how long',
    ],
    ['a stale server of the zone', say(seenAll(changed, ['r', 1_000, 'source', 30]), true), 'went back'],
    [
      'one that ignores TTLs',
      say(seenAll(changed, ['r', 90_000, 'source', 30])),
      'It still answers the source',
    ],
    ['an error', say(seenAll(changed, ['r', 1_000, 'error', null])), 'As it is.'],
  ])('%s', (_what, said, expected) => {
    expect(said).toContain(expected);
  });

  test('not one that is on the target', () => {
    expect(say(seenAll(changed, ['r', 1_000, 'target', 30]))).toBeNull();
  });
});

test('the history keeps to its bounds, its order, its first and its newest point', () => {
  const point = (when: number): ShareAt => ({ at: when, target: 1, source: 0, other: 0, error: 0 });
  let history: readonly ShareAt[] = [];
  for (let when = 0; when < 5_000; when += 1) history = keepShare(history, point(when));
  expect(history.length).toBeLessThanOrEqual(720);
  expect(history[0]?.at).toBe(0);
  expect(history.at(-1)?.at).toBe(4_999);
  expect(history.map(({ at: when }) => when)).toEqual(
    history.map(({ at: when }) => when).toSorted((a, b) => a - b),
  );
});

test('the pace: 2 s in the minute, calmer before, and slower only where the laptop could not keep up', () => {
  expect(judgePace(204, 'minute').intervalMs).toBe(2_000);
  expect(judgePace(204, 'calm').intervalMs).toBe(10_000);
  const many = judgePace(3_024, 'minute');
  expect((3_024 / many.intervalMs) * 1_000).toBeLessThanOrEqual(mostPerSecond);
  expect(many.says).toContain('at most 400 a second');
});
