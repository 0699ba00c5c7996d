import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../shared/plan/plan.ts';
import { openWorld, type AnsweringWorld } from '../../helpers/answering-world.ts';
import { expectRestored, intentsOf, ponrSeq } from '../../helpers/night-checks.ts';
import { eventfulPlan, referencePlan, referenceWith } from '../../helpers/reference-plan.ts';
import { entriesOf, entryIn } from '../../../shared/steps/ledger.ts';

const plan = referencePlan();

/** One command that is answered, honestly, long after its step's limit. */
function slowAt(part: string, afterMs = 3_600_000): AnsweringWorld {
  return openWorld(plan, ({ command }) => (command.key.includes(part) ? { afterMs } : undefined));
}

const overruns: readonly (readonly [step: string, slow: string, limit: keyof Limits])[] = [
  ['lock', 'lock#1/take@orders-a1', 'quietMs'],
  ['fence', 'fence:orders#1/fence1@orders-b1', 'fenceMs'],
  ['end-sessions', 'end-sessions:content#1/end@content-a1', 'endSessionsMs'],
  ['prove', 'prove:orders#1/second@orders-a1', 'proveMs'],
  ['last-look', 'last-look#1/look@content-b1', 'passageMs'],
];

describe('a step that takes too long before the point of no return', () => {
  // Every call's own limit is longer than the step's, so that it is the step's that ends it.
  const patient = (limits: Partial<Limits>) =>
    referenceWith((input) => ({ ...input, limits: { ...input.limits, ...limits } }));
  const shortened: Readonly<Record<string, Partial<Limits>>> = {
    lock: { quietMs: 300 },
    fence: { fenceMs: 3_000, fenceAttemptMs: 3_000 },
    'end-sessions': { endSessionsMs: 300 },
    prove: { proveMs: 700 },
    'last-look': {},
  };

  test.each(overruns)('%s: thaws and names its limit', (step, slow, limit) => {
    const short = patient(shortened[step] ?? {});
    const world = openWorld(short, ({ command }) =>
      command.key.includes(slow) ? { afterMs: 3_600_000 } : undefined,
    );
    const run = world.finish();
    expectRestored(world);
    expect(run.abortReason).toContain(`${short.limits[limit]} ms (limits.${limit} of the plan)`);
    expect(run.abortReason).toContain('while waiting for');
  });

  test.each(['preDrainMs', 'drainMs', 'convergeMs'] as const)(
    'a position that is never reached ends at limits.%s',
    (limit) => {
      const step =
        limit === 'preDrainMs'
          ? 'pre-drain:orders'
          : limit === 'drainMs'
            ? 'drain:orders'
            : 'converge:orders';
      const world = openWorld(plan, ({ command, operation, where }, model) => {
        if (operation === 'waitApplied') return { afterMs: 200 };
        if (operation !== 'fastFacts' && operation !== 'state') return undefined;
        // The first reading of converge, and the first look at the target, are taken beside the ended sessions.
        const beside = command.key.startsWith('end-sessions:orders');
        const early = limit === 'convergeMs' || (limit === 'drainMs' && where === 'orders-t1');
        if (!command.key.startsWith(step) && !(beside && early)) return undefined;
        const held = model.servers.get(where);
        if (held !== undefined)
          held.gtid =
            where === 'orders-a1' ? '0-1-100,0-2-90' : where === 'orders-t1' ? '0-1-50,0-2-99' : held.gtid;
        return undefined;
      });
      const run = world.finish();
      expectRestored(world);
      expect(run.abortReason).toContain(`limits.${limit} of the plan`);
      expect(run.abortReason).toMatch(/0-[12]-(99|100) after (90|50)/);
      expect(world.intents.length, 'a wait is paced, it does not spin').toBeLessThan(1_500);
    },
  );

  test('an answer that arrives after the limit does not save the step', () => {
    const world = slowAt('last-look#1/look@content-b1', 900);
    world.finish((run) => run.steps['last-look']?.state === 'running');
    for (const key of world.outstanding().filter((each) => !each.includes('content-b1'))) world.answer(key);
    // The laptop slept: the timer did not fire, and the answer is the first event after the limit.
    world.passMs(40_000);
    world.answer('last-look#1/look@content-b1');
    expect(world.run().ponrAt).toBeNull();
    world.finish();
    expectRestored(world);
    expect(world.run().abortReason).toContain('limits.passageMs');
  });
});

describe('one decision in which one chain goes on and another fails', () => {
  test('begins nothing that it would have to take back', () => {
    const world = openWorld(plan, ({ command, where }) => {
      if (command.key.startsWith('end-sessions:content')) return { afterMs: 3_600_000 };
      return command.key.includes('fence:orders#1/fence1') && where === 'orders-b1'
        ? { afterMs: 1_500 }
        : undefined;
    });
    world.finish((run) => run.steps['end-sessions:orders']?.state === 'running');
    const content = world.run().steps['end-sessions:content']?.startedAt?.monoMs ?? 0;
    world.passMs(content + plan.limits.endSessionsMs - world.nowMs());
    // This answer would let the chain `orders` end sessions; by now the chain `content` is past its limit.
    const from = world.intents.length;
    world.answer(world.outstanding().find((key) => key.startsWith('end-sessions:orders')) ?? '');
    expect(world.run().phase).toBe('unwinding');
    const begun = world.intents.slice(from).map(({ command }) => command.key);
    expect(begun.filter((key) => !key.startsWith('unwind'))).toEqual([]);
    expect(begun.length).toBeGreaterThan(0);
    // What was not sent is not waited for either: it would look like a statement whose effect is unknown.
    const issued = new Set(world.intents.map(({ command }) => command.key));
    expect(entriesOf(world.run().commands).filter(({ command }) => !issued.has(command.key))).toEqual([]);
    world.finish();
    expectRestored(world);
  });
});

describe('the overall deadline', () => {
  test('counts from arm and thaws', () => {
    const tight = { ...plan, limits: { ...plan.limits, runDeadlineMs: 1_200 } };
    const world = openWorld(tight, ({ command, operation }) =>
      operation === 'fence' || command.key.startsWith('end-sessions') ? { afterMs: 700 } : undefined,
    );
    const run = world.finish();
    expectRestored(world);
    expect(run.abortReason).toContain('1200 ms (limits.runDeadlineMs of the plan)');
  });

  test('does not count while nothing that concerns the source has begun', () => {
    const tight = { ...plan, limits: { ...plan.limits, runDeadlineMs: 1_200 } };
    const world = openWorld(tight, ({ command }) =>
      command.key === 'pre-drain:orders#1/base@orders-a1' ? { afterMs: 1_900 } : undefined,
    );
    expect(world.finish().outcome).toBe('done');
  });

  test('counts on while a person is waited for at a later hold', () => {
    const held = { ...plan, holds: [{ before: 'lock' as const }, { before: 'fence' as const }] };
    const world = openWorld(held);
    const run = world.finish();
    expect(run.releasedBy).toEqual({ lock: 'Dana' });
    expectRestored(world);
    expect(run.abortReason).toContain('limits.runDeadlineMs');
    expect(intentsOf(world, 'fence')).toEqual([]);
  });

  test('a later hold is released by its own name only', () => {
    const held = { ...plan, holds: [{ before: 'lock' as const }, { before: 'fence' as const }] };
    const world = openWorld(held);
    world.finish((run) => run.heldAt === 'fence');
    world.post({ kind: 'released', hold: 'lock', who: 'Dana' });
    expect(world.run().heldAt).toBe('fence');
    world.post({ kind: 'released', hold: 'fence', who: 'Dana' });
    expect(world.finish().outcome).toBe('done');
  });

  test('is over at the point of no return', () => {
    const world = openWorld({ ...plan, limits: { ...plan.limits, runDeadlineMs: 5_000 } }, ({ operation }) =>
      operation === 'ssh' ? { afterMs: 6_000 } : undefined,
    );
    expect(world.finish().outcome).toBe('done');
  });
});

describe('abort', () => {
  test('asked twice is one abort', () => {
    const world = openWorld(plan);
    world.finish((run) => run.steps['prove:orders']?.state === 'running');
    world.post({ kind: 'abort-asked', who: 'Dana', reason: 'it takes too long' });
    world.post({ kind: 'abort-asked', who: 'Ada', reason: 'again' });
    world.finish();
    expectRestored(world);
    expect(world.run().abortReason).toBe('Dana asked for it: it takes too long');
    for (const node of ['orders-a1', 'orders-b1'])
      expect(intentsOf(world, 'thaw').filter(({ instance }) => instance === node)).toHaveLength(1);
  });

  test('at the hold takes back nothing, because nothing was done', () => {
    const world = openWorld(plan, undefined, false);
    world.post({ kind: 'abort-asked', who: 'Dana', reason: '' });
    world.finish();
    expect(world.intents).toEqual([]);
    expect(world.run().outcome).toBe('thawed');
  });

  test('after the point of no return is not heard', () => {
    const world = openWorld(plan);
    world.finish((run) => run.ponrAt !== null);
    const before = world.run();
    world.post({ kind: 'abort-asked', who: 'Dana', reason: 'too late' });
    expect(world.run().phase).toBe('running');
    expect(world.run().steps).toEqual(before.steps);
    expect(world.finish().outcome).toBe('done');
    expect(intentsOf(world, 'thaw')).toEqual([]);
  });

  test('ends a waiting fence by its thread and sees it gone, before it thaws', () => {
    const world = openWorld(plan, ({ operation, where }) =>
      operation === 'fence' && where === 'orders-b1' ? { afterMs: 3_000 } : undefined,
    );
    world.finish(
      (run) =>
        entryIn(run.commands, 'fence:orders#1/fence1@orders-b1') !== undefined &&
        entryIn(run.commands, 'fence:orders#1/fence1@orders-a1')?.answer !== null,
    );
    world.post({ kind: 'abort-asked', who: 'Dana', reason: '' });
    world.finish();
    expectRestored(world);
    const keys = world.intents
      .map(({ command }) => command.key)
      .filter((key) => key.startsWith('unwind') && key.endsWith('@orders-b1'));
    expect(keys.slice(0, 4)).toEqual([
      'unwind#1/end-abort@orders-b1',
      'unwind#1/alive0-abort@orders-b1',
      'unwind#1/lock-abort@orders-b1',
      'unwind#1/thaw-abort@orders-b1',
    ]);
  });
});

describe('retry', () => {
  test('touches only the application hosts that are seen on the wrong site', () => {
    let broken = true;
    const world = openWorld(eventfulPlan(), ({ command, where }) =>
      broken && where === 'app-b1' && command.key.includes('.switch') ? { answer: { code: 1 } } : undefined,
    );
    expect(world.finish().outcome).toBe('needs-operator');
    expect(world.run().steps['redirect']?.text).toContain('app-b1');
    expect(world.run().steps['redirect']?.text).toContain('1 of 4');
    broken = false;
    const from = world.intents.length;
    world.post({ kind: 'retry-asked', who: 'Dana', step: 'redirect' });
    expect(world.finish().outcome).toBe('done');
    const again = world.intents
      .slice(from)
      .map(({ command }) => command)
      .filter(({ action }) => action.kind === 'ssh');
    const effects = again
      .filter(({ action }) => action.kind === 'ssh' && action.effect)
      .map(({ action }) => (action.kind === 'ssh' ? action.host : ''));
    expect(new Set(effects)).toEqual(new Set(['app-b1']));
    expect(again.slice(0, 4).every(({ action }) => action.kind === 'ssh' && !action.effect)).toBe(true);
    for (const host of world.model.hosts.values()) expect(host.maintenance).toBe(false);
  });

  test('of promote reads every source and the target before it does anything', () => {
    let refused = true;
    const world = openWorld(plan, ({ operation, where }) =>
      refused && operation === 'promote' && where === 'orders-t1' ? { answer: { code: 1242 } } : undefined,
    );
    expect(world.finish().outcome).toBe('needs-operator');
    refused = false;
    const from = world.intents.length;
    world.post({ kind: 'retry-asked', who: 'Dana', step: 'promote:orders' });
    expect(world.finish().outcome).toBe('done');
    expect(world.intents.slice(from, from + 4).map(({ command }) => command.key)).toEqual([
      ...['a1', 'b1', 's1'].map((node) => `promote:orders#2/source@orders-${node}`),
      'promote:orders#2/before@orders-t1',
    ]);
    // The forward link was gone already: it is not removed a second time.
    expect(intentsOf(world, 'removeLink').filter(({ instance }) => instance === 'orders-t1')).toHaveLength(1);
  });

  test('before the point of no return does nothing', () => {
    const world = openWorld(plan, ({ operation }) =>
      operation === 'proveFence' ? { answer: { value: { errorNumber: null } } } : undefined,
    );
    world.finish();
    const ended = world.run();
    world.post({ kind: 'retry-asked', who: 'Dana', step: 'fence:orders' });
    expect(world.run()).toEqual({ ...ended, now: world.run().now });
    expect(ponrSeq(world)).toBeNull();
  });

  test('of Close asks again, not the answer of the first time', () => {
    let failing = true;
    const world = openWorld(plan, ({ operation }) =>
      failing && operation === 'removeSchema' ? { answer: { code: 1044 } } : undefined,
    );
    world.finish();
    world.post({ kind: 'close-asked', who: 'Dana' });
    expect(world.finish().phase).toBe('watching');
    failing = false;
    world.post({ kind: 'close-asked', who: 'Dana' });
    expect(world.finish()).toMatchObject({ phase: 'ended', outcome: 'done' });
  });

  test('of a thaw that failed: one press, on the sessions as they are then', () => {
    let broken = true;
    const world = openWorld(plan, ({ operation, command, where }) => {
      if (broken && operation === 'thaw' && where === 'orders-a1') return { answer: { code: 1227 } };
      return command.key.startsWith('drain:orders#1/rows') ? { answer: { code: 1227 } } : undefined;
    });
    expect(world.finish()).toMatchObject({ outcome: 'needs-operator', phase: 'ended' });
    expect(world.run().steps['unwind']?.text).toContain('orders-a1 writable again');
    expect(world.server('orders-b1').readOnly).toBe(false);
    broken = false;
    world.post({ kind: 'retry-asked', who: 'Dana', step: 'unwind' });
    world.finish();
    expectRestored(world);
  });
});
