import { describe, expect, test } from 'vitest';
import { contains } from './vectors.ts';
import { night, type Night } from './night.ts';
import { smallPlan } from './small-plan.ts';
import { holds } from '../../main/simulator/binlog.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';

const nodes = ['orders-a1', 'orders-b1', 'orders-s1', 'orders-t1', 'orders-t2'];

async function freeze(world: Night): Promise<void> {
  for (const instance of ['orders-a1', 'orders-b1']) {
    const act = await world.open(instance);
    await world.value(act, 'takeLock', {});
    await world.value(act, 'fence', { lockWaitSeconds: 3 });
  }
}

describe.each(['mariadb', 'mysql'] as const)('replication on %s', (flavor) => {
  test('carries both co-masters’ writes to every node, once each', async () => {
    const world = night(smallPlan({ flavor }));
    await world.pass(2_000);
    await freeze(world);
    await world.pass(500);
    const states = nodes.map((id) => world.server(id).top);
    for (const state of states) expect(state).toEqual(states[0]);
    for (const id of nodes)
      expect([missingAcknowledged(world.server(id)), world.server(id).duplicates]).toEqual([0, 0]);
  });

  test('shows positions that contain each other only when they do', async () => {
    const world = night(smallPlan({ flavor }));
    const source = await world.open('orders-a1', 'look');
    const target = await world.open('orders-t1', 'look');
    await world.pass(1_000);
    const before = await world.value(target, 'position', {});
    const now = await world.value(source, 'position', {});
    expect(contains(now, before)).toBe(true);
    await freeze(world);
    await world.pass(500);
    const end = await world.value(source, 'position', {});
    const drained = await world.value(target, 'position', {});
    expect(contains(drained, end)).toBe(true);
    expect(contains(before, end)).toBe(false);
  });

  test('heartbeats arrive with the time the source wrote', async () => {
    const world = night(smallPlan({ flavor }));
    const act = await world.open('orders-a1');
    const plain = await world.open('orders-a1', 'plain');
    const target = await world.open('orders-t2', 'watch');
    await world.value(act, 'prepareSchema', {});
    const { atUs } = await world.value(plain, 'beat', { serverId: world.server('orders-a1').serverId });
    await world.pass(200);
    expect((await world.value(target, 'fastFacts', {})).beats).toEqual([
      { serverId: world.server('orders-a1').serverId, atUs },
    ]);
    await world.value(plain, 'writeCanary', { id: 'one' });
    await world.pass(200);
    expect(await world.value(target, 'readCanary', { id: 'one' })).toEqual({ found: true });
    expect(await world.value(target, 'readCanary', { id: 'two' })).toEqual({ found: false });
  });

  test('newest rows differ while something is missing and are equal when nothing is', async () => {
    const world = night(smallPlan({ flavor }));
    const source = await world.open('orders-a1', 'look');
    const target = await world.open('orders-t1', 'look');
    await world.pass(500);
    world.inject({ kind: 'applier-stopped', on: 'orders-t1', code: 0, forMs: 2_000 });
    await world.pass(300);
    await freeze(world);
    const look = { tables: ['shop.writes'], rows: 100 };
    expect(await world.value(target, 'newestRows', look)).not.toEqual(
      await world.value(source, 'newestRows', look),
    );
    await world.pass(3_000);
    expect(await world.value(target, 'newestRows', look)).toEqual(
      await world.value(source, 'newestRows', look),
    );
  });

  test('a stopped link comes back at a restart, a removed one does not', async () => {
    const world = night(smallPlan({ flavor }));
    const act = await world.open('orders-t1');
    await world.value(act, 'stopLink', { channel: '' });
    expect((await world.value(act, 'fastFacts', {})).links).toMatchObject([
      { receiver: 'stopped', applier: 'stopped' },
    ]);
    world.inject({ kind: 'server-killed', on: 'orders-t1', downMs: 1_000 });
    await world.pass(2_000);
    const again = await world.open('orders-t1');
    expect((await world.value(again, 'fastFacts', {})).links).toMatchObject([
      { receiver: 'running', applier: 'running' },
    ]);
    await world.value(again, 'removeLink', { channel: '' });
    world.inject({ kind: 'server-killed', on: 'orders-t1', downMs: 1_000 });
    await world.pass(2_000);
    expect((await world.value(await world.open('orders-t1'), 'fastFacts', {})).links).toEqual([]);
  });

  test('a reverse link that was configured and never started connects to nobody at a restart', async () => {
    const world = night(smallPlan({ flavor }));
    await freeze(world);
    await world.pass(500);
    const act = await world.open('orders-a1', 'abort');
    const target = await world.open('orders-t1', 'look');
    const from = await world.value(target, 'position', {});
    const ring = await world.value(act, 'stopLink', { channel: '' });
    expect(ring).toEqual({});
    const configured = {
      channel: 'back',
      sourceAddress: 'orders-t1.db',
      sourcePort: 3306,
      chain: 'orders',
      direction: 'reverse',
      from,
    } as const;
    await world.value(act, 'configureLink', configured);
    expect(
      (await world.value(act, 'fastFacts', {})).links.find(({ channel }) => channel === 'back'),
    ).toMatchObject({ receiver: 'stopped', sourceServerId: 0 });
    world.inject({ kind: 'server-killed', on: 'orders-a1', downMs: 1_000 });
    await world.pass(2_000);
    const links = (await world.value(await world.open('orders-a1'), 'fastFacts', {})).links;
    expect(links.map(({ channel, receiver }) => [channel, receiver])).toEqual([
      ['', 'running'],
      ['back', 'stopped'],
    ]);
  });

  test('a silent source looks healthy', async () => {
    const world = night(smallPlan({ flavor }));
    await world.pass(300);
    world.inject({ kind: 'server-paused', on: 'orders-a1', forMs: 20_000 });
    await world.pass(9_000);
    const look = await world.open('orders-t1', 'look');
    expect((await world.value(look, 'fastFacts', {})).links).toMatchObject([
      { receiver: 'running', applier: 'running', secondsBehind: 0 },
    ]);
  });

  test('a partition between sites stops the flow and it goes on where it was', async () => {
    const world = night(smallPlan({ flavor }));
    await world.pass(300);
    world.inject({ kind: 'partition', between: ['colo-a', 'east'], forMs: 3_000 });
    await world.pass(2_000);
    expect(missingAcknowledged(world.server('orders-t1'))).toBeGreaterThan(150);
    await world.pass(2_000);
    await freeze(world);
    await world.pass(1_000);
    expect(missingAcknowledged(world.server('orders-t1'))).toBe(0);
  });

  test('a wait for a position lasts until it is applied, or its slice', async () => {
    const world = night(smallPlan({ flavor }));
    await world.pass(300);
    world.inject({ kind: 'applier-stopped', on: 'orders-t1', code: 0, forMs: 1_000 });
    await freeze(world);
    const position = await world.value(await world.open('orders-a1', 'look'), 'position', {});
    const target = await world.open('orders-t1', 'look');
    const now = world.clock.nowMs();
    const { waitedMs } = await world.value(target, 'waitApplied', { position, sliceMs: 50 });
    expect([waitedMs, world.clock.nowMs() - now < 200]).toEqual([50, true]);
    const longer = await world.value(target, 'waitApplied', { position, sliceMs: 5_000 });
    expect(longer.waitedMs).toBeLessThan(5_000);
  });
});

describe('MariaDB', () => {
  test('MASTER_GTID_WAIT is satisfied early when two co-masters write in one domain', async () => {
    const world = night(smallPlan());
    await world.pass(500);
    // t1 loses sight of b1's writes only: the way between the co-masters is cut.
    world.inject({ kind: 'partition', between: ['colo-a', 'colo-b'], forMs: null });
    await world.pass(1_500);
    const b1 = await world.value(await world.open('orders-b1', 'look'), 'position', {});
    await world.pass(1_000);
    const target = await world.open('orders-t1', 'look');
    const { waitedMs } = await world.value(target, 'waitApplied', { position: b1, sliceMs: 1_000 });
    expect(waitedMs).toBeLessThan(1_000);
    expect(missingAcknowledged(world.server('orders-t1'))).toBeGreaterThan(100);
    expect(contains(await world.value(target, 'position', {}), b1)).toBe(false);
  });

  test('sets a replica’s position only while no link runs (1198)', async () => {
    const world = night(smallPlan());
    const act = await world.open('orders-a1');
    const from = await world.value(await world.open('orders-t1', 'look'), 'position', {});
    const configured = {
      channel: 'back',
      sourceAddress: 'orders-t1.db',
      sourcePort: 3306,
      chain: 'orders',
      direction: 'reverse',
      from,
    } as const;
    expect(await world.ask(act, 'configureLink', configured)).toMatchObject({ kind: 'refused', code: 1198 });
  });
});

async function reverseIntoClosedRing(world: Night, keyless: boolean): Promise<void> {
  if (keyless) world.inject({ kind: 'table-without-key', on: 'orders-a1', table: 'shop.writes' });
  await freeze(world);
  await world.pass(500);
  const act = await world.open('orders-a1', 'abort');
  const from = await world.value(await world.open('orders-t1', 'look'), 'position', {});
  await world.value(act, 'stopLink', { channel: '' });
  await world.value(act, 'configureLink', {
    channel: 'back',
    sourceAddress: 'orders-t1.db',
    sourcePort: 3306,
    chain: 'orders',
    direction: 'reverse',
    from,
  });
  await world.value(act, 'startLink', { channel: '' });
  await world.value(act, 'startLink', {
    channel: 'back',
    account: { chain: 'orders', direction: 'reverse' },
  });
  const target = await world.open('orders-t1');
  await world.value(target, 'takeLock', {});
  await world.value(target, 'removeLink', { channel: '' });
  await world.value(target, 'promote', { notAfterUtc: '2099-01-01 00:00:00' });
  await world.value(target, 'prepareSchema', {});
  await world.value(target, 'writeCanary', { id: 'circle' });
  await world.pass(2_000);
}

describe('a reverse link into a closed ring', () => {
  test('stops at a primary key on MariaDB (1062)', async () => {
    const world = night(smallPlan());
    await reverseIntoClosedRing(world, false);
    const errors = world.server('orders-a1').links.map((link) => link.applierError?.code ?? 0);
    expect(errors).toContain(1062);
  });

  test('circles for ever without one', async () => {
    const world = night(smallPlan());
    await reverseIntoClosedRing(world, true);
    expect(world.server('orders-a1').duplicates).toBeGreaterThan(20);
  });

  test('does no harm on MySQL with GTID', async () => {
    const world = night(smallPlan({ flavor: 'mysql' }));
    await reverseIntoClosedRing(world, false);
    const a1 = world.server('orders-a1');
    const canary = a1.chain.named.get('circle');
    expect(canary !== undefined && holds(a1, canary)).toBe(true);
    expect(a1.duplicates).toBe(0);
    expect(a1.links.map((link) => link.applierError)).toEqual([null, null]);
  });
});
