import { expect, test } from 'vitest';
import type { Ground } from './ground.ts';

/** Lock, fence, thaw and promote: what guards them and what stands in their way. */
export function fenceTests(ground: Ground): void {
  const { open, ask, value, facts, thawed, until } = ground;

  test('the run lock belongs to one session, is seen by all, and goes with its session', async () => {
    const first = await open(ground.world().source);
    const second = await open(ground.world().source, 'abort');
    expect(await value(first, 'takeLock', {})).toEqual({ held: true, holder: first.connectionId });
    expect(await value(first, 'takeLock', {})).toEqual({ held: true, holder: first.connectionId });
    expect(await value(second, 'takeLock', {})).toEqual({ held: false, holder: first.connectionId });
    expect((await facts(second)).lockHolder).toBe(first.connectionId);
    await value(second, 'releaseLock', {});
    expect((await value(second, 'lockHolder', {})).holder).toBe(first.connectionId);
    await ground.world().settle(first.close());
    await until('the lock is free', async () => (await value(second, 'lockHolder', {})).holder === null);
  });

  test('a fence without the run lock is refused with 1242 and changes nothing', async () => {
    const act = await open(ground.world().source);
    expect(await ask(act, 'fence', { lockWaitSeconds: 2 })).toMatchObject({ kind: 'refused', code: 1242 });
    expect((await facts(act)).readOnly).toBe(false);
    expect(await ground.world().write(ground.world().source)).toBeNull();
  });

  test('a fence ends writes with 1290, for the account without bypass rights too; thaw undoes all of it', async () => {
    const act = await open(ground.world().source);
    const plain = await open(ground.world().source, 'plain');
    expect(await value(plain, 'proveFence', {})).toEqual({ errorNumber: null });
    await value(act, 'takeLock', {});
    await value(act, 'fence', { lockWaitSeconds: 2 });
    const fenced = await facts(act);
    expect(fenced.readOnly).toBe(true);
    expect(fenced.superReadOnly).toBe(ground.world().flavor === 'mysql' ? true : null);
    expect(await value(plain, 'proveFence', {})).toEqual({ errorNumber: 1290 });
    expect(await ground.world().write(ground.world().source)).toBe(1290);
    expect(await ask(plain, 'beat', { serverId: ground.world().sourceServerId })).toMatchObject({
      kind: 'refused',
      code: 1290,
    });
    await value(act, 'thaw', { lockHolders: [] });
    const open2 = await facts(act);
    expect(open2.readOnly).toBe(false);
    expect(open2.superReadOnly).toBe(ground.world().flavor === 'mysql' ? false : null);
    expect(await ground.world().write(ground.world().source)).toBeNull();
    await value(act, 'releaseLock', {});
  });

  test('a fence that is set already can be set again', async () => {
    const act = await open(ground.world().source);
    await value(act, 'takeLock', {});
    await value(act, 'fence', { lockWaitSeconds: 2 });
    await value(act, 'fence', { lockWaitSeconds: 2 });
    expect((await facts(act)).readOnly).toBe(true);
    await value(act, 'thaw', { lockHolders: [] });
    await value(act, 'releaseLock', {});
  });

  test('thaw by a spare session: refused with 1242, unless it is told who holds the lock', async () => {
    const act = await open(ground.world().source);
    const spare = await open(ground.world().source, 'abort');
    await value(act, 'takeLock', {});
    await value(act, 'fence', { lockWaitSeconds: 2 });
    expect(await ask(spare, 'thaw', { lockHolders: [] })).toMatchObject({ kind: 'refused', code: 1242 });
    expect((await facts(spare)).readOnly).toBe(true);
    await value(spare, 'thaw', { lockHolders: [act.connectionId] });
    expect((await facts(spare)).readOnly).toBe(false);
    await value(act, 'releaseLock', {});
  });

  test('an open transaction with uncommitted rows does not block the fence', async () => {
    const act = await open(ground.world().source);
    const held = await ground.world().hold(ground.world().source, 'open-transaction');
    await value(act, 'takeLock', {});
    expect(await ask(act, 'fence', { lockWaitSeconds: 2 })).toMatchObject({ kind: 'ok' });
    await thawed(act);
    await held.release();
  });

  test('LOCK TABLES WRITE keeps the fence waiting: 1205 at its limit, and read_only is unchanged', async () => {
    const act = await open(ground.world().source);
    const look = await open(ground.world().source, 'look');
    const held = await ground.world().hold(ground.world().source, 'table-lock');
    await value(act, 'takeLock', {});
    expect(await ask(act, 'fence', { lockWaitSeconds: 1 })).toMatchObject({ kind: 'refused', code: 1205 });
    expect((await facts(look)).readOnly).toBe(false);
    await held.release();
    await value(act, 'releaseLock', {});
  });

  test('promote: refused with 1242 when late and without the lock, else the target opens', async () => {
    const act = await open(ground.world().target);
    const other = await open(ground.world().target, 'abort');
    await value(act, 'takeLock', {});
    const { clockUs } = await facts(act);
    const at = (ms: number): string => new Date(Math.floor(clockUs / 1000) + ms).toISOString();
    expect(await ask(act, 'promote', { notAfterUtc: at(-1_000) })).toMatchObject({
      kind: 'refused',
      code: 1242,
    });
    expect(await ask(other, 'promote', { notAfterUtc: at(60_000) })).toMatchObject({
      kind: 'refused',
      code: 1242,
    });
    expect((await facts(act)).readOnly).toBe(true);
    await value(act, 'promote', { notAfterUtc: at(60_000) });
    const promoted = await facts(act);
    expect(promoted.readOnly).toBe(false);
    expect(promoted.superReadOnly).toBe(ground.world().flavor === 'mysql' ? false : null);
    await value(act, 'fence', { lockWaitSeconds: 2 });
    await value(act, 'releaseLock', {});
  });

  test('a fence that outlives a restart: MySQL yes, MariaDB says no', async () => {
    const act = await open(ground.world().source);
    await value(act, 'takeLock', {});
    await value(act, 'fence', { lockWaitSeconds: 2 });
    expect(await value(act, 'persistFence', {})).toEqual({ durable: ground.world().flavor === 'mysql' });
    await value(act, 'unpersistFence', {});
    await value(act, 'thaw', { lockHolders: [] });
    await value(act, 'releaseLock', {});
  });
}
