import { expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { intentsOf } from '../../helpers/night-checks.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const promoting = 'promote:orders';

/** A night whose promote lost its session before the target heard of it; the server has not noticed and keeps the lock. */
function nightWithLostPromote(lost: () => boolean) {
  const world = openWorld(referencePlan(), ({ operation, where }) =>
    lost() && operation === 'promote' && where === 'orders-t1' ? { answer: 'session-lost' } : undefined,
  );
  expect(world.finish().outcome).toBe('needs-operator');
  return world;
}

test('a retry ends the lost session of its own run that still holds the run lock, takes it, and finishes', () => {
  let losing = true;
  const world = nightWithLostPromote(() => losing);
  losing = false;
  const own = world.run().threads['orders-t1']?.['act'] ?? 0;
  // An earlier press had opened thread 7001, which was lost too: the server has not noticed, and it holds the lock.
  world.post({ kind: 'retry-asked', who: 'Dana', step: 'none', threads: { 'orders-t1': { act: 7_001 } } });
  expect(world.run().threads['orders-t1']).toMatchObject({ act: 7_001, [`lost act ${own}`]: own });
  world.server('orders-t1').lockHolder = 7_001;
  world.post({ kind: 'retry-asked', who: 'Dana', step: promoting, threads: { 'orders-t1': { act: own } } });
  const run = world.finish();
  expect(run.outcome).toBe('done');
  const ended = world.intents.flatMap(({ command: { action } }) =>
    action.kind === 'mysql' && action.operation === 'killThreads' && action.instance === 'orders-t1'
      ? [action.input]
      : [],
  );
  expect(ended).toEqual([{ threads: [7_001] }]);
  const folded = foldRun(world.records);
  expect(folded.ok && folded.value.run.threads).toEqual(run.threads);
});

test('a lock that another program holds is left alone, and named', () => {
  let losing = true;
  const world = nightWithLostPromote(() => losing);
  losing = false;
  world.server('orders-t1').lockHolder = 99_999;
  world.post({ kind: 'retry-asked', who: 'Dana', step: promoting, threads: { 'orders-t1': { act: 7_001 } } });
  expect(world.finish().outcome).toBe('needs-operator');
  expect(world.run().steps[promoting]?.text).toContain('held by thread 99999; expected it free or ours');
  expect(intentsOf(world, 'killThreads').filter(({ instance }) => instance === 'orders-t1')).toEqual([]);
});

test('a session that came back by itself is known by the lock that it took, and the one before it as lost', () => {
  const world = openWorld(referencePlan(), ({ command: { key } }) =>
    key === 'lock#1/take@orders-a1' ? { answer: { value: { held: true, holder: 8_001 } } } : undefined,
  );
  const before = world.run().threads['orders-a1']?.['act'] ?? 0;
  world.answer('lock#1/take@orders-a1');
  expect(world.run().threads['orders-a1']).toMatchObject({ act: 8_001, [`lost act ${before}`]: before });
  const folded = foldRun(world.records);
  expect(folded.ok && folded.value.run.threads).toEqual(world.run().threads);
});
