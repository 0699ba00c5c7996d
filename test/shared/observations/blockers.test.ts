import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockersOf, blockerText, policyEnds } from '../../../shared/observations/blockers.ts';
import type { ClientSession, LockHolder, OpenTransaction } from '../../../shared/sessions/operations.ts';
import { activity, clientAt } from '../../helpers/activity.ts';

const ground = { isOwn: () => false, fragileTables: ['shop.log'] };
const lock = (thread: number, change: Partial<LockHolder> = {}): LockHolder => ({
  thread,
  fence: true,
  backup: false,
  fragile: null,
  tables: [],
  ...change,
});
const transaction = (thread: number, change: Partial<OpenTransaction> = {}): OpenTransaction => ({
  thread,
  user: 'batch',
  host: '10.0.0.8',
  ageMs: 2_000,
  rowsModified: 3,
  rowsLocked: 3,
  state: 'running',
  statement: null,
  ...change,
});
const blind = { holders: [], unseen: 'not shown here' };

describe('who stands in a fence’s way', () => {
  test('those that a fence waits for come first, the oldest of them first', () => {
    const found = blockersOf(
      activity({
        sessions: [
          clientAt(1, { timeSeconds: 900 }),
          clientAt(2, { statement: 'UPDATE a SET b = 1', timeSeconds: 3 }),
          clientAt(3, { timeSeconds: 70 }),
        ],
        transactions: [transaction(1, { state: 'idle' }), transaction(2)],
        locks: { holders: [lock(2), lock(3, { tables: ['shop.a'] })], unseen: null },
      }),
      ground,
    );
    expect(found.map(({ thread, kind }) => [thread, kind])).toEqual([
      [3, 'lock-tables'],
      [2, 'statement'],
      [1, 'transaction'],
    ]);
    expect(found.map(blockerText)).toEqual([
      'thread 3 of batch@10.0.0.8, holding LOCK TABLES … WRITE and idle (shop.a) for 70 s',
      'thread 2 of batch@10.0.0.8, running a statement for 3.0 s, 3 rows changed: UPDATE a SET b = 1',
      'thread 1 of batch@10.0.0.8, in an open transaction for 900 s, 3 rows changed',
    ]);
  });

  test.each(['Waiting for global read lock', 'Waiting for backup lock', 'Waiting for commit lock'])(
    'who is in the state "%s" is a victim, not a blocker',
    (state) => {
      const sessions = [clientAt(5, { statement: 'INSERT INTO a VALUES (1)', state, timeSeconds: 4 })];
      expect(blockersOf(activity({ sessions }), ground)).toEqual([]);
      expect(blockersOf(activity({ sessions, locks: blind }), ground)).toEqual([]);
    },
  );

  test('without a list of locks: what runs and does not only read; only when nobody works, whoever idles', () => {
    const idle = clientAt(1, { timeSeconds: 60 });
    const reads = clientAt(2, { statement: 'SELECT SLEEP(60)', timeSeconds: 60 });
    const writes = clientAt(3, { statement: 'DELETE FROM a', timeSeconds: 2 });
    const seen = (...sessions: readonly ClientSession[]) =>
      blockersOf(activity({ sessions, locks: blind }), ground).map(({ kind, holdsFence }) => [
        kind,
        holdsFence,
      ]);
    expect(seen(idle, reads, writes)).toEqual([
      ['statement', true],
      ['statement', false],
    ]);
    expect(seen(idle)).toEqual([['perhaps-lock-tables', false]]);
    expect(blockersOf(activity({ sessions: [idle] }), ground)).toEqual([]);
  });

  test.each([
    ['a write to a table without transactions, as the server says', { fragile: true }, ground.fragileTables],
    ['a write to one of them by name', { tables: ['shop.log'] }, ground.fragileTables],
    ['a write to nobody knows what, where there is one', {}, ground.fragileTables],
    ['a write where nobody knows whether there is one', {}, null],
  ] as const)('never ended: %s', (_, holds, fragileTables) => {
    const seen = activity({
      sessions: [clientAt(4, { statement: 'UPDATE x SET y = 1', timeSeconds: 9 })],
      locks: { holders: [lock(4, holds)], unseen: null },
    });
    const [found] = blockersOf(seen, { ...ground, fragileTables });
    expect(found?.never).toMatch(/half of a killed write/);
    expect(found !== undefined && policyEnds('kill', found)).toBe(false);
  });

  test.each([
    ['the server says so', { fragile: false }, ground.fragileTables],
    ['it writes other tables', { tables: ['shop.orders'] }, ground.fragileTables],
    ['there is no table without transactions', {}, []],
  ] as const)('a statement may be ended by kill when %s', (_, holds, fragileTables) => {
    const seen = activity({
      sessions: [clientAt(4, { statement: 'UPDATE x SET y = 1', timeSeconds: 9 })],
      locks: { holders: [lock(4, holds)], unseen: null },
    });
    const [found] = blockersOf(seen, { ...ground, fragileTables });
    expect(found !== undefined && policyEnds('kill', found)).toBe(true);
    expect(found !== undefined && policyEnds('kill-idle', found)).toBe(false);
  });

  test('no policy ends: a commit without its acknowledgement, a backup, a large transaction, what is no client’s', () => {
    const found = blockersOf(
      activity({
        sessions: [
          clientAt(1, { statement: 'COMMIT', state: 'Waiting for semi-sync ACK from slave' }),
          clientAt(2),
          clientAt(3, { statement: 'DELETE FROM a' }),
        ],
        transactions: [transaction(3, { rowsModified: 5_000 }), transaction(0, { user: '', host: '' })],
        locks: { holders: [lock(1), lock(2, { fence: false, backup: true }), lock(3)], unseen: null },
      }),
      { ...ground, fragileTables: [] },
    );
    expect(found.map(({ kind }) => kind).toSorted()).toEqual([
      'backup',
      'semi-sync',
      'statement',
      'transaction',
    ]);
    expect(found.filter((one) => policyEnds('kill', one))).toEqual([]);
  });

  test('the cockpit’s own sessions are never named, and no policy ends anybody but by its own word', () => {
    const session = fc.record({
      thread: fc.integer({ min: 1, max: 6 }),
      command: fc.constantFrom('Sleep', 'Query'),
      state: fc.constantFrom('', 'Updating', 'Waiting for backup lock', 'Waiting for table metadata lock'),
      statement: fc.constantFrom(null, 'UPDATE a SET b = 1', 'ALTER TABLE a ADD b INT', 'SELECT 1'),
      timeSeconds: fc.nat(100),
    });
    const holder = fc.record({
      thread: fc.integer({ min: 1, max: 6 }),
      fence: fc.boolean(),
      backup: fc.boolean(),
      fragile: fc.constantFrom(true, false, null),
    });
    fc.assert(
      fc.property(fc.array(session), fc.array(holder), fc.boolean(), (sessions, holders, shown) => {
        const seen = activity({
          sessions: sessions.map(({ thread, ...change }) => clientAt(thread, change)),
          transactions: [transaction(2), transaction(3, { rowsModified: 0, state: 'idle' })],
          locks: shown ? { holders: holders.map((one) => lock(one.thread, one)), unseen: null } : blind,
        });
        const found = blockersOf(seen, { ...ground, isOwn: ({ thread }) => thread === 1 });
        expect(found.some(({ thread }) => thread === 1)).toBe(false);
        for (const one of found) {
          for (const policy of ['wait', 'postpone'] as const) expect(policyEnds(policy, one)).toBe(false);
          if (policyEnds('kill-idle', one)) expect(one.idle && policyEnds('kill', one)).toBe(true);
          if (one.never !== null) expect(policyEnds('kill', one)).toBe(false);
        }
      }),
    );
  });
});
