import { describe, expect, test } from 'vitest';
import { sourceNodes } from '../../../shared/steps/need.ts';
import { judgeWatch } from '../../../shared/steps/watchdog.ts';
import { openWorld, type AnsweringWorld } from '../../helpers/answering-world.ts';
import { factsOf, threadsOf } from '../../helpers/model-servers.ts';
import { expectRestored, intentsOf } from '../../helpers/night-checks.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const plan = referencePlan();

/** One reading by the watchdog, asked now; its alarm goes to the run as the engine would post it. */
function watch(world: AnsweringWorld, instance: string): string | null {
  const thread = threadsOf([...world.model.servers.keys()].indexOf(instance)).watch;
  const facts = factsOf(world.server(instance), thread, world.nowMs());
  const askedAt = (world.run().begunAt?.utcMs ?? 0) + world.nowMs();
  const alarm = judgeWatch(world.run(), plan, { instance, facts, askedAt });
  if (alarm !== null) world.post({ kind: 'alarmed', alarm });
  return alarm === null ? null : alarm.alarm;
}

describe('before the point of no return an alarm takes everything back', () => {
  const when: readonly (readonly [
    what: string,
    until: string,
    instance: string,
    change: (world: AnsweringWorld) => void,
    alarm: string,
  ])[] = [
    [
      'a lost fence',
      'prove:orders',
      'orders-b1',
      (world) => {
        world.server('orders-b1').readOnly = false;
      },
      'fence-lost',
    ],
    [
      'a source that moves',
      'prove:orders',
      'orders-a1',
      (world) => {
        world.server('orders-a1').gtid = '0-1-101,0-2-99';
      },
      'position-moved',
    ],
    [
      'a run lock that is gone',
      'prove:orders',
      'content-t1',
      (world) => {
        world.server('content-t1').lockHolder = null;
      },
      'lock-lost',
    ],
    [
      'a target that takes writes',
      'fence:orders',
      'orders-t2',
      (world) => {
        world.server('orders-t2').readOnly = false;
      },
      'target-writable',
    ],
    [
      'another server',
      'fence:orders',
      'content-s1',
      (world) => {
        Object.assign(world.server('content-s1'), { serverId: 99 });
      },
      'identity-changed',
    ],
    [
      'a slave that opens behind the fence',
      'prove:orders',
      'orders-s1',
      (world) => {
        world.server('orders-s1').readOnly = false;
      },
      'fence-lost',
    ],
  ];

  test.each(when)('%s', (_what, until, instance, change, alarm) => {
    const world = openWorld(plan);
    world.finish((run) => run.steps[until]?.state === 'running');
    world.passMs(1);
    expect(watch(world, instance)).toBeNull();
    change(world);
    expect(watch(world, instance)).toBe(alarm);
    expect(world.run().phase).toBe('unwinding');
    const run = world.finish();
    expect(run.outcome).toBe('thawed');
    expect(run.abortReason).toMatch(new RegExp(`the watchdog saw on ${instance}: .+; expected .+`));
    expect(intentsOf(world, 'promote')).toEqual([]);
  });

  test('a reading from before the fence accuses nobody', () => {
    const world = openWorld(plan);
    world.finish((run) => run.steps['end-sessions:orders']?.state === 'running');
    const facts = { ...factsOf(world.server('orders-a1'), 1, world.nowMs()), readOnly: false };
    const begun = world.run().begunAt?.utcMs ?? 0;
    expect(judgeWatch(world.run(), plan, { instance: 'orders-a1', facts, askedAt: begun })).toBeNull();
    expect(
      judgeWatch(world.run(), plan, { instance: 'orders-a1', facts, askedAt: begun + 60_000 })?.alarm,
    ).toBe('fence-lost');
  });

  test('a promoted target that refuses writes is told once a start of its server, and nothing is taken back', () => {
    const world = openWorld(plan);
    world.finish((run) => run.steps['promote:orders']?.state === 'done');
    world.passMs(1);
    expect(watch(world, 'orders-t1')).toBeNull();
    world.server('orders-t1').readOnly = true;
    expect(watch(world, 'orders-t1')).toBe('target-closed');
    world.passMs(60_000);
    expect(watch(world, 'orders-t1')).toBeNull();
    expect(world.run().phase).toBe('running');
    const facts = { ...factsOf(world.server('orders-t1'), 1, world.nowMs()), uptimeSeconds: 3 };
    const askedAt = (world.run().begunAt?.utcMs ?? 0) + world.nowMs() + 10_000;
    expect(judgeWatch(world.run(), plan, { instance: 'orders-t1', facts, askedAt })?.alarm).toBe(
      'target-closed',
    );
    // A replica of the target is closed for good.
    expect(watch(world, 'orders-t2')).toBeNull();
  });

  test('a server that came back closed and without the lock is told as closed first, and the lock once', () => {
    const world = openWorld(plan);
    world.finish((run) => run.phase === 'watching');
    world.passMs(5);
    Object.assign(world.server('orders-t1'), { readOnly: true, lockHolder: null, bootedAtMs: world.nowMs() });
    expect(watch(world, 'orders-t1')).toBe('target-closed');
    world.passMs(2_000);
    expect(watch(world, 'orders-t1')).toBe('lock-lost');
    world.passMs(2_000);
    expect(watch(world, 'orders-t1')).toBeNull();
    world.server('orders-t1').lockHolder = 4_711;
    expect(watch(world, 'orders-t1')).toBe('lock-lost');
  });

  test('a quiet night alarms about nothing, whenever it is looked at', () => {
    const world = openWorld(plan);
    for (let looked = 0; world.run().phase !== 'watching'; looked += 1) {
      const keys = world.outstanding().length;
      world.finish(() => world.outstanding().length !== keys || looked > 5_000);
      const key = world.outstanding()[0];
      if (key !== undefined) world.answer(key);
      for (const node of ['orders-a1', 'orders-s1', 'orders-t1', 'content-b1', 'content-t2'])
        expect(watch(world, node), `${node} at ${key}`).toBeNull();
    }
    expect(world.run().outcome).toBe('done');
  });

  test('a source that thaws while everything is taken back is no alarm', () => {
    const world = openWorld(plan);
    world.finish((run) => run.steps['prove:orders']?.state === 'running');
    world.post({ kind: 'abort-asked', who: 'Dana', reason: '' });
    world.server('orders-a1').readOnly = false;
    world.passMs(1);
    expect(watch(world, 'orders-a1')).toBeNull();
    world.finish();
    expectRestored(world);
  });
});

describe('after the point of no return a source that opens is closed again', () => {
  function promoted(): AnsweringWorld {
    const world = openWorld(plan);
    world.finish((run) => run.phase === 'watching');
    world.passMs(5);
    return world;
  }

  test('restarted: lock and fence by the watchdog, and nothing else', () => {
    const world = promoted();
    const server = world.server('orders-b1');
    Object.assign(server, { readOnly: false, lockHolder: null, bootedAtMs: world.nowMs() });
    const from = world.intents.length;
    expect(watch(world, 'orders-b1')).toBe('fence-lost');
    world.finish();
    expect(
      world.intents
        .slice(from)
        .map(({ command: { action } }) =>
          action.kind === 'mysql' ? `${action.operation} ${action.instance} ${action.session}` : '',
        ),
    ).toEqual(['takeLock orders-b1 watch', 'fence orders-b1 watch']);
    expect(server.readOnly).toBe(true);
    expect(world.run()).toMatchObject({ outcome: 'done', phase: 'watching' });
  });

  test('switched on by hand: the acting session holds the lock still, and fences', () => {
    const world = promoted();
    world.server('orders-b1').readOnly = false;
    expect(watch(world, 'orders-b1')).toBe('fence-lost');
    world.finish();
    expect(world.intents.at(-1)?.command.action).toMatchObject({ operation: 'fence', session: 'act' });
    expect(world.server('orders-b1').readOnly).toBe(true);
  });

  test('each loss is answered once; a second loss is answered again', () => {
    const world = promoted();
    for (let losses = 1; losses <= 3; losses += 1) {
      world.server('content-a1').readOnly = false;
      world.passMs(1_000);
      expect(watch(world, 'content-a1')).toBe('fence-lost');
      world.finish();
      world.passMs(1);
      expect(watch(world, 'content-a1')).toBeNull();
      expect(world.intents.filter(({ command }) => command.key.startsWith('watchdog')).length).toBe(
        2 * losses,
      );
    }
  });

  test('other alarms are written down and move nothing', () => {
    const world = promoted();
    const before = world.run();
    for (const alarm of [
      'restarted',
      'lock-lost',
      'session-lost',
      'blind',
      'identity-changed',
      'target-writable',
      'position-moved',
    ] as const) {
      world.post({ kind: 'alarmed', alarm: { alarm, instance: 'orders-a1', seen: 'a', expected: 'b' } });
    }
    expect(world.run().steps).toEqual(before.steps);
    expect(world.run().alarms).toHaveLength(7);
    expect(intentsOf(world, 'thaw')).toEqual([]);
  });

  test('in the middle of promote the promotion goes on', () => {
    const world = openWorld(plan);
    world.finish((run) => run.steps['promote:orders']?.state === 'running');
    world.server('content-b1').readOnly = false;
    world.passMs(1);
    expect(watch(world, 'content-b1')).toBe('fence-lost');
    expect(world.finish().outcome).toBe('done');
    expect(world.server('content-b1').readOnly).toBe(true);
    for (const chain of plan.chains)
      for (const node of sourceNodes(chain)) expect(world.server(node).readOnly).toBe(true);
  });
});
