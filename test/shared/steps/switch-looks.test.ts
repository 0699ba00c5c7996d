import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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

test('an answer that was cut off before its end says nothing', () => {
  const whole = 'program /usr/sbin/mysqld\noption --read_only=1\ndropin absent\nend .\n';
  expect(parseBoot(whole)).toMatchObject({ options: ['--read_only=1'], dropIn: false, service: null });
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 7 }), (length) => parseBoot(whole.slice(0, length)) === null),
  );
  expect(parseLogout('user x\nsession yes\nkills no\n')).toBeNull();
});
