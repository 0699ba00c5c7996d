import { describe, expect, test } from 'vitest';
import { present } from '../../shared/lib/assert.ts';
import { reverseEnds } from '../../shared/plan/reverse-ends.ts';
import type { Run } from '../../shared/steps/run.ts';
import { againView } from '../../main/api/again-view.ts';
import { bootServer, killServer } from '../../main/simulator/lifecycle.ts';
import { brokenRules } from '../helpers/broken-rules.ts';
import { drive, endOf, referencePlan, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const reference = referencePlan();
// A source that starts again must come back closed.
const plan = {
  ...reference,
  instances: reference.instances.map((each) => ({ ...each, fenceDropIn: `/etc/${each.id}.cnf` })),
};

const runOf = ({ cockpit }: Rehearsed): Run => present(cockpit.night()?.run() ?? null, 'the run');

/** A night that is done and watched; then a server dies and starts again. */
async function diedInTheWatch(
  flavor: 'mariadb' | 'mysql',
  node: string,
  closed: boolean,
): Promise<Rehearsed> {
  const night = await rehearse({ flavor, plan });
  expect(night.run?.phase).toBe('watching');
  const { world, clock } = night.simulator;
  const server = present(world.servers.get(node), node);
  if (closed) Object.assign(server, { bootReadOnly: true });
  killServer(world, server);
  await clock.run(clock.nowMs() + 2_000);
  bootServer(world, server);
  await clock.run(clock.nowMs() + 4_000);
  return night;
}

async function press(night: Rehearsed, step: string): Promise<Run> {
  const { simulator, cockpit } = night;
  const retried = cockpit.night()?.retry({ step, who: 'Dana' }) ?? null;
  expect(await drive(simulator, present(retried, 'a night'), 30_000)).toEqual({ ok: true, value: null });
  await simulator.clock.run(() => runOf(night).outcome !== null, simulator.clock.nowMs() + 30_000);
  return runOf(night);
}

const offered = (night: Rehearsed): readonly string[] =>
  againView(runOf(night), plan, night.cockpit.snapshot()).map(({ label }) => label);

describe.each(['mariadb', 'mysql'] as const)('in the watch on %s', (flavor) => {
  test('a target that comes back closed is offered, and opened by one press', async () => {
    const night = await diedInTheWatch(flavor, 'orders-t1', true);
    expect(runOf(night).alarms.map(({ alarm }) => alarm.alarm)).toContain('target-closed');
    expect(endOf(night.simulator).writable['orders']).toEqual([]);
    expect(offered(night)).toEqual(['Open orders-t1 again']);
    expect(await press(night, 'promote:orders')).toMatchObject({ outcome: 'done', phase: 'watching' });
    expect(endOf(night.simulator)).toMatchObject({ writable: { orders: ['orders-t1'] }, violations: [] });
    await night.simulator.clock.run(night.simulator.clock.nowMs() + 3_000);
    expect(offered(night)).toEqual([]);
    expect(brokenRules({ ...night, ...endOf(night.simulator), run: runOf(night) })).toEqual([]);
  });

  test('no press opens what nobody saw closed', async () => {
    const night = await rehearse({ flavor, plan });
    const answer = await drive(
      night.simulator,
      present(night.cockpit.night(), 'a night').retry({ step: 'promote:orders', who: 'Dana' }),
      10_000,
    );
    expect(answer).toMatchObject({ ok: false });
  });
});

test('in the watch a reverse link whose account MySQL forgot by starting again is offered, and started by one press', async () => {
  const orders = present(
    plan.chains.find(({ id }) => id === 'orders'),
    'orders',
  );
  const { receiver } = reverseEnds(orders);
  const night = await diedInTheWatch('mysql', receiver, false);
  expect(runOf(night).alarms.map(({ alarm }) => alarm.alarm)).toContain('way-back-stopped');
  expect(offered(night)).toEqual(['Start the way back of orders again']);
  expect(await press(night, 'reverse:orders')).toMatchObject({ outcome: 'done', phase: 'watching' });
  const links = present(night.simulator.world.servers.get(receiver), receiver).links;
  expect(links.find(({ channel }) => channel === 'cutover_reverse')).toMatchObject({ online: true });
  await night.simulator.clock.run(night.simulator.clock.nowMs() + 3_000);
  expect(offered(night)).toEqual([]);
  expect(endOf(night.simulator).violations).toEqual([]);
});

test('in the watch a ring that its server closed by starting again is offered, and opened by one press', async () => {
  const orders = present(
    plan.chains.find(({ id }) => id === 'orders'),
    'orders',
  );
  const { receiver, ringChannel } = reverseEnds(orders);
  const night = await diedInTheWatch('mariadb', receiver, false);
  expect(runOf(night).alarms.map(({ alarm }) => alarm.alarm)).toContain('ring-closed');
  expect(offered(night)).toEqual(['Open the ring of orders again']);
  expect(await press(night, 'reverse:orders')).toMatchObject({ outcome: 'done', phase: 'watching' });
  const links = present(night.simulator.world.servers.get(receiver), receiver).links;
  expect(links.find(({ channel }) => channel === ringChannel)?.applierOn).toBe(false);
  expect(links.filter(({ applierOn }) => applierOn)).toHaveLength(1);
  expect(endOf(night.simulator).violations).toEqual([]);
});
