import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePlan } from '../../shared/plan/parse-plan.ts';
import { doorUrl } from './app-hosts.ts';
import { missingFor } from './flavors.ts';
import { sshConfigFile } from './hosts.ts';
import { compareAcknowledged, startLoad } from './load.ts';
import { planForLab } from './plan-for-lab.ts';
import { isAlive } from './processes.ts';
import { eventually } from './sql.ts';
import { startLab, isLab, type Lab } from './start-lab.ts';
import { chains, members } from './topology.ts';

// The ground the other tests on real servers stand on: it must be what it says.
describe.runIf(missingFor('mariadb').length === 0)('the lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cutover-lab-'));
    lab = await startLab({ flavor: 'mariadb', dir, owner: process.pid });
  });
  afterAll(async () => lab?.stop());

  const ssh = (host: string, ...words: readonly string[]): string =>
    execFileSync('ssh', ['-F', sshConfigFile(lab.dir), host, ...words], { stdio: 'pipe' }).toString();
  const post = async (id: string): Promise<number> => {
    const body = JSON.stringify({ id, client: 'test' });
    return (await fetch(`${doorUrl(lab.state(), 'us-east-1')}/orders`, { method: 'POST', body })).status;
  };
  const has = (instance: string, id: string): Promise<void> =>
    eventually(`${instance} has ${id}`, 10_000, async () => {
      const rows = await lab.sql(instance, `SELECT id FROM shop.writes WHERE id = '${id}'`);
      if (rows.length !== 1) throw new Error('no row');
    });

  test('carries a row from each co-master to the last replica', async () => {
    for (const chain of chains)
      for (const node of ['a1', 'b1']) {
        const id = `from-${node}`;
        await lab.sql(`${chain}-${node}`, `INSERT INTO shop.writes VALUES ('${id}', 'test', 1, NOW(6))`);
        await has(`${chain}-t2`, id);
        await has(`${chain}-s1`, id);
      }
  });

  test('takes writes on the source masters only, also after a restart', async () => {
    const closed = async (): Promise<readonly string[]> => {
      const answers = await Promise.all(
        members.map(async ({ id }) => ({ id, r: (await lab.sql(id, 'SELECT @@read_only AS r'))[0]?.['r'] })),
      );
      return answers.filter(({ r }) => r !== '0').map(({ id }) => id);
    };
    const expected = members.filter(({ role }) => role !== 'source-master').map(({ id }) => id);
    expect(await closed()).toEqual(expected);
    for (const id of ['orders-t1', 'orders-b1']) {
      await lab.kill(id);
      await lab.restart(id);
    }
    expect(await closed()).toEqual(expected);
  });

  test('takes a write through the load balancer and switches its application hosts', async () => {
    expect(await post('through-the-door')).toBe(200);
    await has('orders-t2', 'through-the-door');
    expect(ssh('app-a1', 'site-in-use')).toBe('colo-a\n');
    expect(ssh('app-a1', 'switch-site', 'us-east-1')).toContain('us-east-1 in use');
    expect(ssh('app-a1', 'site-in-use')).toBe('us-east-1\n');
    ssh('app-e1', 'switch-site', 'us-east-1');
    // The target is closed still: the application says so, and nothing is written.
    expect(await post('too-early')).toBe(503);
    lab.refuseSwitch('app-a1', 'a deployment is running');
    expect(() => ssh('app-a1', 'switch-site', 'colo-a')).toThrow(/a deployment is running/);
    lab.allowSwitch('app-a1');
    ssh('app-a1', 'switch-site', 'colo-a');
    ssh('app-e1', 'switch-site', 'colo-a');
    expect(await post('back-again')).toBe(200);
  });

  test('reaches the host behind the bastion', () => {
    expect(ssh('usw2-db', 'echo', '$LAB_HOST')).toBe('usw2-db\n');
  });

  test('loads both co-masters and finds every acknowledged write again', async () => {
    const load = startLoad(lab.state(), { writers: 4, seconds: 60 });
    await eventually('the load writes', 10_000, () => {
      const seen = new Set(load.records().map((record) => record.port));
      return seen.size === 4 ? Promise.resolve() : Promise.reject(new Error(`${seen.size} of 4 masters`));
    });
    await load.stop();
    await eventually('the last replica has all', 10_000, async () => {
      const found = await compareAcknowledged(lab.state(), load, 'orders-t2');
      expect(found.acknowledged).toBeGreaterThan(0);
      expect(found).toMatchObject({ missing: [], refusedButPresent: [] });
    });
  });

  test('has a good plan on its own ports', () => {
    const plan = planForLab(lab.state());
    expect(plan).toContain(String(lab.port('content-t2')));
    expect(plan).not.toMatch(/\b331\d\d\b(?!\.)(?= *$)/m);
    expect(parsePlan(plan, 'lab.yaml')).toMatchObject({ ok: true });
  });

  test('leaves nothing behind', async () => {
    const { processes } = lab.state();
    const passwords = readFileSync(join(lab.dir, 'credentials/environment'), 'utf8');
    expect(passwords.match(/_PASSWORD=\S{20,}$/gm)).toHaveLength(5);
    await lab.stop();
    expect(Object.entries(processes).filter(([, mark]) => isAlive(mark))).toEqual([]);
    expect(isLab(lab.dir)).toBe(false);
  });
});

describe('without its servers', () => {
  test('the lab says what is missing, and under CI that is a failure', () => {
    const missing = missingFor('mariadb');
    if (missing.length > 0) console.warn(`NOT RUN: the lab needs ${missing.join(', ')}`);
    expect(process.env['CI'] === 'true' ? missing : []).toEqual([]);
  });
});
