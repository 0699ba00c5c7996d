import { expect, test } from 'vitest';
import type { Position } from '../../shared/sessions/operations.ts';
import type { Ground } from './ground.ts';

/** Replication: what goes through a link, and what is done to it. */
export function linkTests(ground: Ground): void {
  const { open, ask, value, facts, until, drained } = ground;

  test('a write is applied at the target; the newest rows then have one hash', async () => {
    const [from, to] = [await open(ground.world().source, 'look'), await open(ground.world().target, 'look')];
    expect(await ground.world().write(ground.world().source)).toBeNull();
    const { gtid, file, offset, flavor }: Position = await value(from, 'position', {});
    await value(to, 'waitApplied', { position: { gtid, file, offset, flavor }, sliceMs: 2_000 });
    await drained(from, to);
    const { tables } = await value(to, 'newestRows', { tables: [ground.world().table], rows: 3 });
    expect(tables[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a wait does not notice a stopped applier and ends with its slice', async () => {
    const [from, to] = [await open(ground.world().source, 'look'), await open(ground.world().target, 'look')];
    await ground.world().applier(ground.world().target, false);
    await ground.world().write(ground.world().source);
    const position = await value(from, 'position', {});
    if (position.gtid !== '') {
      const { waitedMs } = await value(to, 'waitApplied', { position, sliceMs: 300 });
      expect(waitedMs).toBeGreaterThanOrEqual(250);
    }
    const link = (await facts(to)).links.find(({ channel }) => channel === ground.world().channel);
    expect(link).toMatchObject({ applier: 'stopped', receiver: 'running' });
    await ground.world().applier(ground.world().target, true);
    await drained(from, to);
  });

  test('heartbeats go through the link; before the table is known they are none', async () => {
    const plain = await open(ground.world().source, 'plain');
    const watch = await open(ground.world().target, 'watch');
    const { atUs } = await value(plain, 'beat', { serverId: ground.world().sourceServerId });
    const { atUs: later } = await value(plain, 'beat', { serverId: ground.world().sourceServerId });
    expect(later).toBeGreaterThan(atUs);
    await until('the beat at the target', async () =>
      (await facts(watch)).beats.some(
        (beat) => beat.serverId === ground.world().sourceServerId && beat.atUs === later,
      ),
    );
  });

  test('a canary row is written by the plain account and read back at the target', async () => {
    const plain = await open(ground.world().source, 'plain');
    const look = await open(ground.world().target, 'look');
    expect(await value(look, 'readCanary', { id: 'canary-1' })).toEqual({ found: false });
    await value(plain, 'writeCanary', { id: 'canary-1' });
    await until(
      'the canary at the target',
      async () => (await value(look, 'readCanary', { id: 'canary-1' })).found,
    );
  });

  test('a link is configured without starting, and removed by name: the other link stays', async () => {
    const act = await open(ground.world().target);
    const before = (await facts(act)).links.map(({ channel }) => channel);
    const { targetAddress: sourceAddress, targetPort: sourcePort, chain, flavor } = ground.world();
    const channel = 'cutover_reverse';
    const link = { channel, sourceAddress, sourcePort, chain, direction: 'reverse' } as const;
    // By GTID a link is configured beside one that runs, before it is known where it begins.
    await value(act, 'configureLink', { ...link, from: null });
    const made = (await facts(act)).links.find((one) => one.channel === channel);
    expect(made).toMatchObject({ receiver: 'stopped', applier: 'stopped', sourcePort, usesGtid: true });
    // Its account comes with its start: what a restart of the server would start connects to nobody.
    await value(act, 'startLink', { channel });
    await until('the link without an account ends', async () => {
      const link = (await facts(act)).links.find((one) => one.channel === channel);
      return link?.receiver === 'stopped' && [1593, 13117].includes(link.receiverError?.code ?? 0);
    });
    await value(act, 'stopLink', { channel });
    // MariaDB: where links begin is the server's, and cannot be set while another one runs.
    const from = await value(await open(ground.world().source, 'look'), 'position', {});
    if (flavor === 'mariadb')
      expect(await ask(act, 'startLink', { channel, from })).toMatchObject({ kind: 'refused', code: 1198 });
    await value(act, 'removeLink', { channel: 'cutover_reverse' });
    await value(act, 'removeLink', { channel: 'cutover_reverse' });
    expect((await facts(act)).links.map(({ channel }) => channel)).toEqual(before);
  });

  test('by GTID a link that is started again goes on behind what came over another one', async () => {
    const [from, act] = [await open(ground.world().source, 'look'), await open(ground.world().target)];
    const { channel, chain, sourceByAnotherName: sourceAddress, sourcePort } = ground.world();
    const linkNow = async (name: string) => (await facts(act)).links.find((one) => one.channel === name);
    const runs = (name: string): Promise<void> =>
      until(`the link "${name}" runs`, async () => {
        const link = await linkNow(name);
        return link?.receiver === 'running' && link.applier === 'running';
      });
    await value(act, 'stopLink', { channel });
    const beside = {
      channel: 'cutover_beside',
      sourceAddress,
      sourcePort,
      chain,
      direction: 'forward',
    } as const;
    await value(act, 'configureLink', { ...beside, from: null });
    await value(act, 'startLink', { channel: beside.channel });
    await runs(beside.channel);
    expect(await ground.world().write(ground.world().source)).toBeNull();
    await drained(from, act);
    await value(act, 'removeLink', { channel: beside.channel });
    await value(act, 'startLink', { channel });
    await runs(channel);
    expect(await ground.world().write(ground.world().source)).toBeNull();
    await drained(from, act);
    expect(await linkNow(channel)).toMatchObject({ receiverError: null, applierError: null });
  });

  test('a link is stopped and started by name', async () => {
    const act = await open(ground.world().target);
    const state = async (): Promise<unknown> =>
      (await facts(act)).links.find(({ channel }) => channel === ground.world().channel);
    await value(act, 'stopLink', { channel: ground.world().channel });
    expect(await state()).toMatchObject({ receiver: 'stopped', applier: 'stopped' });
    await value(act, 'startLink', { channel: ground.world().channel });
    await until('the link runs', async () =>
      JSON.stringify(await state()).includes('"receiver":"running","applier":"running"'),
    );
  });
}
