import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlanInput } from '../../shared/plan/plan.ts';
import { administrator, optionFile } from './accounts.ts';
import { missingFor } from './flavors.ts';
import type { Flavor } from './topology.ts';
import { instanceDir } from './lab-state.ts';
import { expectNothingLost, isClosed } from './lab-truth.ts';
import type { Load } from './load.ts';
import {
  cli,
  journalFileOf,
  journalText,
  killedRun,
  newState,
  removeStates,
  runCli,
  settingsOf,
  takesWrites,
  underLoad,
  writePlan,
  type Cli,
} from './minute-ground.ts';
import { connectAsRoot, eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { chains, membersOf, sourceIds } from './topology.ts';

const limitMs = 400_000;
const deadlineMs = 40_000;
const masters = chains.flatMap((chain) => membersOf(chain, 'source-master').map(({ id }) => id));
const targets = chains.flatMap((chain) => membersOf(chain, 'target-master').map(({ id }) => id));

afterAll(removeStates);

/** Long runs of real servers: `npm run test:night` asks for them. */
const asked = process.env['NIGHT'] !== undefined;
if (!asked)
  console.warn(
    "!!! NOT RUN: the dead-man's switch of a whole run on real servers. `npm run test:night` runs it.",
  );

describe.each(['mariadb', 'mysql'] as const)('a dead cockpit on real servers', (flavor) => {
  describe.runIf(asked && missingFor(flavor).length === 0)(flavor, () => deadCockpit(flavor));
});

function deadCockpit(flavor: Flavor): void {
  let lab: Lab;
  let plan: string;
  const state = newState();
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cutover-dead-'));
    lab = await startLab({ flavor, gtid: 'on', dir, owner: process.pid });
    // What waits for Route 53 is none of this.
    plan = writePlan(lab, 'dead', ({ dns: _dns, ...rest }) => withSwitch(rest));
  }, limitMs);
  afterAll(async () => {
    for (const run of existsSync(join(state, 'runs')) ? readdirSync(join(state, 'runs')) : [])
      for (const left of switches(run)) rmSync(left, { recursive: true, force: true });
    await lab?.stop();
  }, limitMs);

  const withSwitch = (of: PlanInput): PlanInput => ({
    ...of,
    limits: {
      ...of.limits,
      runDeadlineMs: 25_000,
      preDrainMs: 20_000,
      convergeMs: 20_000,
      drainMs: 20_000,
      abortMs: 5_000,
      deadMansSwitchMs: deadlineMs,
      // The passage must be over before the second stage takes a living cockpit for dead.
      passageMs: 1_500,
      promoteMs: 3_000,
    },
    instances: of.instances.map((instance) =>
      sourceIds.includes(instance.id)
        ? {
            ...instance,
            hostLogin: {
              client: 'mariadb',
              socket: join(instanceDir(lab.state(), instance.id), 'mysql.sock'),
              user: administrator,
            },
          }
        : instance,
    ),
    chains: of.chains.map((chain) => ({
      ...chain,
      deadMansSwitch: { client: 'mariadb', targetOptionFile: optionFile(lab.dir, 'cockpit') },
      // Whoever keeps the fence waiting here is meant to.
      blockers: 'wait' as const,
    })),
  });
  const restarted = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) await lab.kill(id);
    for (const id of ids) await lab.restart(id);
  };
  const runId = (): string => journalFileOf(state)?.split('/').at(-2) ?? 'none';
  /** What the switches of a run left behind: all hosts of the lab have one home. */
  const switches = (run = runId()): readonly string[] =>
    readdirSync(homedir())
      .filter((name) => name.startsWith(`.cutover-${run}-`))
      .map((name) => join(homedir(), name));
  /** What they wrote down, one text a host. */
  const results = (): readonly string[] =>
    switches()
      .map((folder) => join(folder, 'result'))
      .flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : []));
  /** The fence of one server waits for whoever holds a table there, and the other servers are closed meanwhile. */
  const whileFencing = async (act: (run: Cli) => Promise<void>) => {
    const earlier = journalFileOf(state);
    const blocker = await connectAsRoot(lab.state(), 'orders-a1');
    try {
      return await runCli(state, plan, async (run) => {
        const says = (step: string) => async (): Promise<void> => {
          const text = journalFileOf(state) === earlier ? '' : journalText(state);
          if (!text.includes(`"${step} running"`)) throw new Error(run.stderr().slice(-500));
        };
        // Not before the release: MySQL shows who holds a table, and a gate would close on that.
        await eventually('the run has begun', limitMs, says('lock'));
        await blocker.query('LOCK TABLES shop.customers WRITE');
        await eventually('the fence waits', limitMs, says('fence:orders'));
        const closed = async (): Promise<void> => expect(await isClosed(lab, 'content-a1')).toBe(true);
        await eventually('content-a1 is closed', 20_000, closed);
        await act(run);
      });
    } finally {
      blocker.destroy();
    }
  };
  const nothingIsLost = async (load: Load): Promise<void> => {
    // A link that lost its source asks again after up to a minute.
    await expectNothingLost(lab, load, { on: masters, withinMs: 90_000 });
    for (const target of targets) expect(await isClosed(lab, target), target).toBe(true);
  };

  test(
    "SIGKILL while it fences: the application writes again within the plan's deadline, with nobody's help",
    async () => {
      const before = await settingsOf(lab, sourceIds);
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        let killedAt = 0;
        const ended = await whileFencing(async (run) => {
          killedAt = Date.now();
          run.send('SIGKILL');
        });
        expect(killedAt, ended.stderr).toBeGreaterThan(0);
        for (const master of masters) await takesWrites(lab, writing, master);
        console.log(`from SIGKILL to a source that takes writes: ${Date.now() - killedAt} ms`);
        expect(Date.now() - killedAt).toBeLessThan(deadlineMs + 30_000);
      });
      await eventually('every switch is over', 30_000, async () => {
        expect(results()).toHaveLength(2);
        for (const result of results()) expect(result).toContain(': over');
      });
      expect(await settingsOf(lab, sourceIds)).toEqual(before);
      await nothingIsLost(load);
      // The next morning somebody ends the run that nobody drives any more.
      const ended = await cli(state, 'abort', runId(), '--json');
      expect(ended.code, ended.stderr).toBe(3);
      expect(JSON.parse(ended.stdout)).toMatchObject({ runId: runId(), outcome: 'thawed' });
      expect(await settingsOf(lab, sourceIds)).toEqual(before);
    },
    limitMs,
  );

  test(
    'a switch that dies ends the run: all is taken back, and the reason names its host',
    async () => {
      const silence = "on colo-b-db: no new sign of life of the dead-man's switch for";
      const before = await settingsOf(lab, sourceIds);
      const ended = await whileFencing(async () => {
        const folder = switches().find((each) => each.endsWith('-colo-b-db'));
        process.kill(Number(readFileSync(join(folder ?? '', 'pid'), 'utf8')), 'SIGKILL');
        await eventually('its silence is told', 20_000, async () =>
          expect(journalText(state)).toContain(silence),
        );
      });
      expect(ended.code, ended.stderr).toBe(3);
      expect(await settingsOf(lab, sourceIds)).toEqual(before);
      // The other one was told to stand down, and is gone.
      expect(switches().filter((each) => each.includes('colo-a-db'))).toEqual([]);
    },
    limitMs,
  );

  test(
    'SIGSTOP while it fences: its locks and sessions do not keep the source closed, and awake it gives up',
    async () => {
      const before = await settingsOf(lab, sourceIds);
      const [ended, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        return whileFencing(async (run) => {
          run.send('SIGSTOP');
          // content-a1 was closed, and nobody holds a table there.
          await takesWrites(lab, writing, 'content-a1').finally(() => run.send('SIGCONT'));
        });
      });
      expect(ended.code, ended.stderr).toBe(3);
      expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'thawed' });
      await eventually('every setting as before', 30_000, async () =>
        expect(await settingsOf(lab, sourceIds)).toEqual(before),
      );
      await nothingIsLost(load);
    },
    limitMs,
  );

  test.each(['claim', 'last-look'] as const)(
    'killed in the narrow passage behind %s: the second stage opens the sources, and the run is ended there',
    async (step) => {
      const before = await settingsOf(lab, sourceIds);
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        await killedRun({ plan, step, state });
        for (const master of masters) await takesWrites(lab, writing, master);
      });
      await eventually('the second stage is over', 60_000, async () => {
        expect(results()).toHaveLength(2);
        for (const result of results()) expect(result).toContain('over; run locks are kept until');
      });
      await nothingIsLost(load);
      const taken = await cli(state, 'resume', runId(), '--json');
      if (step === 'claim') expect(taken.code, taken.stderr).toBe(3);
      else {
        // Behind the point of no return nobody but a person says that it is over.
        expect(taken.code, taken.stderr).toBe(4);
        expect(taken.stderr).toContain('opened again by the second stage');
        expect(taken.stderr).toContain(`cockpit resume ${runId()} --conclude`);
        const concluded = await cli(state, 'resume', runId(), '--conclude', '--json');
        expect(concluded.code, concluded.stderr).toBe(3);
        expect(JSON.parse(concluded.stdout)).toMatchObject({ runId: runId(), outcome: 'thawed' });
      }
      await eventually('every setting as before', 30_000, async () =>
        expect(await settingsOf(lab, sourceIds)).toEqual(before),
      );
      for (const target of targets) expect(await isClosed(lab, target), target).toBe(true);
    },
    limitMs,
  );

  test(
    'a fenced host reboots while the cockpit is dead: its switch is gone, and its server comes back writable by itself',
    async () => {
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        await whileFencing(async (run) => {
          run.send('SIGKILL');
          // A reboot ends both: the servers, one fenced and one about to be, and what would have opened them.
          const folder = switches().find((each) => each.endsWith('-colo-a-db'));
          process.kill(Number(readFileSync(join(folder ?? '', 'pid'), 'utf8')), 'SIGKILL');
          await restarted(['orders-a1', 'content-a1']);
          for (const id of ['orders-a1', 'content-a1']) await takesWrites(lab, writing, id);
        });
        for (const master of masters) await takesWrites(lab, writing, master);
      });
      await nothingIsLost(load);
      const ended = await cli(state, 'abort', runId(), '--json');
      expect(ended.code, ended.stderr).toBe(3);
      for (const folder of switches()) rmSync(folder, { recursive: true, force: true });
    },
    limitMs,
  );

  test(
    'preflight tries every login and the next start of every source: the gate opens on that, and closes on a fence left behind',
    async () => {
      // Started as a service manager would do it: by what the option files say, and no more.
      await restarted(masters);
      const gates = async (): Promise<readonly string[]> => {
        const { stdout } = await cli(state, 'preflight', plan, '--json');
        const {
          verdicts,
        }: { readonly verdicts: readonly { gate: string; state: string; reasons: string[] }[] } =
          JSON.parse(stdout);
        return verdicts
          .filter(({ gate }) => gate.startsWith('way-back.dead-mans-switch'))
          .map(({ gate, state: is, reasons }) => [gate, is, ...reasons].join(' '));
      };
      expect(await gates()).toEqual([
        'way-back.dead-mans-switch:orders open',
        'way-back.dead-mans-switch:content open',
      ]);
      const conf = join(instanceDir(lab.state(), 'orders-b1'), 'conf.d', 'left.cnf');
      writeFileSync(conf, '[mysqld]\nread_only=1\n');
      try {
        expect((await gates())[0]).toMatch(
          /orders closed orders-b1: expected a server that comes back writable/,
        );
      } finally {
        rmSync(conf);
      }
    },
    limitMs,
  );
}
