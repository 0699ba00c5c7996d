import { describe, expect, test } from 'vitest';
import { night } from './night.ts';
import { smallPlan } from './small-plan.ts';

const a1 = 'orders-a1';
const quiet = smallPlan({ writesPerSecond: 0 });

describe('a session of the simulated world', () => {
  test('answers one call after the other, each with its round trip', async () => {
    const world = night(quiet);
    const session = await world.open(a1, 'look');
    const answers = await world.wait(
      Promise.all([session.ask('identity', {}, 1_000), session.ask('lockHolder', {}, 1_000)]),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(['ok', 'ok']);
    const [first, second] = answers;
    expect(second.takenAt).toBeGreaterThan(first.takenAt);
    expect(first.tookMs).toBeGreaterThan(2);
  });

  test('says who the server is', async () => {
    const world = night(smallPlan({ flavor: 'mysql' }));
    const session = await world.open(a1);
    const identity = await world.value(session, 'identity', {});
    expect(identity).toMatchObject({
      flavor: 'mysql',
      version: '9.7.4',
      hostname: 'orders-a1-host',
      account: 'cockpit@%',
      connectionId: session.connectionId,
    });
    expect(identity.serverUuid).toMatch(/^[0-9a-f-]{36}$/);
    expect((await world.value(await world.open('orders-b1'), 'identity', {})).serverUuid).not.toBe(
      identity.serverUuid,
    );
  });

  test('is the same world again from the same seed, and another one from another', async () => {
    const report = async (seed: number): Promise<string> => {
      const world = night(smallPlan(), { seed });
      const session = await world.open(a1, 'watch');
      await world.pass(700);
      return JSON.stringify(await world.value(session, 'fastFacts', {}));
    };
    expect(await report(5)).toBe(await report(5));
    expect(await report(5)).not.toBe(await report(6));
  });

  test('tells what was running when it is lost, and is not opened again by itself', async () => {
    const world = night(quiet);
    const session = await world.open(a1, 'watch');
    const lost: string[] = [];
    session.onLost((why) => void lost.push(why));
    const call = session.ask(
      'waitApplied',
      { position: { flavor: 'mariadb', file: null, offset: null, gtid: '0-9-99999999999' }, sliceMs: 5_000 },
      10_000,
    );
    await world.pass(100);
    world.inject({ kind: 'lost-session', on: a1, purpose: 'watch' });
    expect(await world.wait(call)).toMatchObject({ kind: 'none', why: 'session-lost' });
    expect([session.state(), lost.length]).toEqual(['lost', 1]);
    expect(await world.ask(session, 'identity', {})).toMatchObject({ kind: 'none', why: 'not-connected' });
  });

  test('a closed one sends nothing, and its run lock is free', async () => {
    const world = night(quiet);
    const act = await world.open(a1);
    const look = await world.open(a1, 'look');
    await world.value(act, 'takeLock', {});
    await world.wait(act.close());
    expect(await world.ask(act, 'identity', {})).toMatchObject({ kind: 'none', why: 'not-connected' });
    await world.pass(50);
    expect(await world.value(look, 'lockHolder', {})).toEqual({ holder: null });
  });

  test('nobody is logged in who has hung up meanwhile', async () => {
    const world = night(quiet);
    world.inject({ kind: 'partition', between: ['laptop', 'colo-a'], forMs: 3_000 });
    const before = world.server(a1).threads.size;
    const opened = await world.wait(world.ports.mysql.open(a1, 'look', 1_000));
    expect(opened).toMatchObject({ kind: 'refused', reason: 'time-limit' });
    await world.pass(5_000);
    expect(world.server(a1).threads.size).toBe(before);
  });

  test('a stopped server does late what it was asked', async () => {
    const world = night(quiet);
    const act = await world.open(a1);
    await world.value(act, 'takeLock', {});
    world.inject({ kind: 'server-paused', on: a1, forMs: 3_000 });
    expect(await world.wait(act.ask('setEventScheduler', { on: false }, 500))).toMatchObject({
      kind: 'none',
      why: 'time-limit',
    });
    expect(world.server(a1).eventScheduler).toBe(true);
    await world.pass(4_000);
    // The connection was given up, but its statement had arrived.
    expect(world.server(a1).eventScheduler).toBe(false);
  });

  test('a cut network keeps messages until it heals', async () => {
    const world = night(quiet);
    const act = await world.open(a1);
    world.inject({ kind: 'partition', between: ['laptop', 'colo-a'], forMs: 1_000 });
    const answer = await world.ask(act, 'identity', {});
    expect(answer).toMatchObject({ kind: 'ok' });
    expect(answer.tookMs).toBeGreaterThan(990);
  });

  test.each([
    ['error', { kind: 'refused', code: 1105 }, true],
    ['none', { kind: 'none', why: 'time-limit' }, true],
    ['lost-after-effect', { kind: 'none', why: 'session-lost' }, false],
    ['late', { kind: 'none', why: 'time-limit' }, false],
  ] as const)(
    'a call that fails in the way "%s" has the effect it should have',
    async (way, expected, unchanged) => {
      const world = night(quiet);
      const act = await world.open(a1);
      world.inject({
        kind: 'reply',
        on: a1,
        operation: 'setEventScheduler',
        way,
        code: 1105,
        ms: 1_500,
        times: 1,
      });
      expect(await world.wait(act.ask('setEventScheduler', { on: false }, 1_000))).toMatchObject(expected);
      await world.pass(2_000);
      expect(world.server(a1).eventScheduler).toBe(unchanged);
    },
  );

  test('is refused where host keys or passwords are wrong', async () => {
    const world = night(quiet);
    world.inject({ kind: 'host-key', host: 'orders-a1-host', state: 'unknown' });
    const opened = await world.wait(world.ports.mysql.open(a1, 'act', 2_000));
    expect(opened).toMatchObject({ kind: 'refused', reason: 'unknown-host-key', host: 'orders-a1-host' });
    if (opened.kind !== 'refused') return;
    await world.ports.ssh.acceptHostKey('orders-a1-host', opened.fingerprint ?? '');
    expect(await world.wait(world.ports.mysql.open(a1, 'act', 2_000))).toMatchObject({ kind: 'open' });
    world.inject({ kind: 'refused-login', on: a1, why: 'wrong-password', purpose: 'plain' });
    expect(await world.wait(world.ports.mysql.open(a1, 'plain', 2_000))).toMatchObject({
      kind: 'refused',
      reason: 'wrong-password',
    });
    world.inject({ kind: 'server-killed', on: a1, downMs: null });
    expect(await world.wait(world.ports.mysql.open(a1, 'act', 2_000))).toMatchObject({
      kind: 'refused',
      reason: 'unreachable',
    });
  });

  test('shows the statements of the dialect, without a password', () => {
    const world = night(quiet);
    expect(world.ports.mysql.statements(a1, 'fence', { lockWaitSeconds: 3 })).toEqual([
      'SET SESSION lock_wait_timeout = 3',
      expect.stringContaining("SET GLOBAL read_only = IF(IS_USED_LOCK('cutover:run') = CONNECTION_ID(), 1"),
    ]);
    const from = { flavor: 'mariadb', file: 'mariadb-bin.000004', offset: 4, gtid: '0-101-5' } as const;
    const [, change] = world.ports.mysql.statements(a1, 'configureLink', {
      channel: 'back',
      sourceAddress: 'orders-t1.db',
      sourcePort: 3306,
      chain: 'orders',
      direction: 'reverse',
      from,
    });
    expect(change).toContain("CHANGE MASTER 'back' TO");
    expect(change).not.toContain('MASTER_PASSWORD');
    const account = { chain: 'orders', direction: 'reverse' } as const;
    const start = world.ports.mysql.statements(a1, 'startLink', { channel: 'back', account });
    expect(start).toContainEqual(expect.stringContaining("MASTER_PASSWORD = '********'"));
  });
});
