import { describe, expect, test } from 'vitest';
import type { MysqlSession } from '../../main/ports.ts';
import type { Night } from './night.ts';
import { night } from './night.ts';
import { smallPlan } from './small-plan.ts';

async function channelTo(world: Night, host: string) {
  const opened = await world.wait(world.ports.ssh.open(host, 2_000));
  if (opened.kind !== 'open') throw new Error(opened.message);
  return opened.channel;
}

async function openTarget(world: Night): Promise<void> {
  for (const instance of ['orders-a1', 'orders-b1']) {
    const act = await world.open(instance);
    await world.value(act, 'takeLock', {});
    await world.value(act, 'fence', { lockWaitSeconds: 3 });
  }
  await world.pass(300);
  const target = await world.open('orders-t1');
  await world.value(target, 'takeLock', {});
  await world.value(target, 'removeLink', { channel: '' });
  await world.value(target, 'promote', { notAfterUtc: '2099-01-01 00:00:00' });
}

describe('application hosts', () => {
  test('switch, verify, and know no other command', async () => {
    const world = night(smallPlan());
    const channel = await channelTo(world, 'app-a');
    expect(await world.wait(channel.run(['/usr/local/bin/site-in-use'], 1_000))).toMatchObject({
      kind: 'ok',
      value: { stdout: 'colo-a\n' },
    });
    const switched = channel.run(['/usr/local/bin/switch-site', 'east'], 1_000);
    const verified = channel.run(['/usr/local/bin/site-in-use'], 1_000);
    expect(await world.wait(switched)).toMatchObject({ kind: 'ok' });
    expect(await world.wait(verified)).toMatchObject({ kind: 'ok', value: { stdout: 'east\n' } });
    expect(await world.wait(channel.run(['rm', '-rf', '/'], 1_000))).toMatchObject({
      kind: 'refused',
      code: 127,
    });
    const database = await channelTo(world, 'orders-a1-host');
    expect(await world.wait(database.run(['/usr/local/bin/switch-site', 'east'], 1_000))).toMatchObject({
      kind: 'refused',
      code: 127,
    });
  });

  test('run one command after the other; what waits behind another one past its limit is answered then, and never sent', async () => {
    const world = night(smallPlan());
    const channel = await channelTo(world, 'app-a');
    const slow = channel.run(['/usr/local/bin/switch-site', 'east'], 1_000);
    const waiting = channel.run(['/usr/local/bin/switch-site', 'west'], 5);
    const next = channel.run(['/usr/local/bin/site-in-use'], 1_000);
    expect(await world.wait(Promise.race([slow, waiting]))).toMatchObject({
      kind: 'none',
      why: 'not-connected',
      tookMs: 5,
    });
    expect(await world.wait(slow)).toMatchObject({ kind: 'ok' });
    expect(await world.wait(next)).toMatchObject({ kind: 'ok', value: { stdout: 'east\n' } });
  });

  test('take their connections along: the source has no client left and the target has them', async () => {
    const world = night(smallPlan());
    await openTarget(world);
    // The cockpit's own sessions are connected too.
    const clients = async (session: MysqlSession): Promise<number> =>
      (await world.value(session, 'clientSessions', {})).sessions.filter(({ user }) => user !== 'cockpit')
        .length;
    const source = await world.open('orders-a1', 'look');
    expect(await clients(source)).toBe(4);
    for (const host of ['app-a', 'app-b']) {
      const channel = await channelTo(world, host);
      await world.wait(
        channel.run(['/usr/local/bin/switch-site', host === 'app-a' ? 'east' : 'west'], 1_000),
      );
    }
    await world.pass(1_000);
    expect(await clients(source)).toBe(0);
    const target = await world.open('orders-t1', 'look');
    expect(await clients(target)).toBe(8);
    const before = world.load.totals.acknowledged;
    await world.pass(1_000);
    expect(world.load.totals.acknowledged - before).toBeGreaterThan(150);
    expect(world.server('orders-t1').chain.violations).toEqual([]);
  });

  test('sessions that were ended come back with another thread', async () => {
    const world = night(smallPlan());
    const act = await world.open('orders-a1');
    const { sessions } = await world.value(act, 'clientSessions', {});
    const threads = sessions.map(({ thread }) => thread);
    await world.value(act, 'killThreads', { threads });
    expect(await world.value(act, 'threadsAlive', { threads })).toEqual({ alive: [] });
    await world.pass(500);
    const again = (await world.value(act, 'clientSessions', {})).sessions.map(({ thread }) => thread);
    expect(again).toHaveLength(4);
    expect(again.filter((thread) => threads.includes(thread))).toEqual([]);
  });

  test('a host that refuses the switch says why, and one that does not answer is named', async () => {
    const world = night(smallPlan());
    world.inject({
      kind: 'failed-switch',
      host: 'app-a',
      code: 1,
      output: 'No space left on device',
      delayMs: 40,
      times: 1,
    });
    const channel = await channelTo(world, 'app-a');
    const refused = await world.wait(channel.run(['/usr/local/bin/switch-site', 'east'], 1_000));
    expect(refused).toMatchObject({
      kind: 'refused',
      code: 1,
      message: 'exit status 1: No space left on device',
    });
    expect(await world.wait(channel.run(['/usr/local/bin/switch-site', 'east'], 1_000))).toMatchObject({
      kind: 'ok',
    });
    world.inject({ kind: 'host-unreachable', host: 'app-b' });
    expect(await world.wait(world.ports.ssh.open('app-b', 2_000))).toMatchObject({
      kind: 'refused',
      reason: 'unreachable',
    });
  });

  test('a file put in place is read back by its SHA-256', async () => {
    const world = night(smallPlan());
    const channel = await channelTo(world, 'app-a');
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(await world.wait(channel.putFile('/tmp/x', '', 1_000))).toMatchObject({
      value: { sha256: empty },
    });
    expect(await world.wait(channel.putFile('/tmp/x', null, 1_000))).toMatchObject({
      value: { sha256: null },
    });
  });
});

describe('synthetic clients', () => {
  test('see the freeze from outside, and lose nothing', async () => {
    const world = night(smallPlan());
    await world.ports.clients.start();
    const began = world.clock.utcMs();
    await world.pass(1_000);
    await openTarget(world);
    for (const host of ['app-a', 'app-b']) {
      const channel = await channelTo(world, host);
      await world.wait(
        channel.run(['/usr/local/bin/switch-site', host === 'app-a' ? 'east' : 'west'], 1_000),
      );
    }
    await world.pass(1_000);
    const writes = await world.ports.clients.writes(began);
    const acknowledged = writes.filter(({ outcome }) => outcome === 'acknowledged');
    const lastOnSource = Math.max(
      ...acknowledged.filter(({ side }) => side === 'source').map(({ endedAt }) => endedAt),
    );
    const firstOnTarget = Math.min(
      ...acknowledged.filter(({ side }) => side === 'target').map(({ endedAt }) => endedAt),
    );
    expect(firstOnTarget).toBeGreaterThan(lastOnSource);
    expect(acknowledged.some(({ side }) => side === 'path')).toBe(true);
    const missing = await world.ports.clients.missing(
      'orders',
      'orders-t1',
      acknowledged.map(({ id }) => id),
    );
    expect(missing).toMatchObject({ kind: 'ok', value: [] });
    expect(new Set(writes.map(({ id }) => id)).size).toBe(writes.length);
    const facts = world.ports.clients.facts();
    expect(facts.reduce((sum, one) => sum + one.acknowledged, 0)).toBeGreaterThanOrEqual(acknowledged.length);
  });

  test('a silent server leaves a write without an answer', async () => {
    const world = night(smallPlan());
    await world.ports.clients.start();
    await world.pass(100);
    world.inject({ kind: 'server-paused', on: 'orders-a1', forMs: 5_000 });
    await world.pass(3_000);
    const [users, sql] = world.ports.clients.facts();
    expect(users?.unknown).toBeGreaterThan(0);
    expect(sql?.unknown).toBeGreaterThan(0);
  });

  test('the canary goes where the application goes', async () => {
    const world = night(smallPlan());
    expect(await world.wait(world.ports.clients.canary('orders-users', 'c1', 1_000))).toMatchObject({
      kind: 'ok',
    });
    const act = await world.open('orders-a1');
    await world.value(act, 'takeLock', {});
    await world.value(act, 'fence', { lockWaitSeconds: 3 });
    expect(await world.wait(world.ports.clients.canary('orders-users', 'c2', 1_000))).toMatchObject({
      kind: 'refused',
      code: 503,
    });
  });
});
