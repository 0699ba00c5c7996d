import { describe, expect, test } from 'vitest';
import { night, type Night } from './night.ts';
import { smallPlan } from './small-plan.ts';

const a1 = 'orders-a1';

async function locked(world: Night, instance = a1) {
  const session = await world.open(instance);
  expect(await world.value(session, 'takeLock', {})).toMatchObject({
    held: true,
    holder: session.connectionId,
  });
  return session;
}

describe.each(['mariadb', 'mysql'] as const)('the fence on %s', (flavor) => {
  const plan = smallPlan({ flavor });

  test('closes the server for applications and the plain account, and nothing is written afterwards', async () => {
    const world = night(plan);
    const act = await locked(world);
    const plain = await world.open(a1, 'plain');
    await world.value(act, 'prepareSchema', {});
    expect(await world.value(plain, 'proveFence', {})).toEqual({ errorNumber: null });
    expect(await world.value(act, 'fence', { lockWaitSeconds: 3 })).toEqual({});
    const before = world.load.totals.refused;
    const first = world.server(a1).top[0];
    await world.pass(1_000);
    expect(world.server(a1).top[0]).toBe(first);
    expect(world.load.totals.refused).toBeGreaterThan(before);
    expect(await world.value(plain, 'proveFence', {})).toEqual({ errorNumber: 1290 });
    expect(await world.ask(plain, 'beat', { serverId: world.server(a1).serverId })).toMatchObject({
      kind: 'refused',
      code: 1290,
    });
    expect(await world.value(act, 'fastFacts', {})).toMatchObject({
      readOnly: true,
      superReadOnly: flavor === 'mysql' ? true : null,
    });
  });

  test('and thaw and promote refuse themselves without the run lock', async () => {
    const world = night(plan);
    const other = await world.open(a1, 'abort');
    expect(await world.ask(other, 'fence', { lockWaitSeconds: 3 })).toMatchObject({
      kind: 'refused',
      code: 1242,
    });
    const act = await locked(world);
    await world.value(act, 'fence', { lockWaitSeconds: 3 });
    expect(await world.ask(other, 'thaw', { lockHolders: [] })).toMatchObject({
      kind: 'refused',
      code: 1242,
    });
    expect(world.server(a1).readOnly).toBe(true);
    await world.value(other, 'thaw', { lockHolders: [act.connectionId] });
    expect(world.server(a1).readOnly).toBe(false);
    expect(await world.value(other, 'takeLock', {})).toEqual({ held: false, holder: act.connectionId });
  });

  test('promote comes too late by the server’s own clock', async () => {
    const world = night(plan);
    const act = await locked(world, 'orders-t1');
    const { clockUs } = await world.value(act, 'fastFacts', {});
    const text = (us: number): string => new Date(us / 1000).toISOString().replace('T', ' ').slice(0, 23);
    expect(await world.ask(act, 'promote', { notAfterUtc: text(clockUs) })).toMatchObject({
      kind: 'refused',
      code: 1242,
    });
    expect(await world.ask(act, 'promote', { notAfterUtc: text(clockUs + 500_000) })).toMatchObject({
      kind: 'ok',
    });
    expect(world.server('orders-t1')).toMatchObject({ readOnly: false, superReadOnly: false });
    // The source was not fenced: the truth says so.
    expect(world.server(a1).chain.violations.map(({ source, target }) => [source, target])).toEqual([
      ['orders-a1', 'orders-t1'],
      ['orders-b1', 'orders-t1'],
    ]);
  });

  test('waits for a running statement, gives up with 1205, and other writers wait behind it', async () => {
    const world = night(plan);
    const act = await locked(world);
    world.inject({
      kind: 'long-transaction',
      on: a1,
      how: 'running',
      user: 'batch',
      rows: 10,
      forMs: 10_000,
    });
    const written = world.load.totals.acknowledged;
    const answer = act.ask('fence', { lockWaitSeconds: 2 }, 20_000);
    await world.clock.run(() => world.server(a1).pendingFences.length > 0);
    const held = world.server(a1).top[0];
    await world.pass(1_000);
    expect(world.server(a1).top[0]).toBe(held);
    expect(await world.wait(answer)).toMatchObject({ kind: 'refused', code: 1205 });
    expect(world.server(a1).readOnly).toBe(false);
    await world.pass(500);
    expect(world.load.totals.acknowledged).toBeGreaterThan(written + 50);
  });

  test('does not wait for an idle open transaction, whose commit is refused later', async () => {
    const world = night(plan);
    const act = await locked(world);
    world.inject({ kind: 'long-transaction', on: a1, how: 'idle', user: 'batch', rows: 10, forMs: 300 });
    await world.value(act, 'fence', { lockWaitSeconds: 2 });
    const end = world.server(a1).top[0];
    await world.pass(1_000);
    expect(world.server(a1).top[0]).toBe(end);
  });

  test('stays in the queue when its client gives up, and takes effect when the blocker ends', async () => {
    const world = night(plan);
    const act = await locked(world);
    const look = await world.open(a1, 'look');
    world.inject({
      kind: 'long-transaction',
      on: a1,
      how: 'lock-tables',
      user: 'batch',
      rows: 0,
      forMs: 1_500,
    });
    expect(await world.wait(act.ask('fence', { lockWaitSeconds: 30 }, 500))).toMatchObject({
      kind: 'none',
      why: 'time-limit',
    });
    expect(act.state()).toBe('lost');
    expect(await world.value(look, 'threadsAlive', { threads: [act.connectionId] })).toEqual({
      alive: [act.connectionId],
    });
    expect(world.server(a1).readOnly).toBe(false);
    await world.pass(2_000);
    expect(world.server(a1).readOnly).toBe(true);
    expect(await world.value(look, 'lockHolder', {})).toEqual({ holder: null });
  });

  test('is gone when its thread is killed', async () => {
    const world = night(plan);
    const act = await locked(world);
    const abort = await world.open(a1, 'abort');
    world.inject({ kind: 'long-transaction', on: a1, how: 'running', user: 'batch', rows: 10, forMs: 2_000 });
    const waiting = act.ask('fence', { lockWaitSeconds: 30 }, 20_000);
    await world.pass(300);
    const threads = [act.connectionId];
    await world.value(abort, 'killThreads', { threads });
    expect(await world.value(abort, 'threadsAlive', { threads })).toEqual({ alive: [] });
    expect((await world.wait(waiting)).kind).not.toBe('ok');
    await world.pass(3_000);
    expect(world.server(a1).readOnly).toBe(false);
  });

  test('a commit that waits for semi-sync cannot be killed away', async () => {
    const world = night(plan);
    const act = await locked(world);
    world.inject({
      kind: 'long-transaction',
      on: a1,
      how: 'semi-sync',
      user: 'batch',
      rows: 1,
      forMs: 60_000,
    });
    const [blocker] = world.server(a1).blockers;
    const abort = await world.open(a1, 'abort');
    const threads = [blocker?.thread ?? 0];
    await world.value(abort, 'killThreads', { threads });
    expect(await world.value(abort, 'threadsAlive', { threads })).toEqual({ alive: threads });
    expect(await world.ask(act, 'fence', { lockWaitSeconds: 1 })).toMatchObject({
      kind: 'refused',
      code: 1205,
    });
  });

  test(
    flavor === 'mysql'
      ? 'a prepared transaction passes super_read_only'
      : 'a prepared transaction is refused',
    async () => {
      const world = night(plan);
      const act = await locked(world);
      world.inject({ kind: 'prepared-transaction', on: a1, commitAfterMs: 500 });
      await world.value(act, 'fence', { lockWaitSeconds: 2 });
      expect((await world.value(act, 'preparedTransactions', {})).xids).toHaveLength(1);
      const end = world.server(a1).top[0] ?? 0;
      await world.pass(1_000);
      expect(world.server(a1).top[0]).toBe(flavor === 'mysql' ? end + 1 : end);
    },
  );

  test('is lost at a restart unless it was made durable', async () => {
    const world = night(plan);
    const act = await locked(world);
    await world.value(act, 'fence', { lockWaitSeconds: 2 });
    const { durable } = await world.value(act, 'persistFence', {});
    expect(durable).toBe(flavor === 'mysql');
    world.inject({ kind: 'server-killed', on: a1, downMs: 2_000 });
    await world.pass(2_500);
    expect(world.server(a1).readOnly).toBe(durable);
    expect(act.state()).toBe('lost');
    const again = await world.open(a1, 'look');
    expect((await world.value(again, 'fastFacts', {})).uptimeSeconds).toBeLessThan(5);
    const channel = await world.wait(world.ports.ssh.open('orders-a1-host', 2_000));
    if (channel.kind !== 'open') throw new Error(channel.message);
    await world.wait(
      channel.channel.putFile('/etc/mysql/conf.d/fence.cnf', '[mysqld]\nread_only=1\n', 1_000),
    );
    world.inject({ kind: 'server-killed', on: a1, downMs: 2_000 });
    await world.pass(2_500);
    expect(world.server(a1).readOnly).toBe(true);
  });

  test('looks at open transactions too often see an old copy', async () => {
    const world = night(plan);
    const look = await world.open(a1, 'look');
    expect(await world.value(look, 'openTransactions', { ageMs: 0 })).toEqual({ transactions: [] });
    world.inject({ kind: 'long-transaction', on: a1, how: 'idle', user: 'batch', rows: 7, forMs: 60_000 });
    for (let poll = 0; poll < 20; poll++)
      expect(await world.value(look, 'openTransactions', { ageMs: 0 })).toEqual({ transactions: [] });
    await world.pass(150);
    expect((await world.value(look, 'openTransactions', { ageMs: 0 })).transactions).toMatchObject([
      { user: 'batch', rowsModified: 7, state: 'idle' },
    ]);
  });
});
