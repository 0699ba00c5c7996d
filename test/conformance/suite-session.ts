import { expect, test } from 'vitest';
import type { Position } from '../../shared/sessions/operations.ts';
import type { Ground } from './ground.ts';

/** The session itself: its order, its limits and its end. */
export function sessionTests(ground: Ground): void {
  const { open, ask, value, until } = ground;

  test('the identity is read on the very session that acts', async () => {
    const act = await open(ground.world().source);
    const identity = await value(act, 'identity', {});
    expect(identity.connectionId).toBe(act.connectionId);
    expect(identity.flavor).toBe(ground.world().flavor);
    expect(identity.serverId).toBe(ground.world().sourceServerId);
    expect(identity.version).toMatch(/^\d+\.\d+\.\d+$/);
    if (ground.world().flavor === 'mysql') expect(identity.serverUuid).toMatch(/^[0-9a-f-]{36}$/);
    else expect(identity.serverUuid).toBeNull();
  });

  test('a killed thread goes from the list; that one never was is no error', async () => {
    const [act, look] = [await open(ground.world().source), await open(ground.world().source, 'look')];
    const held = await ground.world().hold(ground.world().source, 'open-transaction');
    expect((await value(look, 'threadsAlive', { threads: [held.thread, 4_000_000_000] })).alive).toEqual([
      held.thread,
    ]);
    await value(act, 'killThreads', { threads: [held.thread, 4_000_000_000] });
    await until(
      'the thread is gone',
      async () => (await value(look, 'threadsAlive', { threads: [held.thread] })).alive.length === 0,
    );
    await held.release();
  });

  test('a call over its limit costs the session, and later calls send nothing', async () => {
    const look = await open(ground.world().target, 'look');
    const why: string[] = [];
    look.onLost((text) => why.push(text));
    const never: Position = {
      flavor: ground.world().flavor,
      file: null,
      offset: null,
      gtid:
        ground.world().flavor === 'mysql'
          ? '00000000-1111-2222-3333-444444444444:1'
          : '0-4294967295-999999999999',
    };
    const over = look.ask('waitApplied', { position: never, sliceMs: 30_000 }, 300);
    const behind = look.ask('identity', {}, 10_000);
    const impatient = look.ask('identity', {}, 100);
    const nothingSent = {
      kind: 'none',
      why: 'not-connected',
      message: expect.stringContaining('nothing was sent'),
    };
    // Answered when its own limit is over, not when the earlier call's is.
    expect(await ground.world().settle(impatient)).toMatchObject(nothingSent);
    expect(look.state()).toBe('open');
    expect(await ground.world().settle(over)).toMatchObject({ kind: 'none', why: 'time-limit' });
    expect(look.state()).toBe('lost');
    expect(await ground.world().settle(behind)).toMatchObject(nothingSent);
    expect(await ask(look, 'identity', {})).toMatchObject(nothingSent);
    expect(why).toHaveLength(1);
  });

  test('a session that is killed is lost and says so; nothing opens it again', async () => {
    const [victim, act] = [await open(ground.world().source, 'look'), await open(ground.world().source)];
    const lost = new Promise<string>((resolve) => victim.onLost(resolve));
    await value(act, 'killThreads', { threads: [victim.connectionId] });
    await ground.world().settle(lost);
    expect(victim.state()).toBe('lost');
    expect(await ask(victim, 'identity', {})).toMatchObject({ kind: 'none', why: 'not-connected' });
  });

  test('calls on one session are answered in the order they were asked', async () => {
    const look = await open(ground.world().source, 'look');
    const order: string[] = [];
    const calls = [
      look.ask('survey', {}, 10_000).then(() => order.push('survey')),
      look.ask('identity', {}, 10_000).then(() => order.push('identity')),
    ];
    await ground.world().settle(Promise.all(calls));
    expect(order).toEqual(['survey', 'identity']);
  });

  test('shown statements carry the guard and never a password', async () => {
    await open(ground.world().target);
    const { chain, targetAddress: sourceAddress, targetPort: sourcePort } = ground.world();
    const from = {
      flavor: ground.world().flavor,
      file: 'binlog.000001',
      offset: 4,
      gtid: ground.world().flavor === 'mysql' ? '00000000-1111-2222-3333-444444444444:1' : '0-1-1',
    };
    const link = ground.world().port.statements(ground.world().target, 'configureLink', {
      channel: 'x',
      sourceAddress,
      sourcePort,
      chain,
      direction: 'forward',
      from,
    });
    expect(link.join('\n')).toContain('********');
    const fence = ground
      .world()
      .port.statements(ground.world().target, 'fence', { lockWaitSeconds: 3 })
      .join('\n');
    expect(fence).toContain("IS_USED_LOCK('cutover:run') = CONNECTION_ID()");
    expect(fence).toContain('lock_wait_timeout = 3');
  });
}
