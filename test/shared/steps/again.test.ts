import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { emergencySheet } from '../../../shared/audit/sheet.ts';
import { present } from '../../../shared/lib/assert.ts';
import { reverseEnds } from '../../../shared/plan/reverse-ends.ts';
import { stepsToTryAgain } from '../../../shared/steps/again.ts';
import { judgeStopHere } from '../../../shared/steps/stop-here.ts';
import { judgeWatch } from '../../../shared/steps/watchdog.ts';
import type { ReplicationLink } from '../../../shared/sessions/replication-link.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { factsOf } from '../../helpers/model-servers.ts';
import { intentsOf } from '../../helpers/night-checks.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const plan = referencePlan();
const promoting = 'promote:orders';

function watched(script?: Script): AnsweringWorld {
  const world = openWorld(plan, script);
  world.finish((run) => run.phase === 'watching');
  world.passMs(5);
  return world;
}

function see(world: AnsweringWorld, instance: string): void {
  const facts = factsOf(world.server(instance), 1, world.nowMs());
  const askedAt = (world.run().begunAt?.utcMs ?? 0) + world.nowMs();
  const alarm = judgeWatch(world.run(), plan, { instance, facts, askedAt });
  if (alarm !== null) world.post({ kind: 'alarmed', alarm });
}

/** A promoted target that started again by an option file that closes it; its sessions are new. */
function cameBackClosed(script?: Script): AnsweringWorld {
  const world = watched(script);
  Object.assign(world.server('orders-t1'), { readOnly: true, lockHolder: null, bootedAtMs: world.nowMs() });
  see(world, 'orders-t1');
  return world;
}

const press = (world: AnsweringWorld, step: string): void =>
  world.post({ kind: 'retry-asked', who: 'Dana', step });

describe('a promoted target that came back closed', () => {
  test('is opened again by a press: sources seen, lock taken, guarded, read back', () => {
    const world = cameBackClosed();
    expect(judgeStopHere(world.run(), plan).writable).toBe('the target of content; nothing of orders');
    expect(stepsToTryAgain(world.run(), plan)).toEqual([
      { step: promoting, because: 'target-closed', instances: ['orders-t1'] },
    ]);
    const from = world.intents.length;
    press(world, promoting);
    const run = world.finish();
    expect(run).toMatchObject({ outcome: 'done', phase: 'watching' });
    const asked = world.intents
      .slice(from)
      .map(({ command: { action } }) =>
        action.kind === 'mysql' ? `${action.operation} ${action.instance}` : action.kind,
      );
    const at = (what: string): number => asked.indexOf(what);
    for (const node of ['orders-a1', 'orders-b1']) expect(at(`fastFacts ${node}`)).toBeGreaterThanOrEqual(0);
    expect(at('fastFacts orders-a1')).toBeLessThan(at('takeLock orders-t1'));
    expect(at('takeLock orders-t1')).toBeLessThan(at('promote orders-t1'));
    expect(asked.filter((each) => each.startsWith('promote'))).toEqual(['promote orders-t1']);
    expect(world.server('orders-t1').readOnly).toBe(false);
    expect(stepsToTryAgain(run, plan)).toEqual([]);
    expect(judgeStopHere(run, plan).writable).toBe('the target, of every chain');
    const folded = foldRun(world.records);
    expect(folded.ok && folded.value.run.steps).toEqual(run.steps);
  });

  test('stays closed while a source takes writes, or is not seen', () => {
    const open = cameBackClosed();
    open.server('orders-b1').readOnly = false;
    press(open, promoting);
    open.finish();
    expect(open.run().steps[promoting]?.text).toContain(
      'orders-b1 takes writes; expected every source closed',
    );
    expect(open.server('orders-t1').readOnly).toBe(true);

    let dark = false;
    const unseen = cameBackClosed(({ operation, where }) =>
      dark && operation === 'fastFacts' && where === 'orders-b1' ? { answer: 'not-connected' } : undefined,
    );
    dark = true;
    press(unseen, promoting);
    expect(unseen.finish().outcome).toBe('needs-operator');
    expect(unseen.run().steps[promoting]?.text).toContain('expected every source seen closed');
    expect(intentsOf(unseen, 'promote')).toHaveLength(2);
    expect(unseen.server('orders-t1').readOnly).toBe(true);
    dark = false;
    press(unseen, promoting);
    expect(unseen.finish().outcome).toBe('done');
    expect(unseen.server('orders-t1').readOnly).toBe(false);
  });

  test('stays closed where another server answers, or another one holds the lock', () => {
    const other = cameBackClosed();
    other.server('orders-t1').lockHolder = 99_999;
    press(other, promoting);
    expect(other.finish().outcome).toBe('needs-operator');
    expect(other.run().steps[promoting]?.text).toContain('held by thread 99999');
    expect(other.server('orders-t1').readOnly).toBe(true);
  });

  test('is opened by nobody else: not without an alarm, not before the point of no return, not at its end', () => {
    const quiet = watched();
    const from = quiet.intents.length;
    press(quiet, promoting);
    expect(quiet.finish()).toMatchObject({ outcome: 'done', phase: 'watching' });
    expect(quiet.intents).toHaveLength(from);

    const before = openWorld(plan);
    before.finish((run) => run.steps['prove:orders']?.state === 'running');
    press(before, promoting);
    expect(intentsOf(before, 'promote')).toEqual([]);

    const over = cameBackClosed();
    over.server('orders-t1').readOnly = false;
    over.post({ kind: 'close-asked', who: 'Dana' });
    over.finish();
    expect(over.run().phase).toBe('ended');
    expect(stepsToTryAgain(over.run(), plan)).toEqual([]);
  });

  test('keeps the night from being closed: nobody would see it any more', () => {
    const world = cameBackClosed();
    world.post({ kind: 'close-asked', who: 'Dana' });
    expect(world.finish()).toMatchObject({ outcome: 'done', phase: 'watching' });
    expect(world.run().steps['close']?.text).toContain('orders-t1 refuses writes');
    press(world, promoting);
    world.finish();
    press(world, 'close');
    expect(world.finish().phase).toBe('ended');
  });

  test('has its lines on the emergency sheet, also after a press that failed', () => {
    const world = cameBackClosed();
    world.server('orders-b1').readOnly = false;
    press(world, promoting);
    world.finish();
    const titles = emergencySheet(world.run(), plan).sections.map(({ title }) => title);
    expect(titles).toContain('orders: the target was opened; see that it still is');
  });
});

describe('a ring that closed again under a reverse link', () => {
  const orders = present(
    plan.chains.find(({ id }) => id === 'orders'),
    'orders',
  );
  const { receiver, ringChannel } = reverseEnds(orders);

  function closedRing(): AnsweringWorld {
    const world = watched();
    const server = world.server(receiver);
    server.links = server.links.map((link) =>
      link.channel === ringChannel ? { ...link, receiver: 'running', applier: 'running' } : link,
    );
    see(world, receiver);
    return world;
  }

  test('alarms once, says what to do, and is opened again by a press on the step that had opened it', () => {
    const world = closedRing();
    expect(world.run().alarms.map(({ alarm }) => alarm.alarm)).toEqual(['ring-closed']);
    expect(world.run().alarms[0]?.alarm.expected).toContain('compare tables without a primary key');
    world.passMs(5_000);
    see(world, receiver);
    expect(world.run().alarms).toHaveLength(1);
    const from = world.intents.length;
    press(world, 'reverse:orders');
    expect(world.finish()).toMatchObject({ outcome: 'done', phase: 'watching' });
    const effects = world.intents
      .slice(from)
      .flatMap(({ command: { action } }) =>
        action.kind === 'mysql' && /Link$/.test(action.operation)
          ? [`${action.operation} ${action.instance}`]
          : [],
      );
    expect(effects).toEqual([`stopLink ${receiver}`]);
    world.passMs(5);
    see(world, receiver);
    expect(world.run().alarms).toHaveLength(1);
    expect(stepsToTryAgain(world.run(), plan)).toEqual([]);
  });
});

describe('a reverse link that stopped in the watch', () => {
  const { receiver, from } = reverseEnds(
    present(
      plan.chains.find(({ id }) => id === 'orders'),
      'orders',
    ),
  );
  const refusal = { code: 13117, message: 'Invalid (empty) username' };

  function stopped(change: Parameters<typeof changeLink>[1]): AnsweringWorld {
    const world = watched();
    changeLink(world, change);
    see(world, receiver);
    return world;
  }

  function changeLink(world: AnsweringWorld, change: Partial<ReplicationLink>): void {
    const server = world.server(receiver);
    server.links = server.links.map((link) =>
      link.channel === 'cutover_reverse' ? { ...link, ...change } : link,
    );
  }

  test('alarms once with its error, and is started again by a press, with its account and nothing else', () => {
    const world = stopped({ receiver: 'stopped', receiverError: refusal });
    expect(world.run().alarms.map(({ alarm }) => alarm.alarm)).toEqual(['way-back-stopped']);
    expect(world.run().alarms[0]?.alarm.seen).toContain('error 13117: Invalid (empty) username');
    expect(world.run().alarms[0]?.alarm.expected).toContain(`follows ${from}`);
    world.passMs(5_000);
    see(world, receiver);
    expect(world.run().alarms).toHaveLength(1);
    expect(stepsToTryAgain(world.run(), plan)).toEqual([
      { step: 'reverse:orders', because: 'way-back-stopped', instances: [receiver] },
    ]);
    const begun = world.intents.length;
    press(world, 'reverse:orders');
    expect(world.finish()).toMatchObject({ outcome: 'done', phase: 'watching' });
    const effects = world.intents
      .slice(begun)
      .flatMap(({ command: { action } }) =>
        action.kind === 'mysql' && action.operation === 'startLink' ? [action.input] : [],
      );
    expect(effects).toEqual([
      { channel: 'cutover_reverse', account: { chain: 'orders', direction: 'reverse' } },
    ]);
    world.passMs(5);
    see(world, receiver);
    expect(stepsToTryAgain(world.run(), plan)).toEqual([]);
  });

  test('by its applier alarms too; one that only connects does not, nor one that nobody has started yet', () => {
    expect(
      stopped({ applier: 'stopped', applierError: { code: 1062, message: 'twice' } }).run().alarms,
    ).toHaveLength(1);
    expect(stopped({ receiver: 'connecting' }).run().alarms).toEqual([]);
    const early = openWorld(plan);
    early.finish((run) => run.steps['promote:orders']?.state === 'running');
    see(early, receiver);
    expect(early.run().alarms).toEqual([]);
  });

  test('beside a ring that closed is offered once, by the worse reason', () => {
    const world = stopped({ receiver: 'stopped', receiverError: refusal });
    const { instance } = present(world.run().alarms[0]?.alarm, 'the alarm');
    const alarm = { alarm: 'ring-closed', instance, seen: 'it follows', expected: 'open' } as const;
    world.post({ kind: 'alarmed', alarm });
    expect(stepsToTryAgain(world.run(), plan).map(({ because }) => because)).toEqual(['ring-closed']);
  });
});

test('Close that failed and is pressed again ends the run', () => {
  let failing = true;
  const world = watched(({ operation }) =>
    failing && operation === 'removeSchema' ? { answer: { code: 1045 } } : undefined,
  );
  world.post({ kind: 'close-asked', who: 'Dana' });
  world.finish();
  expect(world.run()).toMatchObject({ phase: 'watching', outcome: 'done' });
  failing = false;
  press(world, 'close');
  expect(world.finish().phase).toBe('ended');
});
