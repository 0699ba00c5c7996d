import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { openedByOthers, whereItStands } from '../../../shared/audit/where-it-stands.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const plan = referencePlan();
const world = openWorld(plan);
world.finish();

/** The run as it was after the record in which a step was done. */
function runAt(change: string): Run {
  const place = world.records.findIndex(
    ({ payload }) => payload.kind === 'event' && payload.changed.includes(change),
  );
  const folded = foldRun(world.records.slice(0, place + 1));
  if (!folded.ok) throw new Error(folded.error);
  return folded.value.run;
}

const open = { readOnly: false, lockHolder: null };
const closed = { readOnly: true, lockHolder: null };

describe('where things stand', () => {
  test('before anything was released', () => {
    const held = foldRun(world.records.slice(0, 2));
    if (!held.ok) throw new Error(held.error);
    expect(whereItStands(held.value.run, plan, {})).toBe(
      'the run was never released, so nothing was begun and nothing is to be done',
    );
  });

  test('behind the fence: who is closed, by whom, who holds the lock, and what comes', () => {
    const run = runAt('fence:orders done');
    const lost = run.threads['orders-a1']?.['act'] ?? 0;
    const seen = {
      'orders-a1': { readOnly: true, lockHolder: lost },
      'orders-b1': open,
      'orders-t1': closed,
      'content-a1': null,
    };
    const text = whereItStands(run, plan, seen);
    expect(text).toContain(
      "orders: orders-a1 is closed by this run's fence, orders-b1 takes writes, orders-t1 is closed",
    );
    expect(text).toContain('content-a1 does not answer');
    expect(text).toContain('sessions that this run lost still hold its lock on 1 databases');
    expect(text).toMatch(/the point of no return was not passed, so everything is taken back$/);
    const taken = whereItStands(run, plan, { 'orders-a1': { readOnly: true, lockHolder: 999_999 } });
    expect(taken).toContain('somebody else holds the run lock of orders-a1');
  });

  test('a source that is closed though this run never fenced it was closed by somebody else', () => {
    const run = runAt('quiet done');
    expect(whereItStands(run, plan, { 'orders-b1': closed })).toContain(
      'orders-b1 is closed, not by this run',
    );
  });

  test('an open target is strange before the point of no return, and no news after it', () => {
    const seen = { 'orders-t1': open };
    expect(openedByOthers(runAt('fence:orders done'), plan, seen)).toEqual(['orders-t1']);
    expect(openedByOthers(world.run(), plan, seen)).toEqual([]);
    expect(whereItStands(runAt('last-look done'), plan, seen)).toMatch(/so the run goes forward$/);
    expect(whereItStands(world.run(), plan, seen)).toMatch(/watched until Close$/);
  });
});
