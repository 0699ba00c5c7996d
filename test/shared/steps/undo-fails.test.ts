import { describe, expect, test } from 'vitest';
import { openWorld, type AnsweringWorld, type Script, type Scripted } from '../../helpers/answering-world.ts';
import { expectDatabasesRestored, expectRestored, intentsOf } from '../../helpers/night-checks.ts';
import { eventfulPlan } from '../../helpers/reference-plan.ts';

const plan = eventfulPlan();

/** A night that is taken back at its latest moment: everything was changed, nothing is past the point of no return. */
function aborted(script: Script = () => undefined): AnsweringWorld {
  const world = openWorld(plan, script);
  world.finish((run) => run.steps['last-look']?.state === 'running');
  world.post({ kind: 'abort-asked', who: 'Dana', reason: 'enough' });
  world.finish();
  return world;
}

const clean = aborted();
const undoing = clean.intents.map(({ command }) => command).filter(({ key }) => key.startsWith('unwind'));
const keys = undoing.map(({ key }) => key);
const onServers = undoing.filter(({ action }) => action.kind === 'mysql').map(({ key }) => key);

const faults: readonly {
  readonly name: string;
  readonly scripted: Scripted;
  readonly sessionStaysLost: boolean;
}[] = [
  { name: 'is refused', scripted: { answer: { code: 1227 } }, sessionStaysLost: false },
  { name: 'is not answered in time', scripted: { answer: 'time-limit' }, sessionStaysLost: false },
  { name: 'loses the spare session', scripted: { answer: 'session-lost' }, sessionStaysLost: true },
];

describe('the undo list', () => {
  test('brings everything back', () => {
    expectRestored(clean);
    expect(clean.run().steps['unwind']?.text).toMatch(
      /orders-a1, orders-b1, content-a1, content-b1 writable again, read twice\. (\d+) of \1 changes restored/,
    );
  });

  test('thaws first, on all nodes at once; the small things wait for it', () => {
    const small = keys.findIndex((key) => /scheduler-on|remove-reverse|close-ring|maintenance-off/.test(key));
    const lastRead = keys.findLastIndex((key) => /\/second-/.test(key));
    expect(small).toBeGreaterThan(lastRead);
    expect(keys.slice(0, 4).map((key) => key.split('/')[1]?.split('@')[0])).toEqual(
      Array(4).fill('lock-abort'),
    );
  });

  test('closes the ring only after the reverse link was seen gone', () => {
    for (const node of ['orders-a1', 'content-a1']) {
      expect(keys.indexOf(`unwind#1/close-ring-abort@${node}`)).toBeGreaterThan(
        keys.indexOf(`unwind#1/after-remove-reverse-abort@${node}`),
      );
    }
  });
});

describe.each(faults)('one line of the undo list $name', ({ scripted, sessionStaysLost }) => {
  test.each(onServers)('another session does it: %s', (key) => {
    let lost: string | null = null;
    const world = aborted(({ command, where }) => {
      const session = `${where} ${command.action.kind === 'mysql' ? command.action.session : ''}`;
      if (command.key === key && sessionStaysLost) lost = session;
      return command.key === key ? scripted : lost === session ? { answer: 'session-lost' } : undefined;
    });
    expectRestored(world);
  });
});

describe('what cannot be restored is named, and the rest is restored', () => {
  const never =
    (operation: string, where: string): Script =>
    (call) =>
      call.operation === operation && call.where === where && call.command.key.startsWith('unwind')
        ? { answer: { code: 1227 } }
        : undefined;

  test('a node that does not thaw', () => {
    const world = aborted(never('thaw', 'orders-b1'));
    expect(world.run()).toMatchObject({ outcome: 'needs-operator', phase: 'ended' });
    expect(world.run().steps['unwind']?.text).toMatch(
      /^Not restored: orders-b1 writable again: thaw was refused by orders-b1 with error 1227/,
    );
    for (const node of ['orders-a1', 'content-a1', 'content-b1'])
      expect(world.server(node).readOnly, node).toBe(false);
    expect(world.server('orders-a1')).toMatchObject({ scheduler: true });
  });

  test('a reverse link that stays: its ring is left open, and both are named', () => {
    const world = aborted(never('removeLink', 'orders-a1'));
    const text = world.run().steps['unwind']?.text ?? '';
    expect(world.run().outcome).toBe('needs-operator');
    expect(text).toContain('reverse link of orders-a1 removed: it is still configured; expected it gone');
    expect(text).toContain(
      'ring link of orders-a1 on: left open, because the reverse link may still be there',
    );
    expect(intentsOf(world, 'startLink').map(({ instance }) => instance)).toEqual(['content-a1']);
    expect(world.server('orders-a1').readOnly).toBe(false);
  });

  test('an application host that keeps its maintenance page', () => {
    const world = aborted((call) =>
      call.where === 'app-e1' && call.command.key.startsWith('unwind') ? { answer: { code: 1 } } : undefined,
    );
    expect(world.run().outcome).toBe('needs-operator');
    expect(world.run().steps['unwind']?.text).toContain('maintenance mode of app-e1 off');
    expectDatabasesRestored(world);
  });

  test('a pending statement that cannot be ended: nothing is thawed under it, and its node is named', () => {
    const world = openWorld(plan, ({ operation, where, command }) => {
      if (operation === 'fence' && where === 'orders-a1') return { answer: 'time-limit' };
      return operation === 'threadsAlive' && where === 'orders-a1' && command.key.startsWith('unwind')
        ? { answer: { value: { alive: [1] } } }
        : undefined;
    });
    world.finish();
    expect(world.run().outcome).toBe('needs-operator');
    expect(world.run().steps['unwind']?.text).toMatch(
      /limits\.abortMs of the plan\) while waiting for orders-a1 writable again/,
    );
    expect(intentsOf(world, 'thaw').map(({ instance }) => instance)).not.toContain('orders-a1');
    expect(world.server('orders-b1').readOnly).toBe(false);
    expect(world.intents.length).toBeLessThan(2_000);
  });
});
