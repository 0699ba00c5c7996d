import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientsPort } from '../../main/ports.ts';
import { overlapMs, writeFreezeMs } from '../../shared/observations/figures.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { acknowledgedOn, clientsOf, eventually, planWith, removeClients, scratch } from './clients-ground.ts';
import { startMariadb } from './loopback-mariadb.ts';
import type { LoneServer } from './loopback-mariadb.ts';

const canarySecret = `canary-${randomBytes(12).toString('hex')}`;

afterAll(removeClients);

describe('clients that write straight to the databases', () => {
  let old: LoneServer;
  let target: LoneServer;
  let plan: Plan;

  beforeAll(async () => {
    [old, target] = await Promise.all([
      startMariadb(join(scratch.path, 'old')),
      startMariadb(join(scratch.path, 'new')),
    ]);
    for (const server of [old, target])
      server.root(
        `CREATE DATABASE shop; CREATE TABLE shop.ticks (id VARCHAR(64) PRIMARY KEY, client VARCHAR(64), n INT, at DATETIME(6));
         CREATE USER app@'127.0.0.1' IDENTIFIED BY '${canarySecret}'; GRANT SELECT, INSERT ON shop.* TO app@'127.0.0.1';`,
      );
    target.root('SET GLOBAL read_only = 1');
    const account = { loginPath: 'app' };
    const client = {
      id: 'direct',
      kind: 'mysql' as const,
      chain: 'orders',
      account,
      source: 'old',
      target: 'new',
    };
    plan = planWith(
      [{ ...client, table: 'shop.ticks', intervalMs: 5, limitMs: 1_000 }],
      [old.port, target.port],
    );
  });
  afterAll(async () => {
    await Promise.all([old.stop(), target.stop()]);
  });

  test('measure the freeze of a switch by themselves, and every acknowledged write is in the database', async () => {
    const { port, directory } = clientsOf(plan, { password: canarySecret });
    expect(port.facts()).toMatchObject([
      { client: 'direct', alive: { kind: 'unknown', why: 'not started yet' } },
    ]);
    await port.start();
    await eventually('50 writes', () => (port.facts()[0]?.acknowledged ?? 0) > 50);
    expect(port.facts()).toMatchObject([{ alive: { kind: 'known', value: true }, unknown: 0 }]);
    old.root('SET GLOBAL read_only = 1');
    const fenced = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const opened = Date.now();
    target.root('SET GLOBAL read_only = 0');
    await eventually(
      'writes on the target',
      async () => acknowledgedOn(await port.writes(opened), 'target').length > 20,
    );
    await port.stop();
    const writes = await port.writes(0);

    const freeze = writeFreezeMs(writes) ?? -1;
    // Another process, another clock, another turn on the processor: the order of magnitude is what can be asserted.
    expect(freeze).toBeGreaterThan((opened - fenced) / 2);
    expect(overlapMs(writes)).toBe(0);
    const refused = writes.filter((write) => write.outcome === 'refused');
    expect(new Set(refused.map((write) => write.why))).toEqual(new Set(['1290']));
    expect(writes.filter((write) => write.outcome === 'unknown')).toEqual([]);
    expect(new Set(writes.map((write) => write.id)).size).toBe(writes.length);
    expect(Math.max(...writes.map((write) => write.id.length))).toBeLessThanOrEqual(64);

    const sourceIds = acknowledgedOn(writes, 'source').map((write) => write.id);
    const targetIds = acknowledgedOn(writes, 'target').map((write) => write.id);
    expect(await port.missing('orders', 'new', targetIds)).toMatchObject({ kind: 'ok', value: [] });
    // These two servers do not replicate: all of the source's writes are missing on the target, and said to be.
    expect(await port.missing('orders', 'new', [...targetIds, ...sourceIds])).toMatchObject({
      value: sourceIds,
    });
    expect(await port.missing('orders', 'nowhere', targetIds)).toMatchObject({ kind: 'refused' });
    expect(await port.missing('orders', 'new', ["x' OR 1=1"])).toMatchObject({ kind: 'refused' });

    const [file = ''] = readdirSync(directory);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, file), 'utf8')).not.toContain(canarySecret);
    const since = writes[Math.floor(writes.length / 2)]?.endedAt ?? 0;
    expect(await port.writes(since)).toEqual(writes.filter((write) => write.endedAt >= since));
    expect(writes.map((write) => write.endedAt)).toEqual(
      writes.map((write) => write.endedAt).sort((a, b) => a - b),
    );
  });

  test('go on after their connection is killed and after the server was gone, and never write twice', async () => {
    old.root('SET GLOBAL read_only = 0');
    const { port } = clientsOf(plan, { password: canarySecret });
    await port.start();
    await eventually('writes', () => (port.facts()[0]?.acknowledged ?? 0) > 10);
    const pid = /process (\d+)/.exec(port.facts()[0]?.alive.source ?? '')?.[1] ?? '';
    const visible = execFileSync('ps', ['-ww', '-o', 'args=', 'e', '-p', pid]).toString();
    expect(visible).toContain('client.ts');
    expect(visible).not.toContain(canarySecret);
    old.root("KILL USER app@'127.0.0.1'");
    const killed = Date.now();
    await eventually(
      'writes after the kill',
      async () => acknowledgedOn(await port.writes(killed), 'source').length > 10,
    );
    await old.stop();
    const gone = Date.now();
    await eventually('refusals', async () =>
      (await port.writes(gone)).some((write) => write.outcome === 'refused'),
    );
    await old.start();
    const back = Date.now();
    await eventually(
      'writes after the restart',
      async () => acknowledgedOn(await port.writes(back), 'source').length > 10,
    );
    await port.stop();
    const ids = acknowledgedOn(await port.writes(0), 'source').map((write) => write.id);
    expect(await port.missing('orders', 'old', ids)).toMatchObject({ kind: 'ok', value: [] });
  });

  test('say so when their process is gone or could never start', async () => {
    const { port } = clientsOf(plan, { password: canarySecret });
    await port.start();
    const pid = Number(/process (\d+)/.exec(port.facts()[0]?.alive.source ?? '')?.[1]);
    process.kill(pid, 'SIGKILL');
    await eventually(
      'the death is seen',
      () => port.facts()[0]?.alive.kind === 'known' && aliveValue(port) === false,
    );
    const without = clientsOf(plan);
    await without.port.start();
    expect(without.port.facts()).toMatchObject([
      { alive: { kind: 'unknown', why: expect.stringContaining('no such login path') } },
    ]);
  });
});

function aliveValue(port: ClientsPort): boolean | null {
  const alive = port.facts()[0]?.alive;
  return alive?.kind === 'known' ? alive.value : null;
}
