import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { commandLine } from '../../../main/adapters/ssh-shell-words.ts';
import { dialectOfIdentity } from '../../../shared/sessions/dialect.ts';
import {
  bootArgv,
  loginArgv,
  logoutArgv,
  parseBoot,
  parseLogin,
  parseLogout,
  type LoginGround,
} from '../../../shared/steps/switch-looks.ts';

function groundOf(flavor: 'mysql' | 'mariadb', side: 'source' | 'target', scheduler = true): LoginGround {
  const dialect = dialectOfIdentity({ flavor, version: flavor === 'mysql' ? '9.7.0' : '10.11.0' });
  if (dialect === null) throw new Error('no dialect');
  return { dialect, side, scheduler };
}
const said = (argv: readonly string[]): string =>
  execFileSync('sh', ['-c', commandLine(argv, 'end-mark')], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

describe('the looks at a host', () => {
  test.each([
    ['boot', bootArgv('a1', { pidFile: 'server.pid', datadir: '/var/lib/mysql' }, "~/it's.cnf")],
    ['logout', logoutArgv()],
    [
      'login',
      loginArgv(
        { instance: 'a1', words: ['mysql', '--defaults-file=~/x y.cnf'] },
        groundOf('mysql', 'source'),
      ),
    ],
  ])('%s is one line without a break, read by every shell', (_, argv) => {
    expect(argv.join('')).not.toMatch(/[\n\r]/);
    for (const shell of ['dash', 'bash', 'sh']) execFileSync(shell, ['-n', '-c', commandLine(argv, 'mark')]);
  });

  test('a server that is not there is said, with where its pid file was looked for', () => {
    const argv = bootArgv('a1', { pidFile: 'no.pid', datadir: '/nowhere' }, undefined);
    const out = execFileSync('sh', ['-c', `${commandLine(argv, 'end-mark')}`.replace('>&2', '>&1')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }).toString();
    expect(out).toContain('end-mark 1');
  });

  test('this machine says whether a logout ends what is left', () => {
    expect(parseLogout(said(logoutArgv()))).toMatchObject({ user: expect.any(String) });
  });
});

describe('what a login said', () => {
  const rows = [
    'version\t9.7.4',
    'server_uuid\tAAAA',
    'server_id\t7',
    'port\t3306',
    'datadir\t/d/',
    'pid_file\ts.pid',
    'performance_schema\tON',
    'account\troot@localhost',
  ].join('\n');
  const ground = groundOf('mysql', 'target');

  test('errors are those of their lines; what comes behind the check of a right is none', () => {
    const seen = parseLogin(
      {
        stdout: `${rows}\npersisted\t--read_only=ON\n`,
        stderr: 'mysql: [Warning] x\nERROR 1227 (42000) at line 5: Access denied\n',
      },
      ground,
    );
    expect(seen).toMatchObject({
      serverUuid: 'AAAA',
      serverId: 7,
      port: 3306,
      persisted: ['--read_only=ON'],
    });
    expect(seen?.tried.map(({ need, error }) => [need, error])).toEqual([
      ['see all sessions and transactions', null],
      ['end sessions', '1227: Access denied'],
    ]);
    const source = groundOf('mysql', 'source');
    const removed = parseLogin({ stdout: rows, stderr: 'ERROR 3074 (HY000) at line 8: no channel' }, source);
    expect(removed?.tried.filter(({ error }) => error !== null)).toEqual([]);
  });

  test('what is persisted is not known where it could not be read', () => {
    const refused = { stdout: rows, stderr: 'ERROR 1142 (42000) at line 3: SELECT denied' };
    expect(parseLogin(refused, ground)?.persisted).toBeNull();
    const off = rows.replace('performance_schema\tON', 'performance_schema\tOFF');
    expect(parseLogin({ stdout: off, stderr: '' }, ground)?.persisted).toBeNull();
    expect(parseLogin({ stdout: rows, stderr: '' }, ground)?.persisted).toEqual([]);
  });

  test('without the traits of a server nothing is believed', () => {
    for (const trait of ['version', 'server_id', 'port', 'account'])
      expect(parseLogin({ stdout: rows.replace(`${trait}\t`, 'x\t'), stderr: '' }, ground)).toBeNull();
  });
});

describe('whether a server reads its drop-in, as a real shell finds it by its process', () => {
  const home = mkdtempSync(join(tmpdir(), 'drop-in-'));
  const conf = join(home, 'conf.d');
  mkdirSync(conf);
  mkdirSync(join(home, 'other.d'));
  // Only its name and its words count here: it waits until it is ended, and prints no options.
  const program = join(home, 'mariadbd');
  writeFileSync(program, '#!/bin/sh\n[ "$2" != --print-defaults ] || exit 0\nread -r _\n', { mode: 0o755 });
  const optionFile = join(home, 'my.cnf');
  const server = spawn(program, [`--defaults-file=${optionFile}`, '--skip-read-only'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const pidFile = join(home, 'server.pid');
  writeFileSync(pidFile, `${server.pid ?? ''}\n`);
  afterAll(async () => {
    const gone = once(server, 'exit');
    server.stdin.end();
    await gone;
    rmSync(home, { recursive: true });
  });

  test.each([
    ['its folder is included', `!includedir ${conf}/`, 'fence.cnf', true],
    ['it is included by its name, whatever it is called', `!include ${conf}/fence.conf`, 'fence.conf', true],
    ['a file that is included includes its folder', `!include ${home}/more.cnf`, 'fence.cnf', true],
    ['of a folder only names in .cnf count', `!includedir ${conf}`, 'fence.conf', false],
    ['another folder is included', `!includedir ${home}/other.d`, 'fence.cnf', false],
    ['nothing is included', '[mysqld]', 'fence.cnf', false],
  ])('%s', async (_, line, name, read) => {
    writeFileSync(optionFile, `${line}\n`);
    writeFileSync(join(home, 'more.cnf'), `!includedir ${conf}\n`);
    const argv = bootArgv('a1', { pidFile, datadir: home }, join(conf, name));
    await vi.waitUntil(() => parseBoot(said(argv)) !== null, { timeout: 10_000 });
    expect(parseBoot(said(argv))).toMatchObject({ dropIn: false, dropInRead: read });
    expect(parseBoot(said(bootArgv('a1', { pidFile, datadir: home }, undefined)))?.dropInRead).toBeNull();
  });

  test('what is said of read-only stands in the order in which it is read, and where the drop-in would be', async () => {
    const lines = (...all: readonly string[]) => `${all.join('\n')}\n`;
    writeFileSync(
      optionFile,
      lines(
        '[mysqld]',
        'read_only=1',
        `!include ${home}/more.cnf`,
        ' read-only = 0 # why',
        `!includedir ${conf}`,
        '',
        `!includedir ${home}/other.d`,
        'super-read-only',
        '[client]',
        'password=read_only',
        'innodb_read_only_compressed=0',
      ),
    );
    writeFileSync(join(home, 'more.cnf'), lines('[server]', 'loose-read-only=OFF', '# read_only=2'));
    for (const [name, value] of [
      ['a', 3],
      ['y', 4],
      ['z', 5],
    ] as const)
      writeFileSync(join(conf, `${name}.cnf`), lines(`[mysqld]`, `read_only=${String(value)}`));
    const argv = bootArgv('a1', { pidFile, datadir: home }, join(conf, 'x.cnf'));
    await vi.waitUntil(() => parseBoot(said(argv)) !== null, { timeout: 10_000 });
    const seen = parseBoot(said(argv));
    expect(seen).toMatchObject({ given: ['--skip-read-only'], dropIn: false, dropInRead: true });
    expect(seen?.written.map((each) => (each === null ? 'here' : `${each.group}: ${each.text}`))).toEqual([
      'mysqld: read_only=1',
      'server: loose-read-only=OFF',
      'mysqld: read-only = 0 # why',
      'mysqld: read_only=3',
      'here',
      'mysqld: read_only=4',
      'mysqld: read_only=5',
      'mysqld: super-read-only',
      'client: innodb_read_only_compressed=0',
    ]);
  });
});

test('an answer that was cut off before its end says nothing', () => {
  const whole = 'program /usr/sbin/mysqld\noption --read_only=1\ndropin absent\nend .\n';
  expect(parseBoot(whole)).toMatchObject({ options: ['--read_only=1'], dropIn: false, service: null });
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 7 }), (length) => parseBoot(whole.slice(0, length)) === null),
  );
  expect(parseLogout('user x\nsession yes\nkills no\n')).toBeNull();
});
