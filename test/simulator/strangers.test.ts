import { describe, expect, test } from 'vitest';
import { night } from './night.ts';
import { smallPlan } from './small-plan.ts';

const a1 = 'orders-a1';

describe.each(['mariadb', 'mysql'] as const)('on %s', (flavor) => {
  test('a server that was replaced has the same data and is somebody else', async () => {
    const world = night(smallPlan({ flavor, writesPerSecond: 0 }));
    const before = await world.value(await world.open(a1, 'watch'), 'fastFacts', {});
    world.inject({ kind: 'server-replaced', on: a1, downMs: 1_000 });
    await world.pass(900);
    expect((await world.wait(world.ports.mysql.open(a1, 'look', 50))).kind).toBe('refused');
    await world.pass(300);
    const look = await world.open(a1, 'look');
    const after = await world.value(look, 'fastFacts', {});
    expect(after.serverId).not.toBe(before.serverId);
    expect(after.serverUuid === before.serverUuid).toBe(flavor === 'mariadb');
    expect(after.position.gtid).toBe(before.position.gtid);
    expect((await world.value(look, 'identity', {})).serverId).toBe(after.serverId);
  });

  test('an application host that connects once more is listed, and stays until it is ended', async () => {
    const world = night(smallPlan({ flavor, writesPerSecond: 0 }));
    const act = await world.open(a1);
    const hosts = async (): Promise<readonly string[]> =>
      (await world.value(act, 'clientSessions', {})).sessions.map(({ host }) => host);
    const before = await hosts();
    world.inject({ kind: 'kept-session', on: a1, from: { appHost: 2 } });
    expect(await hosts()).toEqual([...before, 'app-b:49999']);
    const { sessions } = await world.value(act, 'clientSessions', {});
    await world.value(act, 'killThreads', { threads: [sessions.at(-1)?.thread ?? 0] });
    await world.pass(100);
    expect(await hosts()).toEqual(before);
  });
});
