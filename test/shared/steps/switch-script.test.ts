import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { armedHosts } from '../../../shared/plan/switches.ts';
import { hostSwitch, type HostSwitch } from '../../../shared/steps/switch-host.ts';
import { parseSwitchSaid, type SwitchSaid } from '../../../shared/steps/switch-said.ts';
import { switchScript } from '../../../shared/steps/switch-script.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { factsOf } from '../../helpers/model-servers.ts';
import { switchPlan } from '../../helpers/switch-plan.ts';

const home = mkdtempSync(join(tmpdir(), 'cutover-switch-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What the reference case arms, with the facts of a quiet night. */
function armed(change: Partial<HostSwitch> = {}): readonly HostSwitch[] {
  const plan = switchPlan();
  const world = openWorld(plan, undefined, false);
  const facts = Object.fromEntries(
    [...world.model.servers.values()].map((one) => [one.id, factsOf(one, 1, 0)]),
  );
  return armedHosts(plan)
    .map((host) => hostSwitch(plan, host, { ...world.run(), runId: 'R1', facts, accounts: {} }))
    .map((each) => ({
      ...each,
      ...change,
    }));
}

/** A switch without any server, on this machine. */
function bare(name: string, deadlineMs: number): { readonly script: string; readonly folder: string } {
  const script = join(home, `${name}.sh`);
  const nothing = { servers: [], targets: [], chains: [], commands: [], files: [] };
  writeFileSync(script, switchScript({ runId: name, host: 'here', deadlineMs, ...nothing }));
  return { script, folder: join(home, name) };
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries += 1) {
    if (tries > 1_000) throw new Error('it does not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ordered = (script: string, order: string) => promisify(execFile)('sh', [script, order]);

/** Whether the process of a switch is gone. */
function isGone(folder: string): boolean {
  return !existsSync(join('/proc', readFileSync(join(folder, 'pid'), 'utf8').trim()));
}

describe('the text of a switch', () => {
  test.each(armed().map((each) => [each.host, each] as const))('is read by a shell: %s', (_, each) => {
    for (const shell of ['dash', 'bash', 'sh']) {
      const file = join(home, 'text.sh');
      writeFileSync(file, switchScript(each));
      execFileSync(shell, ['-n', file]);
    }
  });

  test('opens what the run closes on its host, ends no foreign thread, and knows every target master', () => {
    const [a, b] = armed();
    expect(a?.servers.map(({ instance }) => instance)).toEqual(['orders-a1', 'orders-s1', 'content-a1']);
    expect(b?.servers.map(({ instance }) => instance)).toEqual(['orders-b1', 'content-b1', 'content-s1']);
    expect(a?.servers[0]?.items.map(({ kind }) => kind)).toEqual([
      'thaw',
      'scheduler-on',
      'remove-reverse',
      'close-ring',
    ]);
    // The slave was closed before the run: the run does not open it, and its switch does not either. Its scheduler was on.
    expect(a?.servers[1]).toMatchObject({
      items: [{ kind: 'scheduler-on' }],
      durable: { statements: [], file: null },
    });
    expect(switchScript(a as HostSwitch)).toContain('all scheduler_on_2 &');
    expect(switchScript(a as HostSwitch)).not.toContain('all thaw_2');
    expect(a?.chains).toEqual([
      { chain: 'orders', servers: ['orders-a1', 'orders-s1'], targets: ['orders-t1'] },
      { chain: 'content', servers: ['content-a1'], targets: ['content-t1'] },
    ]);
  });

  test('a name that looks like shell stays a word', () => {
    const evil = `a'; touch ${join(home, 'harm')}; '`;
    const [first] = armed({ commands: [['true', evil]], files: [`/tmp/${evil}`] });
    const file = join(home, 'evil.sh');
    const script = switchScript({
      ...(first as HostSwitch),
      servers: [],
      targets: [],
      chains: [],
      deadlineMs: 0,
    });
    writeFileSync(file, script);
    execFileSync('sh', [file, 'arm']);
    execFileSync('sh', ['-c', `while [ ! -s ${join(home, 'evil', 'result')} ]; do sleep 0.1; done`]);
    execFileSync('sh', ['-c', `while ! grep -q over ${join(home, 'evil', 'result')}; do sleep 0.1; done`]);
    expect(existsSync(join(home, 'harm'))).toBe(false);
    expect(readFileSync(join(home, 'evil', 'result'), 'utf8')).toContain(`ran true ${evil}`);
  });
});

describe('a switch in a real shell', () => {
  test('is armed, shows a sign of life each second, stands down by its claim, and leaves nothing', async () => {
    const { script, folder } = bare('quiet', 600_000);
    const first = execFileSync('sh', [script, 'arm']).toString();
    expect(first).toMatch(/^1 \d+\n$/);
    await until(() => Number(readFileSync(join(folder, 'alive'), 'utf8').split(' ')[0]) >= 3);
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    const status = (): string => execFileSync('sh', [script, 'status']).toString();
    expect(parseSwitchSaid(status())?.state).toBe('armed');
    expect(execFileSync('sh', [script, 'claim']).toString()).toMatch(/^\d+ \d+\n$/);
    expect(parseSwitchSaid(status())).toEqual({ state: 'claimed', opened: [], left: [], over: false });
    expect(execFileSync('sh', [script, 'end']).toString()).toBe('stood down and gone\n');
    await until(() => !existsSync(join('/proc', pid)));
    expect(readdirSync(home).filter((name) => name.startsWith('quiet'))).toEqual([]);
  });

  test('that has fired says so instead of standing down, and keeps what it did', async () => {
    const { script, folder } = bare('fired', 0);
    execFileSync('sh', [script, 'arm']);
    await until(() => existsSync(join(folder, 'fired')) && isGone(folder));
    expect(() => execFileSync('sh', [script, 'end'], { stdio: 'pipe' })).toThrow(
      /the switch has acted: .*fired/,
    );
    expect(readFileSync(join(folder, 'result'), 'utf8')).toMatch(
      /fired: nobody claimed it within 0 s\n.*over\n$/,
    );
  });

  test('tells in words for programs what it opened, and which chain its second stage left closed', async () => {
    // Answers like a server that opens, and that shows the run's thread until it is ended; another one answers nobody.
    const client = join(home, 'client');
    writeFileSync(
      client,
      `#!/bin/sh
case "$*" in
*Uptime*) printf 'Uptime\\t1000\\n' ;;
*PROCESSLIST*) [ -e '${home}/ended' ] || printf '7\\tcutover\\tlocalhost\\tNULL\\n' ;;
*KILL*) : >'${home}/ended' ;;
*'SELECT @@GLOBAL.read_only'*) echo 0 ;;
esac
`,
      { mode: 0o755 },
    );
    const login = { instance: 'orders-a1', words: [client], threads: [7] };
    const server = {
      ...login,
      fenceThread: 7,
      items: [{ kind: 'thaw', instance: 'orders-a1', fenceThread: 7 }],
      removeReverse: null,
      closeRing: null,
      durable: { statements: [], file: null },
    } as const;
    const switched = (name: string, more: Partial<HostSwitch>): (() => SwitchSaid | null) => {
      rmSync(join(home, 'ended'), { force: true });
      const script = join(home, `${name}.sh`);
      const of = { runId: name, host: 'here', servers: [server], targets: [], commands: [], files: [] };
      writeFileSync(script, switchScript({ ...of, deadlineMs: 600_000, chains: [], ...more }));
      execFileSync('sh', [script, 'arm']);
      return () => parseSwitchSaid(execFileSync('sh', [script, 'status']).toString());
    };
    const fired = switched('opens', { deadlineMs: 0 });
    await until(() => (fired()?.opened.length ?? 0) > 0);
    expect(fired()).toMatchObject({ state: 'fired', opened: [{ instance: 'orders-a1' }], left: [] });
    const left = switched('leaves', { chains: [{ chain: 'orders', servers: ['orders-a1'], targets: [] }] });
    renameSync(join(home, 'leaves', 'armed'), join(home, 'leaves', 'claimed'));
    await until(() => left()?.over === true);
    expect(left()).toEqual({ state: 'second', opened: [], left: ['orders'], over: true });
    rmSync(join(home, 'leaves', 'holding'));
    await until(() => isGone(join(home, 'leaves')));
  });

  test('claimed and never told the end goes into its second stage; claimed in time it never fires', async () => {
    // Long enough to be claimed before it on a busy machine, and over long before the second stage.
    const { script, folder } = bare('second', 5_000);
    execFileSync('sh', [script, 'arm']);
    renameSync(join(folder, 'armed'), join(folder, 'claimed'));
    await until(() => existsSync(join(folder, 'holding')));
    expect(existsSync(join(folder, 'fired'))).toBe(false);
    expect(readFileSync(join(folder, 'result'), 'utf8')).toContain('second stage');
    const said = (): SwitchSaid | null => parseSwitchSaid(execFileSync('sh', [script, 'status']).toString());
    await until(() => said()?.over === true);
    expect(said()).toEqual({ state: 'second', opened: [], left: [], over: true });
    rmSync(join(folder, 'holding'));
    await until(() => isGone(folder));
  });

  test.each(['SIGKILL', 'SIGSTOP'] as const)(
    'claimed after its process had %s: the claim gets no answer and says so, and the rename is not taken back',
    async (signal) => {
      const { script, folder } = bare(`dead-${signal}`, 600_000);
      execFileSync('sh', [script, 'arm']);
      const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
      process.kill(pid, signal);
      if (signal === 'SIGKILL') await until(() => isGone(folder));
      expect(() => execFileSync('sh', [script, 'claim'], { stdio: 'pipe' })).toThrow(
        signal === 'SIGKILL' ? /process of this switch is gone/ : /does not answer/,
      );
      expect(existsSync(join(folder, 'armed'))).toBe(false);
      if (signal === 'SIGSTOP') process.kill(pid, 'SIGCONT');
      expect(execFileSync('sh', [script, 'end']).toString()).toBe('stood down and gone\n');
    },
  );

  test('claim and fire meet at the same moment, many times: exactly one wins', async () => {
    // Two of eight are no race, however busy the machine is: one has all the time, and one is claimed when it has fired.
    const hasTime = (index: number): boolean => index % 8 === 0;
    const hasFired = (index: number): boolean => index % 8 === 1;
    const races = Array.from({ length: 24 }, (_, index) =>
      bare(`race${index}`, hasTime(index) ? 600_000 : 3_000),
    );
    const won = { claim: 0, fire: 0 };
    await Promise.all(
      races.map(async ({ script, folder }, index) => {
        await ordered(script, 'arm');
        // Most are claimed around their own deadline, a little before or behind it, and some at once.
        await until(
          () =>
            // One that has fired on a busy machine shows no later sign of life.
            existsSync(join(folder, 'fired')) ||
            (!hasFired(index) &&
              Number(readFileSync(join(folder, 'alive'), 'utf8').split(' ')[0]) >= 1 + (index % 4)),
        );
        let claimed = true;
        try {
          await ordered(script, 'claim');
        } catch {
          claimed = false;
        }
        if (claimed) renameSync(join(folder, 'claimed'), join(folder, 'done'));
        await until(() => isGone(folder));
        expect(existsSync(join(folder, 'fired'))).toBe(!claimed);
        won[claimed ? 'claim' : 'fire'] += 1;
      }),
    );
    expect(won.claim + won.fire).toBe(24);
    expect(Math.min(won.claim, won.fire)).toBeGreaterThan(0);
  }, 120_000);
});
