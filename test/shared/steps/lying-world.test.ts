import { describe, expect, test } from 'vitest';
import { openWorld, type Script } from '../../helpers/answering-world.ts';
import { at, when } from '../../helpers/lies.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

type Lie = readonly [what: string, script: Script, says: RegExp];

const lies: readonly Lie[] = [
  [
    'a fence that says ok and changes nothing',
    ({ operation, where }) =>
      operation === 'fence' && where === 'orders-b1' ? { answer: { value: {} } } : undefined,
    /orders-b1 .*still takes writes; expected read_only on/,
  ],
  [
    'a fence that a plain account passes',
    ({ operation, where }) =>
      operation === 'proveFence' && where === 'content-a1'
        ? { answer: { value: { errorNumber: null } } }
        : undefined,
    /content-a1: .*must fail with exactly 1290; seen: it went through/,
  ],
  [
    'a fence that is refused for another reason than read_only',
    ({ operation, where }) =>
      operation === 'proveFence' && where === 'content-a1'
        ? { answer: { value: { errorNumber: 1142 } } }
        : undefined,
    /exactly 1290; seen: error 1142/,
  ],
  [
    'a position that moves after converge',
    when(
      'prove:orders#1/second@orders-a1',
      at('orders-a1', (server) => {
        server.gtid = '0-1-101,0-2-99';
      }),
    ),
    /orders-a1 moved after the fence: from 0-1-100,0-2-99 to 0-1-101,0-2-99/,
  ],
  [
    'a log that moves without a GTID',
    when(
      'prove:orders#1/second@orders-a1',
      at('orders-a1', (server) => {
        server.offset += 1;
      }),
    ),
    /orders-a1 moved after the fence/,
  ],
  [
    'a position that moves between proof and last look',
    when(
      'last-look#1/look@content-b1',
      at('content-b1', (server) => {
        server.gtid = '0-1-100,0-2-100';
      }),
    ),
    /content-b1 moved after the fence/,
  ],
  [
    'newest rows that differ',
    ({ command }) =>
      command.key === 'prove:orders#1/rows@orders-t1'
        ? { answer: { value: { tables: [{ table: 'shop.writes', rows: 20, sha256: 'other' }] } } }
        : undefined,
    /newest rows of shop\.writes differ between orders-a1 and orders-t1; expected them equal/,
  ],
  [
    'a proof table that the source does not have',
    ({ command }) =>
      command.key.startsWith('prove:orders#1/rows') ? { answer: { value: { tables: [] } } } : undefined,
    /shop\.writes .*orders-a1/,
  ],
  [
    'a run lock on the target that is gone at the last look',
    when(
      'last-look#1/look@content-t1',
      at('content-t1', (server) => {
        server.lockHolder = null;
      }),
    ),
    /content-t1: the run lock is held by nobody; expected our thread/,
  ],
  [
    'a source that was restarted after its position was read',
    when(
      'prove:content#1/second@content-a1',
      at('content-a1', (server) => {
        server.bootedAtMs = 0;
      }),
    ),
    /content-a1 was restarted: it is up 0 s, before it was up/,
  ],
  [
    'a source that came back writable at once',
    when(
      'end-sessions:orders#1/position0@orders-a1',
      at('orders-a1', (server) => {
        server.readOnly = false;
      }),
    ),
    /orders-a1 takes writes; expected the fence to hold/,
  ],
  [
    'a target that takes writes before it is promoted',
    when(
      'prove:orders#1/target@orders-t1',
      at('orders-t1', (server) => {
        server.readOnly = false;
      }),
    ),
    /orders-t1 takes writes before it was promoted; expected it read-only/,
  ],
  [
    'a filter that somebody put on the target when the gates were judged already',
    when(
      'prove:orders#1/target@orders-t1',
      at('orders-t1', (server) => {
        server.links = server.links.map((link) => ({ ...link, filters: ['Replicate_Ignore_DB=shop'] }));
      }),
    ),
    /orders-t1 leaves out what a filter names \(Replicate_Ignore_DB=shop\); expected none/,
  ],
  [
    'a source slave that takes writes after the fence',
    when(
      'last-look#1/look@orders-a1',
      at('orders-s1', (server) => {
        server.readOnly = false;
      }),
    ),
    /orders-s1 takes writes; expected/,
  ],
  [
    'another server behind the same address',
    when(
      'prove:content#1/target@content-t1',
      at('content-t1', (server) => {
        Object.assign(server, { serverId: 99 });
      }),
    ),
    /content-t1 is another server than preflight verified: server id 99/,
  ],
  [
    'a target that lost rows after the drain',
    when(
      'last-look#1/look@orders-t1',
      at('orders-t1', (server) => {
        server.gtid = '0-1-100,0-2-98';
      }),
    ),
    /orders-t1 lacks 0-2-99 after 98; expected it to contain everything/,
  ],
  [
    'a prepared XA transaction',
    when(
      'end-sessions:orders#1/xa0@orders-a1',
      at('orders-a1', (server) => {
        server.xids = ["'x1'"];
      }),
    ),
    /orders-a1 holds 1 prepared XA transactions \('x1'\); expected none/,
  ],
  [
    'a ring link that does not stop',
    ({ operation, where }) =>
      operation === 'stopLink' && where === 'orders-a1' ? { answer: { value: {} } } : undefined,
    /orders-a1 still follows its co-master; expected the ring to be open/,
  ],
  [
    'a reverse link that starts by itself',
    when(
      'configure-reverse:orders#1/configured@orders-a1',
      at('orders-a1', (server) => {
        server.links = server.links.map((link) => ({ ...link, applier: 'running' }));
      }),
    ),
    /reverse link of orders-a1 runs already; expected it configured and stopped/,
  ],
  [
    'a reverse link that is nowhere to be seen',
    ({ operation, where }) =>
      operation === 'configureLink' && where === 'orders-a1' ? { answer: { value: {} } } : undefined,
    /does not show it; expected it configured and stopped/,
  ],
  [
    'an event scheduler that stays on',
    ({ operation, command }) =>
      operation === 'setEventScheduler' && command.key.startsWith('quiet#1/scheduler-off@orders-b1')
        ? { answer: { value: {} } }
        : undefined,
    /event scheduler of orders-b1 is still on; expected it off/,
  ],
  [
    'a lock that says held and is not',
    ({ operation, where }) =>
      operation === 'takeLock' && where === 'content-t2'
        ? { answer: { value: { held: true, holder: 1 } } }
        : undefined,
    /content-t2: the run lock is held by nobody; expected our thread/,
  ],
  [
    'a stopped applier on the target',
    when(
      'end-sessions:orders#1/ahead@orders-t1',
      at('orders-t1', (server) => {
        server.gtid = '0-1-90,0-2-99';
        server.links = server.links.map((link) => ({
          ...link,
          applier: 'stopped',
          applierError: { code: 1062, message: 'Duplicate entry' },
        }));
      }),
    ),
    /applier of orders-t1 is stopped with error 1062: Duplicate entry; expected it running from orders-a1/,
  ],
  [
    'a session that does not die',
    ({ operation, where, command }) =>
      where === 'orders-a1' && command.key.startsWith('end-sessions') && operation === 'killThreads'
        ? { answer: { value: {} } }
        : undefined,
    /limits\.endSessionsMs/,
  ],
  [
    'a transaction from before the fence that stays',
    when(
      'drain:orders#1/transactions@orders-a1',
      at('orders-a1', (server) => {
        server.transactions = [
          {
            thread: 5,
            user: 'app',
            host: 'x',
            ageMs: 9_000,
            rowsModified: 3,
            rowsLocked: 3,
            state: 'idle',
            statement: null,
          },
        ];
      }),
    ),
    /limits\.proveMs .*1 transactions from before the fence on orders-a1 to end \(thread 5\)/,
  ],
];

describe('a world that lies is found out, and everything thaws', () => {
  test.each(lies)('%s', (_what, script, says) => {
    const world = openWorld(referencePlan(), script);
    const run = world.finish();
    expect(run.abortReason ?? 'no reason').toMatch(says);
    expect(run.outcome).toMatch(/thawed|needs-operator/);
    expect(run.ponrAt).toBeNull();
    for (const chain of world.model.plan.chains)
      for (const { instance } of chain.source.masters)
        expect(world.server(instance).readOnly, instance).toBe(false);
  });
});
