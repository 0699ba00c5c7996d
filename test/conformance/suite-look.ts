import { expect, test } from 'vitest';
import type { Ground } from './ground.ts';

/** What is read of a server. */
export function lookTests(ground: Ground): void {
  const { open, value, facts, until } = ground;

  test('fast facts: the source takes writes, the target does not and follows the source', async () => {
    const source = await facts(await open(ground.world().source, 'watch'));
    const target = await facts(await open(ground.world().target, 'watch'));
    expect(source.readOnly).toBe(false);
    expect(target.readOnly).toBe(true);
    const link = target.links.find(({ channel }) => channel === ground.world().channel);
    expect(link).toMatchObject({
      receiver: 'running',
      applier: 'running',
      receiverError: null,
      applierError: null,
      sourceServerId: ground.world().sourceServerId,
    });
    expect(source.position.flavor).toBe(ground.world().flavor);
    expect(source.position.file).not.toBeNull();
    expect(source.uptimeSeconds).toBeGreaterThanOrEqual(0);
    expect(target.superReadOnly === null).toBe(ground.world().flavor === 'mariadb');
  });

  test('the state says what the fast facts say, in fewer words', async () => {
    const look = await open(ground.world().target, 'look');
    const { links, beats, eventScheduler, threadsRunning, writesCounted, ...of } = await facts(look);
    expect([links, beats, eventScheduler, threadsRunning, writesCounted]).not.toContain(undefined);
    const { clockUs, uptimeSeconds, ...rest } = await value(look, 'state', {});
    const { clockUs: earlierUs, uptimeSeconds: earlier, ...expected } = of;
    expect(clockUs).toBeGreaterThanOrEqual(earlierUs);
    expect(uptimeSeconds).toBeGreaterThanOrEqual(earlier);
    expect(rest).toEqual(expected);
  });

  test('the links say what the facts say of them', async () => {
    const look = await open(ground.world().target, 'look');
    const [of, alone] = [await value(look, 'fastFacts', {}), await value(look, 'links', {})];
    const names = (links: typeof of.links): readonly string[] =>
      links.map((link) => `${link.channel} ${link.sourceHost}:${link.sourcePort} ${link.applier}`);
    expect(names(of.links)).toHaveLength(1);
    expect(names(alone.links)).toEqual(names(of.links));
  });

  test('client sessions: the application is seen, the reading session is not', async () => {
    const look = await open(ground.world().source, 'look');
    const held = await ground.world().hold(ground.world().source, 'open-transaction');
    const { sessions } = await value(look, 'clientSessions', {});
    expect(sessions.some(({ thread }) => thread === held.thread)).toBe(true);
    expect(sessions.some(({ thread }) => thread === look.connectionId)).toBe(false);
    await held.release();
  });

  test('an open transaction is listed with its thread, and counts by age', async () => {
    const look = await open(ground.world().source, 'survey');
    const held = await ground.world().hold(ground.world().source, 'open-transaction');
    await until('the transaction in the list', async () => {
      await ground.world().pass(150);
      return (await value(look, 'openTransactions', { ageMs: 0 })).transactions.some(
        ({ thread, rowsModified }) => thread === held.thread && rowsModified > 0,
      );
    });
    expect((await value(look, 'openTransactions', { ageMs: 3_600_000 })).transactions).toEqual([]);
    await held.release();
  });

  test('the survey knows who passes read_only, who is attached and what is prepared', async () => {
    const answer = await value(await open(ground.world().source, 'survey'), 'survey', {});
    const [user] = answer.identity.account.split('@');
    const own = answer.accounts.find(({ account }) => account.startsWith(`'${user}'@`));
    expect(own?.bypassesReadOnly).toBe(true);
    expect(answer.accounts.some(({ bypassesReadOnly }) => !bypassesReadOnly)).toBe(true);
    expect(answer.schemaPrepared).toBe(true);
    expect(answer.preparedXids).toEqual([]);
    expect(answer.attachedServerIds.length).toBeGreaterThan(0);
    expect(answer.binaryLogs.length).toBeGreaterThan(0);
    expect(answer.settings).toMatchObject({ logBin: true, logReplicaUpdates: true, readOnly: false });
  });

  test('the grants are tried without effect: all are there, and the position stays', async () => {
    const act = await open(ground.world().source, 'survey');
    const before = await value(act, 'position', {});
    const { tried } = await value(act, 'tryGrants', { role: 'source' });
    expect(tried.filter(({ granted }) => !granted)).toEqual([]);
    expect(await value(act, 'position', {})).toEqual(before);
  });
}
