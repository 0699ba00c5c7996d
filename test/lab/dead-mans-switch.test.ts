import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine } from '../../main/adapters/ssh-shell-words.ts';
import { dialectOfIdentity } from '../../shared/sessions/dialect.ts';
import { bootArgv, loginArgv, parseBoot, parseLogin } from '../../shared/steps/switch-looks.ts';
import { switchScript } from '../../shared/steps/switch-script.ts';
import type { HostSwitch, SwitchServer } from '../../shared/steps/switch-host.ts';
import { missingFor } from './flavors.ts';
import { startMariadb, type LoneServer } from './loopback-mariadb.ts';
import { stopChild } from './loopback-sshd.ts';
import { pause } from './processes.ts';
import { eventually } from './sql.ts';

const here = missingFor('mariadb').length === 0;
const runLock = "'cutover:run'";

/** A session of a cockpit: a client process that holds the run lock, and may have fenced. */
type Session = { readonly thread: number; readonly say: (sql: string) => void; readonly kill: () => void };

describe.runIf(here)("the dead-man's switch on real servers", () => {
  const home = mkdtempSync(join(tmpdir(), 'cutover-dead-man-'));
  let source: LoneServer;
  let target: LoneServer;
  const clients: ChildProcess[] = [];
  beforeAll(async () => {
    source = await startMariadb(join(home, 'a'));
    target = await startMariadb(join(home, 't'));
  }, 120_000);
  afterAll(async () => {
    await Promise.all(clients.map(stopChild));
    await Promise.all([source, target].map((server) => server?.stop()));
    rmSync(home, { recursive: true, force: true });
  });

  const loginOf = (name: 'a' | 't'): readonly string[] => [
    'mariadb',
    '--no-defaults',
    '--protocol=SOCKET',
    `--socket=${join(home, name, 's')}`,
    '--user=root',
  ];
  const open = async (name: 'a' | 't'): Promise<Session> => {
    const [client = '', ...args] = loginOf(name);
    const child = spawn(client, [...args, '-N', '-B', '-n'], { stdio: ['pipe', 'pipe', 'ignore'] });
    clients.push(child);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stdin.write(`SELECT CONCAT('thread ', CONNECTION_ID(), ' ', GET_LOCK(${runLock}, 0));\n`);
    await eventually('the session is open', 10_000, async () => {
      if (!/thread \d+ 1/.test(out)) throw new Error(out);
    });
    return {
      thread: Number(/thread (\d+)/.exec(out)?.[1]),
      say: (sql) => void child.stdin.write(`${sql};\n`),
      kill: () => void child.kill('SIGKILL'),
    };
  };
  const arm = (
    name: string,
    deadlineMs: number,
    of: { readonly a: Session; readonly t: Session; readonly server?: Partial<SwitchServer> },
  ): { readonly script: string; readonly folder: string; readonly result: () => string } => {
    const server: SwitchServer = {
      instance: 'a1',
      words: loginOf('a'),
      threads: [of.a.thread],
      fenceThread: of.a.thread,
      items: [
        { kind: 'thaw', instance: 'a1', fenceThread: of.a.thread },
        { kind: 'scheduler-on', instance: 'a1' },
        { kind: 'remove-reverse', instance: 'a1', channel: 'cutover_reverse' },
      ],
      removeReverse: {
        channel: 'cutover_reverse',
        show: 'SHOW ALL SLAVES STATUS',
        statements: ["STOP SLAVE 'cutover_reverse'", "RESET SLAVE 'cutover_reverse' ALL"],
      },
      closeRing: null,
      durable: { statements: [], file: join(home, 'fence.cnf') },
      ...of.server,
    };
    const data: HostSwitch = {
      runId: name,
      host: 'here',
      deadlineMs,
      servers: [server],
      targets: [{ instance: 't1', words: loginOf('t'), threads: [of.t.thread] }],
      chains: [{ chain: 'orders', servers: ['a1'], targets: ['t1'] }],
      commands: [],
      files: [],
    };
    const script = join(home, `${name}.sh`);
    writeFileSync(script, switchScript(data));
    execFileSync('sh', [script, 'arm']);
    const folder = join(home, name);
    const file = join(folder, 'result');
    return { script, folder, result: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
  };
  const writable = (server: LoneServer): boolean => server.root('SELECT @@GLOBAL.read_only').trim() === '0';
  const becomes = (what: string, is: () => boolean): Promise<void> =>
    eventually(what, 60_000, async () => {
      await pause(50);
      if (!is()) throw new Error('not yet');
    });
  const begin = async () => {
    for (const client of clients.splice(0)) client.kill('SIGKILL');
    for (const server of [source, target])
      await becomes('the lock is free', () =>
        server.root(`SELECT IFNULL(IS_USED_LOCK(${runLock}), 'free')`).includes('free'),
      );
    source.root('SET GLOBAL read_only = 0; SET GLOBAL event_scheduler = OFF');
    target.root('SET GLOBAL read_only = 1');
    return { a: await open('a'), t: await open('t') };
  };
  test('what the host is tried for before: who answers, with which rights, and what it would read at its next start', async () => {
    const dialect = dialectOfIdentity({ flavor: 'mariadb', version: '10.11.0' });
    if (dialect === null) throw new Error('no dialect');
    const ground = { dialect, side: 'source', scheduler: true } as const;
    const said = (argv: readonly string[]) => {
      const { stdout, stderr } = spawnSync('sh', ['-c', commandLine(argv, 'end-mark')], { encoding: 'utf8' });
      return { stdout, stderr };
    };
    const login = (words: readonly string[]) =>
      parseLogin(said(loginArgv({ instance: 'a1', words }, ground)), ground);
    const root = login(loginOf('a'));
    expect(root).toMatchObject({
      account: 'root@localhost',
      port: source.port,
      datadir: `${join(home, 'a', 'data')}/`,
    });
    expect(root?.tried.filter(({ error }) => error !== null)).toEqual([]);
    source.root('CREATE USER weak@localhost; GRANT PROCESS ON *.* TO weak@localhost');
    const weak = login([...loginOf('a').slice(0, -1), '--user=weak']);
    expect(weak?.tried.flatMap(({ need, error }) => (error === null ? [] : [need]))).toEqual([
      'see replication',
      'fence and promote: set read_only',
      'switch the event scheduler',
      'remove a replication link',
      'configure, start and stop replication',
      'end sessions',
    ]);
    expect(login([...loginOf('a').slice(0, -1), '--user=nobody'])).toBeNull();
    const next = (dropIn?: string) =>
      parseBoot(said(bootArgv('a1', root ?? { pidFile: '', datadir: '' }, dropIn)).stdout);
    expect(next()).toMatchObject({
      program: '/usr/sbin/mariadbd',
      options: [],
      unreadable: [],
      dropIn: null,
      dropInRead: null,
    });
    // As a fence that was made durable leaves it, and a file of first statements.
    const [folder, first] = [join(home, 'include'), join(home, 'first.sql')];
    mkdirSync(folder);
    expect(next(join(folder, 'fence.cnf'))).toMatchObject({ dropIn: false, dropInRead: false });
    writeFileSync(join(folder, 'fence.cnf'), '[mariadb]\nloose-read-only\n');
    writeFileSync(first, 'SET GLOBAL read_only = 1;\n');
    appendFileSync(join(home, 'a', 'my.cnf'), `init_file=${first}\n!includedir ${folder}\n`);
    expect(next(join(folder, 'fence.cnf'))).toMatchObject({
      options: ['--loose-read-only'],
      initFile: `${first}, which speaks of read_only,`,
      dropIn: true,
      dropInRead: true,
    });
  });

  test('the cockpit dies after the fence: the source takes writes again, the scheduler is on, the link is gone', async () => {
    const { a, t } = await begin();
    const armed = arm('dies', 3_000, { a, t });
    source.root(
      "CHANGE MASTER 'cutover_reverse' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'x'",
    );
    a.say('SET GLOBAL read_only = 1');
    await becomes('the fence is shut', () => !writable(source));
    a.kill();
    t.kill();
    await becomes('the source takes writes', () => writable(source));
    await becomes('the switch is over', () => armed.result().includes(': over'));
    expect(source.root('SELECT @@GLOBAL.event_scheduler').trim()).toBe('ON');
    expect(source.root('SHOW ALL SLAVES STATUS').trim()).toBe('');
    expect(armed.result()).toContain('a1 takes writes again, read twice');
    expect(writable(target)).toBe(false);
  }, 120_000);

  test('the cockpit sleeps with its session open and holds the lock: its thread is ended, the source thaws', async () => {
    const { a, t } = await begin();
    const armed = arm('sleeps', 3_000, { a, t });
    a.say('SET GLOBAL read_only = 1');
    await becomes('the fence is shut', () => !writable(source));
    await becomes('the source takes writes', () => writable(source));
    await becomes('the switch is over', () => armed.result().includes(': over'));
    expect(source.root(`SELECT IFNULL(IS_USED_LOCK(${runLock}), 'free')`).trim()).toBe('free');
    // It wakes up and tries to claim: the rename is lost, and that is how it knows.
    expect(existsSync(join(armed.folder, 'armed'))).toBe(false);
    expect(() => execFileSync('sh', [armed.script, 'end'], { stdio: 'pipe' })).toThrow(/has acted/);
    t.kill();
  }, 120_000);

  test('a fence that still waits is ended by its thread before the thaw', async () => {
    const { a, t } = await begin();
    source.root('CREATE DATABASE IF NOT EXISTS shop; CREATE TABLE IF NOT EXISTS shop.t (id INT)');
    const [client = '', ...args] = loginOf('a');
    const holder = spawn(client, [...args, '-n'], { stdio: ['pipe', 'ignore', 'ignore'] });
    clients.push(holder);
    holder.stdin.write('LOCK TABLES shop.t WRITE;\n');
    const armed = arm('waits', 3_000, { a, t });
    await pause(500);
    a.say('SET SESSION lock_wait_timeout = 600; SET GLOBAL read_only = 1');
    await becomes('the fence waits', () =>
      source.root('SHOW FULL PROCESSLIST').includes('SET GLOBAL read_only = 1'),
    );
    // Nobody tells the server that the cockpit is gone: the statement waits on, and would take effect later.
    await becomes('the switch is over', () => armed.result().includes(': over'));
    expect(armed.result()).toContain("ending the run's own threads");
    await stopChild(holder);
    await pause(500);
    expect(writable(source)).toBe(true);
    t.kill();
  }, 120_000);

  test('dies in the narrow passage: the second stage holds the target, then the source thaws', async () => {
    const { a, t } = await begin();
    const armed = arm('passage', 600_000, { a, t });
    writeFileSync(join(home, 'fence.cnf'), '[mysqld]\nread_only=1\n');
    a.say('SET GLOBAL read_only = 1');
    await becomes('the fence is shut', () => !writable(source));
    execFileSync('mv', [join(armed.folder, 'armed'), join(armed.folder, 'claimed')]);
    // Asleep, not dead: the sessions are open and hold both locks.
    await becomes('the source takes writes', () => writable(source));
    await becomes('the switch is over', () => armed.result().includes(': over'));
    expect(armed.result()).toContain('the run lock is kept on every target master');
    expect(writable(target)).toBe(false);
    expect(existsSync(join(home, 'fence.cnf'))).toBe(false);
    // Whoever wakes up late can neither open the target nor close the source.
    for (const server of [source, target])
      expect(server.root(`SELECT GET_LOCK(${runLock}, 0)`).trim()).toBe('0');
    a.kill();
    t.kill();
    const over = (word: string): void =>
      expect(() => execFileSync('sh', [armed.script, 'end', word], { stdio: 'pipe' })).toThrow(/has acted/);
    over('passed');
    expect(existsSync(join(armed.folder, 'holding'))).toBe(true);
    // Only whoever has seen everything taken back has it let go.
    over('undone');
    await becomes('the lock is free', () =>
      target.root(`SELECT IFNULL(IS_USED_LOCK(${runLock}), 'free')`).includes('free'),
    );
  }, 120_000);

  test('dies after promotion: the target takes writes, so the second stage leaves the source closed', async () => {
    const { a, t } = await begin();
    const armed = arm('promoted', 600_000, { a, t });
    a.say('SET GLOBAL read_only = 1');
    await becomes('the fence is shut', () => !writable(source));
    execFileSync('mv', [join(armed.folder, 'armed'), join(armed.folder, 'claimed')]);
    t.say('SET GLOBAL read_only = 0');
    await becomes('the target is open', () => writable(target));
    a.kill();
    t.kill();
    await becomes('the switch is over', () => armed.result().includes(': over'));
    expect(armed.result()).toContain('its source stays closed');
    expect(writable(source)).toBe(false);
    rmSync(join(armed.folder, 'holding'));
    source.root('SET GLOBAL read_only = 0');
  }, 120_000);

  test('the target cannot be reached: everything stays closed, and the result says so', async () => {
    const { a, t } = await begin();
    const armed = arm('cut-off', 600_000, { a, t });
    a.say('SET GLOBAL read_only = 1');
    await becomes('the fence is shut', () => !writable(source));
    execFileSync('mv', [join(armed.folder, 'armed'), join(armed.folder, 'claimed')]);
    a.kill();
    t.kill();
    await target.stop();
    await becomes('the switch is over', () => armed.result().includes(': over'));
    expect(armed.result()).toContain('orders: everything stays closed');
    expect(writable(source)).toBe(false);
    rmSync(join(armed.folder, 'holding'));
    source.root('SET GLOBAL read_only = 0');
    await target.start();
  }, 120_000);
});
