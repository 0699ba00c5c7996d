import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Composed } from '../../main/compose.ts';
import type { PlanInput } from '../../shared/plan/plan.ts';
import { arm, opens, outcomeOf, prepared, runToEnd, shuts, watching, writeAsApp } from './bad-luck-ground.ts';
import { planOfMistakes } from './bad-luck-plan.ts';
import { missingFor } from './flavors.ts';
import { removeStates, settingsOf, writePlan } from './minute-ground.ts';
import { resetLab } from './reset.ts';
import { connectAsRoot } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { chains, members, sourceIds } from './topology.ts';
import { entriesOf, entryIn } from '../../shared/steps/ledger.ts';

const limitMs = 300_000;
const masters = members.filter(({ role }) => role === 'source-master').map(({ id }) => id);

// Bad input and bad luck on real servers: what is said, what stays shut, and that the source takes writes.
describe.runIf(missingFor('mariadb').length === 0)('bad luck', () => {
  let lab: Lab;
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cutover-bad-luck-'));
    lab = await startLab({ flavor: 'mariadb', dir, owner: process.pid });
  });
  afterAll(async () => {
    await lab?.stop();
    removeStates();
  });
  const sourceTakesWrites = async (): Promise<void> => {
    for (const master of masters) await writeAsApp(lab, master);
  };

  describe('before anything is connected', () => {
    let composed: Composed;
    const wrongPassword = 'a-wrong-password-that-must-not-be-told';
    beforeAll(async () => {
      composed = await watching(await planOfMistakes(lab, wrongPassword));
    });
    afterAll(async () => composed.stop());
    afterEach(sourceTakesWrites);

    test(
      'a wrong password: the account and the server are named, the password is not',
      async () => {
        const { cockpit } = composed;
        const verdict = await shuts(cockpit, 'right-servers.reachable:orders-b1', /1045|denied|password/i);
        expect(cockpit.refusals()['orders-b1']).toMatchObject({ reason: 'wrong-password' });
        expect(verdict.reasons.join()).toContain('cockpit');
        expect(JSON.stringify([cockpit.refusals(), cockpit.verdicts('preflight')])).not.toContain(
          wrongPassword,
        );
      },
      limitMs,
    );

    test(
      'a wrong port: the address is named',
      async () => {
        const { cockpit } = composed;
        await shuts(cockpit, 'right-servers.reachable:content-b1', /refused|unreachable|connect/i);
        const port = cockpit.parts.plan.instances.find(({ id }) => id === 'content-b1')?.port;
        expect(cockpit.refusals()['content-b1']).toMatchObject({
          reason: 'unreachable',
          message: expect.stringContaining(String(port)),
        });
      },
      limitMs,
    );

    test(
      'a changed host key: a hard stop that nobody can accept',
      async () => {
        const { cockpit } = composed;
        await shuts(cockpit, 'hosts.reachable', /app-w1.*not the one it had/);
        const refused = cockpit.refusals()['app-w1'];
        expect(refused).toMatchObject({ reason: 'changed-host-key' });
        const shown = /SHA256:[A-Za-z0-9+/]{43}/.exec(refused?.message ?? '')?.[0] ?? '';
        expect(await cockpit.acceptHostKey('app-w1', shown, 'test')).toMatchObject({
          ok: false,
          error: expect.stringContaining('hard stop'),
        });
      },
      limitMs,
    );

    test(
      'an unknown host key: shown and refused, then accepted, open and recorded',
      async () => {
        const { cockpit } = composed;
        await shuts(cockpit, 'hosts.reachable', /app-e1.*not in any known_hosts/);
        const refused = cockpit.refusals()['app-e1'];
        const fingerprint = refused?.fingerprint ?? '';
        expect(refused).toMatchObject({
          reason: 'unknown-host-key',
          message: expect.stringContaining(fingerprint),
        });
        expect(fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
        expect(await cockpit.acceptHostKey('app-e1', `SHA256:${'A'.repeat(43)}`, 'test')).toMatchObject({
          ok: false,
        });
        expect(await cockpit.acceptHostKey('app-e1', fingerprint, 'test')).toMatchObject({ ok: true });
        // The other host is refused still; this one is not named any more.
        await expect
          .poll(() => cockpit.snapshot().hosts['app-e1']?.reachable, { timeout: 60_000 })
          .toMatchObject({ kind: 'known' });
        const accepted = cockpit.parts.planJournal
          .read()
          .map(({ payload }) => payload)
          .filter(({ kind }) => kind === 'host-key-accepted');
        expect(accepted).toEqual([{ kind: 'host-key-accepted', host: 'app-e1', fingerprint, who: 'test' }]);
      },
      limitMs,
    );

    test(
      'and nothing of it can be armed',
      async () => {
        expect(await composed.cockpit.arm('test', false)).toMatchObject({
          ok: false,
          error: expect.stringMatching(/orders-b1.*content-b1/s),
        });
      },
      limitMs,
    );
  });

  describe('while it is watched', () => {
    let composed: Composed;
    beforeAll(async () => {
      await resetLab(lab);
      composed = await prepared(writePlan(lab, 'watched'));
    }, limitMs);
    afterAll(async () => composed?.stop());
    afterEach(sourceTakesWrites);

    test(
      'a replica that follows the wrong source',
      async () => {
        const { cockpit } = composed;
        const follow = (id: string): readonly string[] => [
          'STOP SLAVE',
          `CHANGE MASTER TO MASTER_PORT=${lab.port(id)}`,
          'START SLAVE',
        ];
        await opens(cockpit, 'replication.topology:orders');
        await lab.sql('orders-s1', ...follow('orders-b1'));
        await cockpit.observer.refresh();
        await shuts(
          cockpit,
          'replication.topology:orders',
          /orders-s1: expected to follow orders-a1 .*seen server id 102/s,
        );
        await lab.sql('orders-s1', ...follow('orders-a1'));
        await opens(cockpit, 'replication.topology:orders', 'replication.running:orders');
      },
      limitMs,
    );

    test(
      'a stopped SQL thread',
      async () => {
        const { cockpit } = composed;
        await lab.sql('orders-t1', 'STOP SLAVE SQL_THREAD');
        const verdict = await shuts(cockpit, 'replication.running:orders', /orders-t1/);
        expect(verdict.fix).toMatch(/START SLAVE/);
        // A person who arms all the same is told, and nothing can be released.
        const night = await arm(cockpit);
        expect(night.blocks.join()).toContain('replication.running:orders');
        const released = night.release({ hold: 'lock', permit: night.permit, who: 'test' });
        expect(released).toMatchObject({ ok: false, error: expect.stringContaining('orders-t1') });
        expect(night.run()).toBe(null);
        await cockpit.disarm();
        await lab.sql('orders-t1', 'START SLAVE SQL_THREAD');
        await opens(cockpit, 'replication.running:orders');
      },
      limitMs,
    );

    test(
      'a target that takes writes',
      async () => {
        const { cockpit } = composed;
        await lab.sql('content-t1', 'SET GLOBAL read_only=0');
        const verdict = await shuts(cockpit, 'writers.others-read-only:content', /content-t1.*writable/);
        expect(verdict.overridable).toBe(false);
        await lab.sql('content-t1', 'SET GLOBAL read_only=1');
        await opens(cockpit, 'writers.others-read-only:content');
      },
      limitMs,
    );

    test(
      'a co-master that is down',
      async () => {
        const { cockpit } = composed;
        await lab.kill('content-b1');
        try {
          await shuts(cockpit, 'right-servers.reachable:content-b1', /content-b1/);
          await writeAsApp(lab, 'content-a1');
          expect(await cockpit.arm('test', false)).toMatchObject({
            ok: false,
            error: expect.stringContaining('content-b1'),
          });
        } finally {
          await lab.restart('content-b1');
        }
        await opens(cockpit, 'right-servers.reachable:content-b1', 'replication.running:content');
      },
      limitMs,
    );
  });

  describe('in the minute', () => {
    let composed: Composed | null = null;
    const start = async (name: string, change?: (plan: PlanInput) => PlanInput): Promise<Composed> => {
      await resetLab(lab);
      composed = await prepared(writePlan(lab, name, change));
      return composed;
    };
    afterEach(async () => {
      await composed?.stop();
      composed = null;
    });

    test.each([
      // A statement that is still writing; and a session that says nothing and holds a table.
      { name: 'a long statement', sql: 'UPDATE shop.customers SET name=name WHERE SLEEP(60)=0', idle: false },
      { name: 'LOCK TABLES', sql: 'LOCK TABLES shop.customers WRITE', idle: true },
    ])(
      '$name on the source when the fence comes: postponed, thawed, and named',
      async ({ name, sql, idle }) => {
        const { cockpit } = await start(`blocked-${name.split(' ').at(-1)?.toLowerCase() ?? ''}`, (plan) => ({
          ...plan,
          chains: plan.chains.map((chain) => ({ ...chain, blockers: 'postpone' })),
          limits: { ...plan.limits, longTransactionMs: 600_000 },
        }));
        const before = await settingsOf(lab, sourceIds);
        const blocker = await connectAsRoot(lab.state(), 'orders-a1');
        blocker.on('error', () => undefined);
        const thread = blocker.threadId;
        const blocking = blocker.query(sql).catch(() => undefined);
        if (idle) await blocking;
        const { run, outcome } = await runToEnd(cockpit).finally(() => blocker.destroy());
        expect(outcome).toBe('thawed');
        expect(run.ponrAt).toBe(null);
        expect(run.abortReason).toContain('orders-a1 could not be fenced');
        expect(run.abortReason).toContain(`thread ${thread}`);
        await lab.sql('orders-a1', `KILL ${thread}`).catch(() => undefined);
        await sourceTakesWrites();
        // The run lock goes with the sessions of the minute.
        await cockpit.disarm();
        await expect.poll(() => settingsOf(lab, sourceIds), { timeout: 20_000 }).toEqual(before);
      },
      limitMs,
    );

    test(
      'an application host that refuses the switch: named, the others go on, one press mends it',
      async () => {
        const { cockpit } = await start('refused-switch');
        lab.refuseSwitch('app-b1', 'a deployment is running');
        const { night, run, outcome } = await runToEnd(cockpit, 3);
        expect(outcome).toBe('needs-operator');
        const redirect = run.steps['redirect'];
        expect(redirect).toMatchObject({ state: 'failed' });
        expect(redirect?.text).toMatch(/^1 of 4 application hosts.*app-b1.*a deployment is running/s);
        expect(redirect?.text).not.toMatch(/app-a1|app-e1|app-w1/);
        for (const host of ['app-a1', 'app-e1', 'app-w1'])
          expect(entryIn(run.commands, `redirect#1/shop.verify@${host}`)?.answer).toMatchObject({
            kind: 'ok',
          });
        for (const chain of chains) {
          expect(run.steps[`reverse:${chain}`]).toMatchObject({ state: 'done' });
          await expect(writeAsApp(lab, `${chain}-a1`)).rejects.toMatchObject({ errno: 1290 });
          await writeAsApp(lab, `${chain}-t1`);
        }
        lab.allowSwitch('app-b1');
        const figures = night.measured();
        night.runner()?.post({ kind: 'retry-asked', who: 'test', step: 'redirect' });
        const again = await outcomeOf(night, figures);
        expect(again.outcome).toBe('done');
        // Only the host that lagged behind was switched a second time.
        expect(
          entriesOf(again.run.commands)
            .map(({ command: { key } }) => key)
            .filter((key) => key.startsWith('redirect#2/shop.switch')),
        ).toEqual(['redirect#2/shop.switch@app-b1']);
        for (const master of masters)
          await expect(writeAsApp(lab, master)).rejects.toMatchObject({ errno: 1290 });
      },
      limitMs,
    );
  });
});
