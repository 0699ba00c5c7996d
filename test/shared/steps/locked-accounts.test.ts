import { expect, test } from 'vitest';
import { emergencySheet } from '../../../shared/audit/sheet.ts';
import { reversedPlan } from '../../../shared/plan/reversed-plan.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import type { Account } from '../../../shared/sessions/survey.ts';
import { accountsLocked } from '../../../shared/steps/locked-accounts.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { runningLink } from '../../helpers/model-servers.ts';
import { intentsOf } from '../../helpers/night-checks.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';

const plan = referenceWith((given) => ({
  ...given,
  chains: given.chains.map((chain) =>
    chain.id === 'orders'
      ? { ...chain, bypassWriters: 'lock' as const, bypassAccounts: ["'boss'@'%'"] }
      : chain,
  ),
}));
const boss = (locked: boolean): Account => ({
  account: "'boss'@'%'",
  privileges: ['READ_ONLY ADMIN'],
  throughRoles: [],
  bypassesReadOnly: true,
  locked,
});
const nodes = ['orders-a1', 'orders-b1', 'orders-s1'];

function night(of: Plan, locked: boolean, script?: Script): AnsweringWorld {
  const world = openWorld(of, script);
  for (const node of nodes) world.server(node).accounts = [boss(locked)];
  for (const { target } of of.chains) {
    // The model's masters have the link of their planned place alone.
    const ring = target.restore?.ring;
    if (ring !== undefined)
      world.server(ring.instance).links.push(runningLink(ring.channel, { file: 'log.000007', offset: 500 }));
  }
  return world;
}

/** The plan of the way back of a night that locked. */
function wayBack(): Plan {
  const forth = night(plan, false);
  expect(forth.finish().outcome).toBe('done');
  const turned = reversedPlan(plan, { schedulersOff: [], accountsLocked: accountsLocked(forth.run()) });
  if (!turned.ok) throw new Error(turned.error.join('; '));
  return turned.value.plan;
}

/** How the step ends that sets the entered side back; the model carries no canary round a way back. */
function restored(world: AnsweringWorld): string | undefined {
  const state = (): string | undefined => world.run().steps['restore:orders']?.state;
  world.finish(() => state() === 'done' || state() === 'failed');
  return state();
}

test('what the way forth locked stays locked on the closed source; Close and the sheet say so, and how it is undone', () => {
  const world = night(plan, false);
  world.finish();
  world.post({ kind: 'close-asked', who: 'Dana' });
  const run = world.finish();
  expect(run.phase).toBe('ended');
  expect(run.steps['close']?.text).toContain("orders-a1: 'boss'@'%' stay locked");
  expect(run.steps['close']?.text).toContain("ALTER USER 'boss'@'%' ACCOUNT UNLOCK;");
  const told = emergencySheet(run, plan).sections.find(({ title }) => title.startsWith('Leave locked'));
  expect(told?.text.join(' ')).toContain("orders-b1: 'boss'@'%' stay locked");
  expect(told?.lines).toEqual([]);
  for (const node of nodes) expect(world.server(node).accounts[0]?.locked, node).toBe(true);
});

test('Reverse unlocks it behind its own promotion, and reads it back', () => {
  const back = wayBack();
  expect(back.chains[0]?.target.restore?.lockedAccounts?.map(({ instance }) => instance)).toEqual(nodes);
  const world = night(back, true);
  expect(restored(world)).toBe('done');
  for (const node of nodes) expect(world.server(node).accounts[0]?.locked, node).toBe(false);
  const unlocked = intentsOf(world, 'lockAccounts').filter(({ instance }) => nodes.includes(instance));
  const promoted = intentsOf(world, 'promote').filter(({ instance }) => instance.startsWith('orders'));
  expect(Math.min(...unlocked.map(({ place }) => place))).toBeGreaterThan(
    Math.max(...promoted.map(({ place }) => place)),
  );
  expect(world.run().steps['restore:orders']?.text).toContain("'boss'@'%' unlocked on orders-a1");
});

test('a node that stays closed and refuses it is told with its statement; any other refusal waits for a person', () => {
  const refusing =
    (code: number, on: string): Script =>
    ({ operation, where }) =>
      operation === 'lockAccounts' && where === on ? { answer: { code } } : undefined;
  const closed = night(wayBack(), true, refusing(1290, 'orders-s1'));
  expect(restored(closed)).toBe('done');
  expect(closed.run().steps['restore:orders']?.text).toContain('stay locked on orders-s1, which is closed');
  const denied = night(wayBack(), true, refusing(1227, 'orders-a1'));
  expect(restored(denied)).toBe('failed');
});
