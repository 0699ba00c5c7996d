import { describe, expect, test } from 'vitest';
import { openWorld, type Script } from '../../helpers/answering-world.ts';
import { at, when } from '../../helpers/lies.ts';
import { clientSession } from '../../helpers/model-servers.ts';
import { expectRestored, intentsOf } from '../../helpers/night-checks.ts';
import { referencePlan, referenceWith } from '../../helpers/reference-plan.ts';

describe('other hands on the servers', () => {
  test('a master that somebody closed since go/no-go is neither fenced nor opened by the undo', () => {
    const world = openWorld(
      referencePlan(),
      when(
        'quiet#1/before@orders-b1',
        at('orders-b1', (server) => {
          server.readOnly = true;
        }),
      ),
    );
    const run = world.finish();
    expect(run.outcome).toBe('thawed');
    expect(run.abortReason).toMatch(/orders-b1 .*read-only.*expected/);
    expect(world.server('orders-b1').readOnly).toBe(true);
  });

  test('a run lock that another cockpit took stops this one: it thaws what it still may, and names the rest', () => {
    const world = openWorld(
      referencePlan(),
      when(
        'prove:orders#1/second@orders-a1',
        at('orders-b1', (server) => {
          server.lockHolder = 4_711;
        }),
      ),
    );
    const run = world.finish();
    expect(run.abortReason).toMatch(/orders-b1: the run lock is held by 4711; expected our thread/);
    expect(run.outcome).toBe('needs-operator');
    expect(run.steps['unwind']?.text).toMatch(
      /orders-b1 writable again: the run lock is held by thread 4711/,
    );
    for (const node of ['orders-a1', 'content-a1', 'content-b1'])
      expect(world.server(node).readOnly, node).toBe(false);
  });
});

describe('a session that keeps the fence waiting', () => {
  const busy = {
    ...clientSession(55),
    command: 'Query',
    timeSeconds: 30,
    statement: 'UPDATE orders SET x = 1',
  };
  const idle = { ...clientSession(56), command: 'Sleep', timeSeconds: 400 };
  const policy = (blockers: 'wait' | 'postpone' | 'kill-idle' | 'kill') =>
    referenceWith((plan) => ({ ...plan, chains: plan.chains.map((chain) => ({ ...chain, blockers })) }));
  const transaction = {
    thread: 56,
    user: 'app',
    host: 'x',
    ageMs: 400_000,
    rowsModified: 0,
    rowsLocked: 1,
    state: 'idle',
    statement: null,
  } as const;

  /** The fence of orders-a1 waits as long as one of these threads lives. */
  const blockedBy =
    (...threads: readonly number[]): Script =>
    ({ operation, where }, model) => {
      const lives =
        model.servers.get('orders-a1')?.sessions.some(({ thread }) => threads.includes(thread)) === true;
      return operation === 'fence' && where === 'orders-a1' && lives
        ? { answer: { code: 1205 }, afterMs: 3_000 }
        : undefined;
    };
  function night(blockers: Parameters<typeof policy>[0], ...threads: readonly number[]) {
    const world = openWorld(policy(blockers), blockedBy(...threads));
    world.server('orders-a1').sessions.push(busy, idle);
    world.server('orders-a1').transactions.push(transaction);
    world.finish();
    return world;
  }

  test('postpone: nobody is ended, it is named, everything thaws after one attempt', () => {
    const world = night('postpone', 55);
    expectRestored(world);
    expect(world.run().abortReason).toContain(
      'thread 55 of app@10.0.0.1, running a statement for 30 s: UPDATE orders SET x = 1',
    );
    expect(intentsOf(world, 'fence').filter(({ instance }) => instance === 'orders-a1')).toHaveLength(1);
    expect(intentsOf(world, 'killThreads').filter(({ key }) => key.startsWith('fence'))).toEqual([]);
  });

  test('wait: three attempts, each bounded, then everything thaws', () => {
    const world = night('wait', 55);
    expectRestored(world);
    expect(intentsOf(world, 'fence').filter(({ instance }) => instance === 'orders-a1')).toHaveLength(3);
    expect(intentsOf(world, 'killThreads').filter(({ key }) => key.startsWith('fence'))).toEqual([]);
  });

  test('kill-idle: an idle transaction without rows is ended, and the second attempt holds', () => {
    const world = night('kill-idle', 56);
    expect(world.run().outcome).toBe('done');
    const ended = world.intents
      .map(({ command: { action, key } }) => ({ action, key }))
      .find(({ key }) => key === 'fence:orders#1/end1@orders-a1');
    expect(ended?.action).toMatchObject({ operation: 'killThreads', input: { threads: [56] } });
  });

  test('kill-idle: one that works is not ended', () => {
    const world = night('kill-idle', 55);
    expect(world.run().outcome).toBe('thawed');
    expect(world.server('orders-a1').dead.has(55)).toBe(false);
  });

  test('who blocks is read while the fence waits, not only when it has given up', () => {
    const world = openWorld(policy('postpone'), blockedBy(55));
    world.server('orders-a1').sessions.push(busy);
    const texts: string[] = [];
    world.finish((run) => {
      const { state, text } = run.steps['fence:orders'] ?? { state: null, text: '' };
      if (state === 'running') texts.push(text);
      return false;
    });
    const waits = texts.find((text) => text.includes('thread 55 of app@10.0.0.1, running a statement'));
    expect(waits).toMatch(
      /^Waiting for orders-a1 to take the fence \(attempt 1 of 3\), which keeps writers waiting; the plan says postpone: everything thaws\. In its way: /,
    );
  });

  test('a fence that its server does not end in time is ended from another session, and tried again', () => {
    const fences: number[] = [];
    const world = openWorld(policy('wait'), ({ operation, where }) => {
      if (operation !== 'fence' || where !== 'orders-a1') return undefined;
      fences.push(world.nowMs());
      return fences.length === 1 ? { answer: { code: 1317 }, afterMs: 3_450 } : undefined;
    });
    expect(world.finish().outcome).toBe('done');
    expect(fences).toHaveLength(2);
    const [cut] = intentsOf(world, 'cancelStatement');
    expect(cut).toMatchObject({ key: 'fence:orders#1/cut1@orders-a1', instance: 'orders-a1' });
    // Between the two attempts the first one's statement was seen gone.
    const seen = intentsOf(world, 'runningStatements').map(({ key }) => key);
    expect(seen).toEqual(['fence:orders#1/gone1.0@orders-a1']);
  });

  test('a fence that somebody else ended is not tried again', () => {
    const world = openWorld(policy('wait'), ({ operation, where }) =>
      operation === 'fence' && where === 'orders-a1' ? { answer: { code: 1317 }, afterMs: 500 } : undefined,
    );
    expect(world.finish().outcome).toBe('thawed');
    expect(intentsOf(world, 'fence').filter(({ instance }) => instance === 'orders-a1')).toHaveLength(1);
  });

  test('a statement that is still there after its timeout is ended and seen gone before anything else', () => {
    let looks = 0;
    const world = openWorld(policy('wait'), (call, model) => {
      if (call.operation !== 'runningStatements') return blockedBy(55)(call, model);
      looks += 1;
      return looks > 2
        ? undefined
        : { answer: { value: { running: [{ thread: 1_000, statement: 'SET GLOBAL' }] } } };
    });
    world.server('orders-a1').sessions.push(busy);
    expect(world.finish().outcome).toBe('thawed');
    const keys = world.intents.map(({ command }) => command.key);
    const at = (key: string): number => keys.indexOf(`fence:orders#1/${key}@orders-a1`);
    expect(at('gone1.0')).toBeLessThan(at('cut1'));
    expect(at('cut1')).toBeLessThan(at('gone1.2'));
    expect(at('gone1.2')).toBeLessThan(at('fence2'));
  });

  test('kill: whoever blocks is ended', () => {
    const world = night('kill', 55);
    expect(world.run().outcome).toBe('done');
    expect(world.server('orders-a1').dead.has(55)).toBe(true);
  });
});

test('a promotion whose reply is lost is believed when the server says so, not pressed again', () => {
  const world = openWorld(referencePlan(), ({ operation, where }) =>
    operation === 'promote' && where === 'content-t1' ? { answer: 'session-lost', effect: true } : undefined,
  );
  expect(world.finish().outcome).toBe('done');
  expect(intentsOf(world, 'promote').map(({ instance }) => instance)).toEqual(['orders-t1', 'content-t1']);
});
