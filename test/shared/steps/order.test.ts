import { describe, expect, test } from 'vitest';
import { order, placeOf, type StepId } from '../../../shared/steps/order.ts';
import { planSchema } from '../../../shared/plan/plan.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { at, when } from '../../helpers/lies.ts';

/** Each pair of the order of the minute: the first is finished before the second begins, and why. */
const pairs: readonly (readonly [first: StepId, second: StepId, why: string])[] = [
  ['lock', 'pre-drain', 'only the driver of the run may wait for anything'],
  ['pre-drain', 'arm', 'giving up before the switch is armed costs nothing'],
  ['arm', 'quiet', 'the switch undoes what quiet changes'],
  ['arm', 'fence', 'no source is closed that nothing would open again'],
  ['quiet', 'fence', 'events and jobs must not begin writes that the fence would break off'],
  ['fence', 'end-sessions', 'sessions that connect after the fence cannot write'],
  ['end-sessions', 'converge', 'a session from before the fence can still move the position'],
  ['fence', 'converge', 'a position read before the fence is no final position'],
  ['converge', 'drain', 'the target drains to the final position of every source master'],
  ['quiet', 'configure-reverse', 'what is undone when it is refused is known'],
  ['configure-reverse', 'fence', 'a way back that is refused is found before anything is closed'],
  ['converge', 'prepare-reverse', 'with the ring open the co-masters could no longer converge'],
  ['drain', 'prove', 'the proof reads what the drain has brought'],
  ['prepare-reverse', 'barrier', 'the way back is configured before anything is promoted'],
  ['prepare-reverse', 'last-look', 'the last look covers the source as the reverse link will find it'],
  ['prove', 'barrier', 'all chains proven, or everything thaws'],
  ['barrier', 'claim', 'no switch is claimed while a chain may still fail'],
  ['claim', 'last-look', 'the last look is after the last claim'],
  ['prove', 'last-look', 'the last look repeats the proof, it is not the proof'],
  ['last-look', 'persist-fence', 'before the point of no return nothing outlives a restart'],
  ['last-look', 'detach', 'before the point of no return the target follows its source'],
  ['detach', 'promote', 'an open target must not follow the source any more'],
  ['persist-fence', 'promote', 'a source that restarts must not open beside an open target'],
  ['last-look', 'mirror', 'what is on the mirror is that the point of no return was passed'],
  ['mirror', 'promote', 'whoever takes over from the mirror knows that the target may be open'],
  ['last-look', 'promote', 'nothing is promoted unseen'],
  ['barrier', 'promote', 'no chain is promoted before all are proven'],
  ['promote', 'redirect', 'applications must not meet a closed target'],
  ['promote', 'announce', 'users must not be sent to a closed target'],
  ['promote', 'flip', 'users must not be sent to a closed target'],
  ['promote', 'reverse', 'a reverse link on an unpromoted target could carry nothing'],
  ['promote', 'events', 'an event on a closed target would be an errant transaction'],
  ['promote', 'restore', 'a target that would start writable must not be closed behind a fence still'],
  ['detach', 'restore', 'with the link of the other side in place events could circle through a closed ring'],
  ['restore', 'canary', 'the canary must come round the ring'],
  ['redirect', 'canary', 'the canary takes the path of the users'],
  ['announce', 'canary', 'the canary takes the path of the users'],
  ['flip', 'canary', 'the canary takes the path of the users'],
  ['reverse', 'canary', 'the canary comes back over the reverse link'],
  ['events', 'canary', 'the night is measured with everything running'],
  ['canary', 'residue', 'nobody is sent away before the new path is proven'],
];

/** Everything that must be finished before a step begins, by following `after`. */
function before(step: StepId, seen = new Set<StepId>()): ReadonlySet<StepId> {
  for (const id of placeOf(step).after) {
    if (seen.has(id)) continue;
    seen.add(id);
    before(id, seen);
  }
  return seen;
}

describe('the order of the minute, as data', () => {
  test.each(pairs)('%s is finished before %s begins: %s', (first, second) => {
    expect(before(second)).toContain(first);
    expect(before(first)).not.toContain(second);
  });

  test('drain and the way back go side by side', () => {
    expect(before('drain')).not.toContain('prepare-reverse');
    expect(before('prepare-reverse')).not.toContain('drain');
  });

  test('redirect, flip, announce, reverse and events go side by side', () => {
    const together: readonly StepId[] = ['redirect', 'flip', 'announce', 'reverse', 'events'];
    for (const one of together) for (const other of together) expect(before(one)).not.toContain(other);
  });

  test('is written in an order in which it can be read: each step after those it waits for', () => {
    const ids = order.map(({ id }) => id);
    for (const { id, after } of order)
      for (const earlier of after) expect(ids.indexOf(earlier)).toBeLessThan(ids.indexOf(id));
  });

  test('has every step once, and a side that never goes back', () => {
    expect(new Set(order.map(({ id }) => id)).size).toBe(order.length);
    const sides = { before: 0, passage: 1, after: 2 } as const;
    for (const { id, side } of order)
      for (const earlier of before(id)) expect(sides[placeOf(earlier).side]).toBeLessThanOrEqual(sides[side]);
  });

  test('passes the barrier, the claim and the last look once for the run, not once for each chain', () => {
    for (const id of ['barrier', 'claim', 'last-look'] as const) expect(placeOf(id).scope).toBe('run');
  });

  test('gives every step a limit that the plan has', () => {
    const { limits } = planSchema.parse(referencePlan());
    for (const { limit } of order) expect(limits[limit]).toBeGreaterThan(0);
  });
});

describe('the order as it is driven', () => {
  const world = openWorld(referencePlan());
  world.finish();
  const { steps } = world.run();
  const seqOf = (what: string): number =>
    world.records.findIndex(({ payload }) => payload.kind === 'event' && payload.changed.includes(what));
  const ended = (key: string): number => Math.max(seqOf(`${key} done`), seqOf(`${key} absent`));

  test('every step begins after every step it waits for has ended, of its chain or of all', () => {
    for (const step of Object.values(steps)) {
      const begun = world.records.findIndex(
        ({ payload }) =>
          payload.kind === 'event' && payload.intended.some(({ key }) => key.startsWith(`${step.key}#`)),
      );
      if (begun < 0) continue;
      for (const other of Object.values(steps)) {
        if (!placeOf(step.step).after.includes(other.step)) continue;
        if (step.chain !== null && other.chain !== null && step.chain !== other.chain) continue;
        expect(ended(other.key), `${other.key} ends, ${step.key} begins`).toBeGreaterThan(0);
        expect(ended(other.key)).toBeLessThanOrEqual(begun);
      }
    }
  });

  test('a slow chain keeps the other one from its barrier and nothing else', () => {
    const behind = when(
      'end-sessions:orders#1/ahead',
      at('orders-t1', (server) => {
        server.gtid = '0-1-90,0-2-99';
      }),
    );
    const slow = openWorld(referencePlan(), (call, model) =>
      call.command.key.startsWith('drain:orders#1/see0')
        ? (at('orders-t1', (server) => void (server.gtid = '0-1-100,0-2-99'))(model), { afterMs: 900 })
        : behind(call, model),
    );
    slow.finish((run) => run.steps['prove:content']?.state === 'done');
    expect(slow.run().steps['drain:orders']?.state).toBe('running');
    expect(slow.run().steps['barrier']?.state).toBe('waiting');
    expect(slow.finish().outcome).toBe('done');
  });
});
