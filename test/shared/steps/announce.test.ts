import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { present } from '../../../shared/lib/assert.ts';
import type { RecordSet } from '../../../shared/observations/record-set.ts';
import { changedZones } from '../../../shared/steps/overwrite.ts';
import { reversedPlan } from '../../../shared/plan/reversed-plan.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { ponrSeq } from '../../helpers/night-checks.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const plan = referencePlan();

/** Every call of *announce* to Route 53, in order: `change`, `changeState`, `listNames`. */
function calls(world: AnsweringWorld): readonly string[] {
  return world.intents.flatMap(({ command: { action } }) => (action.kind === 'zone' ? [action.ask] : []));
}

function changes(world: AnsweringWorld): readonly string[] {
  return world.intents.flatMap(({ command: { action } }) =>
    action.kind === 'zone' && action.ask === 'change'
      ? [action.batch.changes.map((change) => change.action).join(' ')]
      : [],
  );
}

function zoneOf(world: AnsweringWorld) {
  return present(world.model.zones.get('shop'), 'the zone');
}

function values(sets: readonly RecordSet[]): readonly string[] {
  return sets.flatMap(({ content }) => (content.kind === 'values' ? content.values : [])).toSorted();
}

const before = ['192.0.2.10', '192.0.2.20'];
const after = ['198.51.100.10', '203.0.113.10'];

/** Scripts the n-th call of a kind. */
function onCall(ask: string, count: number | 'all', scripted: ReturnType<Script>): Script {
  return ({ operation, occurrence }) =>
    operation === ask && (count === 'all' || occurrence === count) ? scripted : undefined;
}

/** Somebody else changes the first record set behind the back of the cockpit. */
function changedByOthers(world: { readonly zones: AnsweringWorld['model']['zones'] }, value: string): void {
  const zone = present(world.zones.get('shop'), 'the zone');
  const [first, ...rest] = zone.sets;
  if (first?.content.kind !== 'values') throw new Error('a set of values');
  zone.sets = [{ ...first, content: { ...first.content, values: [value] } }, ...rest];
}

function retry(world: AnsweringWorld, overwrite?: readonly string[]): void {
  world.post({
    kind: 'retry-asked',
    who: 'Dana',
    step: 'announce',
    ...(overwrite === undefined ? {} : { overwrite }),
  });
  world.finish();
}

describe('announce', () => {
  test('sends one exact batch behind the point of no return, sees it in Route 53, and lists nothing', () => {
    const world = openWorld(plan);
    const run = world.finish();
    expect(run.steps['announce']).toMatchObject({
      state: 'done',
      text: 'Route 53 has taken the change of zone shop: C1, PENDING.',
    });
    expect(calls(world)).toEqual(['change', 'changeState']);
    expect(changes(world)).toEqual(['DELETE DELETE CREATE CREATE']);
    expect(values(zoneOf(world).sets)).toEqual(after);
    const sent = world.intents.find(({ command }) => command.action.kind === 'zone');
    expect(sent?.seq).toBeGreaterThan(ponrSeq(world) ?? Infinity);
    expect(foldRun(world.records)).toMatchObject({ ok: true, value: { run: world.run() } });
  });

  test('is sent together with the redirect', () => {
    const world = openWorld(plan);
    world.finish();
    const seqOf = (part: string): number =>
      world.intents.find(({ command }) => command.key.startsWith(part))?.seq ?? -1;
    expect(seqOf('announce#1/change0')).toBe(seqOf('redirect#1/'));
  });

  test.each(['throttled', 'prior-request'] as const)(
    '%s: it is sent again by itself, more and more slowly, and taken once',
    (refusal) => {
      const world = openWorld(plan, ({ operation, occurrence }) =>
        operation === 'change' && occurrence <= 8 ? { answer: { refusal } } : undefined,
      );
      const run = world.finish();
      expect(run.outcome).toBe('done');
      expect(changes(world)).toHaveLength(9);
      expect(zoneOf(world).taken).toBe(1);
      const took =
        (run.steps['announce']?.endedAt?.monoMs ?? 0) - (run.steps['announce']?.startedAt?.monoMs ?? 0);
      expect(took).toBeGreaterThan(19_000);
    },
  );

  test('throttled without end: the step ends at its own limit, and a retry looks before it sends', () => {
    const world = openWorld(plan, ({ operation, command }) =>
      operation === 'change' && command.key.startsWith('announce#1')
        ? { answer: { refusal: 'throttled' } }
        : undefined,
    );
    expect(world.finish()).toMatchObject({ outcome: 'needs-operator' });
    expect(world.run().steps['announce']?.text).toMatch(/longer than 60000 ms \(limits\.announceMs/);
    const sent = changes(world).length;
    expect(sent).toBeLessThanOrEqual(20);
    retry(world);
    expect(world.run()).toMatchObject({ outcome: 'done' });
    expect(calls(world).slice(-3)).toEqual(['listNames', 'change', 'changeState']);
    expect(zoneOf(world).taken).toBe(1);
  });

  test.each(['time-limit', 'session-lost'] as const)(
    'a reply that is lost (%s) behind a change that happened is settled by one listing',
    (answer) => {
      const world = openWorld(plan, onCall('change', 1, { answer, effect: true }));
      expect(world.finish().outcome).toBe('done');
      expect(calls(world)).toEqual(['change', 'listNames']);
      expect(values(zoneOf(world).sets)).toEqual(after);
    },
  );

  test('a reply that is lost before anything happened is never sent again by itself, only by a press', () => {
    const world = openWorld(plan, onCall('change', 1, { answer: 'time-limit', effect: false }));
    const run = world.finish();
    expect(run.outcome).toBe('needs-operator');
    expect(calls(world)).toEqual(['change', 'listNames', 'listNames', 'listNames']);
    expect(run.steps['announce']?.text).toContain('it has not happened. Press Retry');
    expect(values(zoneOf(world).sets)).toEqual(before);
    retry(world);
    expect(world.run().outcome).toBe('done');
    expect(zoneOf(world).taken).toBe(1);
  });

  test('a change that arrives behind the look of a retry makes the second one refused, and all is well', () => {
    const world = openWorld(plan, (call, model) => {
      if (call.operation !== 'change') return undefined;
      if (call.occurrence === 1) return { answer: 'time-limit', effect: false };
      // The first request was under way all the time, and arrives now.
      const zone = present(model.zones.get('shop'), 'the zone');
      const { action } = call.command;
      if (call.occurrence === 2 && action.kind === 'zone' && action.ask === 'change') {
        zone.sets = action.batch.changes.flatMap(({ action: does, set }) => (does === 'CREATE' ? [set] : []));
        zone.taken += 1;
      }
      return undefined;
    });
    world.finish();
    retry(world);
    expect(world.run().outcome).toBe('done');
    expect(world.run().steps['announce']?.text).toContain('although zone shop'.slice(0, 8));
    expect(values(zoneOf(world).sets)).toEqual(after);
    expect(zoneOf(world).taken).toBe(1);
  });

  test.each([
    ['expired credentials', { answer: { refusal: 'credentials' } }, 'Log in again'],
    ['no channel', { answer: 'not-connected' }, 'nothing was sent'],
  ] as const)('%s: nothing happened, said so, and a retry does it', (_, scripted, says) => {
    const world = openWorld(plan, onCall('change', 1, scripted));
    expect(world.finish().outcome).toBe('needs-operator');
    expect(world.run().steps['announce']?.text).toContain(says);
    expect(calls(world)).toEqual(['change']);
    retry(world);
    expect(world.run().outcome).toBe('done');
  });

  test('a listing that reached nobody has lost no session: it says that the zone could not be asked', () => {
    const world = openWorld(plan, ({ operation, occurrence }) => {
      if (operation === 'listNames') return { answer: 'not-connected' };
      return operation === 'change' && occurrence === 1 ? { answer: 'time-limit', effect: false } : undefined;
    });
    expect(world.finish().outcome).toBe('needs-operator');
    const said = world.run().steps['announce']?.text ?? '';
    expect(said).toContain('zone shop could not be asked for listing its names');
    expect(said).not.toContain('lost');
  });
});

describe('a zone that somebody else changed', () => {
  const changedBefore: Script = (call, model) => {
    if (call.operation === 'change' && call.occurrence === 1) changedByOthers(model, '192.0.2.99');
    return undefined;
  };

  test('Route 53 refuses the batch, the difference is shown, and nothing is changed', () => {
    const world = openWorld(plan, changedBefore);
    const run = world.finish();
    expect(run.outcome).toBe('needs-operator');
    expect(calls(world)).toEqual(['change', 'listNames']);
    expect(run.steps['announce']?.text).toContain('values is 192.0.2.99, expected 192.0.2.10');
    expect(changedZones(run)).toMatchObject([{ zone: 'shop' }]);
    expect(values(zoneOf(world).sets)).toEqual(['192.0.2.20', '192.0.2.99']);
  });

  test('a plain retry shows the difference again and sends nothing', () => {
    const world = openWorld(plan, changedBefore);
    world.finish();
    retry(world);
    expect(world.run().outcome).toBe('needs-operator');
    expect(calls(world).slice(2)).toEqual(['listNames']);
  });

  test('put back by hand, a plain retry sends the exact batch', () => {
    const world = openWorld(plan, changedBefore);
    world.finish();
    changedByOthers(world.model, '192.0.2.10');
    retry(world);
    expect(world.run().outcome).toBe('done');
    expect(changes(world)).toEqual(['DELETE DELETE CREATE CREATE', 'DELETE DELETE CREATE CREATE']);
  });

  test('a person lets it be overwritten: UPSERT, after one more look', () => {
    const world = openWorld(plan, changedBefore);
    world.finish();
    retry(world, ['shop']);
    expect(world.run().outcome).toBe('done');
    expect(calls(world).slice(2)).toEqual(['listNames', 'change', 'changeState']);
    expect(changes(world).at(-1)).toBe('UPSERT UPSERT');
    expect(values(zoneOf(world).sets)).toEqual(after);
    expect(foldRun(world.records)).toMatchObject({ ok: true, value: { run: world.run() } });
  });

  test('what changed again since it was shown is not overwritten but shown', () => {
    const world = openWorld(plan, changedBefore);
    world.finish();
    changedByOthers(world.model, '192.0.2.77');
    retry(world, ['shop']);
    expect(world.run().outcome).toBe('needs-operator');
    expect(changes(world)).toHaveLength(1);
    expect(world.run().steps['announce']?.text).toContain('192.0.2.77');
    retry(world, ['shop']);
    expect(world.run().outcome).toBe('done');
  });

  test('without a difference that was shown there is nothing to overwrite', () => {
    const world = openWorld(plan, onCall('change', 1, { answer: 'time-limit', effect: false }));
    world.finish();
    changedByOthers(world.model, '192.0.2.99');
    retry(world, ['shop']);
    expect(world.run().outcome).toBe('needs-operator');
    expect(changes(world)).toHaveLength(1);
  });
});

describe('announce after its cockpit died', () => {
  const resumed = (world: AnsweringWorld): void => {
    world.post({
      kind: 'resumed',
      who: 'Dana',
      threads: world.run().threads,
      restarted: [],
      stillLost: [],
      stands: '',
    });
    world.finish();
  };

  test.each([true, false])('the change was sent (taken: %s): it looks first', (effect) => {
    const world = openWorld(plan, onCall('change', 1, { answer: 'session-lost', effect, afterMs: 4_000 }));
    world.finish((run) => run.steps['announce']?.state === 'running');
    if (effect) world.answer('announce#1/change0@shop');
    const before1 = calls(world).length;
    resumed(world);
    expect(world.run().steps['announce']?.state).toBe('done');
    expect(calls(world)[effect ? before1 - 1 : before1]).toBe('listNames');
    expect(values(zoneOf(world).sets)).toEqual(after);
    expect(zoneOf(world).taken).toBe(1);
  });
});

describe('the way back', () => {
  test('announces the source again: the plan turned round holds the exact reverse', () => {
    const turned = reversedPlan(plan, { schedulersOff: [] });
    if (!turned.ok) throw new Error(turned.error.join('; '));
    const { dns } = turned.value.plan;
    expect(
      dns?.records.map(({ after: side }) => side !== 'absent' && 'values' in side && side.values[0]),
    ).toEqual(before);
  });
});
