import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepared, runToEnd, writeAsApp } from './bad-luck-ground.ts';
import { missingFor } from './flavors.ts';
import { removeStates, writePlan } from './minute-ground.ts';
import { eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { members } from './topology.ts';

const limitMs = 300_000;
const masters = members.filter(({ role }) => role === 'source-master').map(({ id }) => id);

// A promoted target starts as its option file says: closed. Nothing opens it by itself; one press does, and sees it open.
describe.runIf(missingFor('mariadb').length === 0)('a promoted target that is killed', () => {
  let lab: Lab;
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cutover-opened-again-'));
    lab = await startLab({ flavor: 'mariadb', dir, owner: process.pid });
  });
  afterAll(async () => {
    await lab?.stop();
    removeStates();
  });

  test(
    'comes back closed, is named, and takes writes again by one press; the source never does',
    async () => {
      const composed = await prepared(writePlan(lab, 'opened-again'));
      try {
        const { cockpit } = composed;
        const { night, outcome } = await runToEnd(cockpit, 3);
        expect(outcome).toBe('done');
        await lab.kill('orders-t1');
        await lab.restart('orders-t1');
        await expect(writeAsApp(lab, 'orders-t1')).rejects.toMatchObject({ errno: 1290 });
        await eventually('the alarm', 60_000, async () => {
          const alarms = night.run()?.alarms.map(({ alarm }) => `${alarm.alarm} ${alarm.instance}`);
          if (alarms?.includes('target-closed orders-t1') !== true) throw new Error(JSON.stringify(alarms));
        });
        expect(await night.retry({ step: 'promote:orders', who: 'test' })).toMatchObject({ ok: true });
        await eventually('the press has ended well', 60_000, async () => {
          const run = night.run();
          const promoted = run?.steps['promote:orders'];
          if (run?.outcome !== 'done' || promoted?.attempt !== 2 || promoted.state !== 'done')
            throw new Error(`${run?.outcome}: ${promoted?.state}: ${promoted?.text}`);
        });
        await writeAsApp(lab, 'orders-t1');
        for (const master of masters)
          await expect(writeAsApp(lab, master)).rejects.toMatchObject({ errno: 1290 });
      } finally {
        await composed.stop();
      }
    },
    limitMs,
  );
});
