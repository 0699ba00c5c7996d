import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { accessSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { commandLine } from '../../main/adapters/ssh-shell-words.ts';
import { countCommand, parseCount } from '../../shared/observations/edge-count.ts';
import { freePort } from '../helpers/free-ports.ts';
import { stopChild } from './loopback-sshd.ts';
import { eventually } from './sql.ts';

/** What is read of a real HAProxy's runtime socket, as a host of the plan would be asked for it. */

const program = '/usr/sbin/haproxy';
const missing = whyNot();
const home = mkdtempSync(join(tmpdir(), 'cockpit-edge-'));
const edge = { id: 'edge-a', host: 'edge', socket: '~/run/admin.sock', frontends: ['https', 'smtp'] };
const log = { id: 'edge-log', host: 'edge', log: '~/access.log' };
let ports = { https: 0, smtp: 0 };
let behind: Server | null = null;
let haproxy: ChildProcess | null = null;

function whyNot(): string | undefined {
  try {
    accessSync(program);
    return undefined;
  } catch {
    return 'haproxy not found: apt-get install haproxy';
  }
}

/** What the host's shell prints for the command of an edge. */
function printed(argv: readonly string[]): string {
  const line = commandLine(argv, 'mark');
  return spawnSync('sh', ['-c', line], {
    env: { ...process.env, HOME: home },
    encoding: 'utf8',
    timeout: 5_000,
  }).stdout;
}

beforeAll(async () => {
  if (missing !== undefined) return;
  mkdirSync(join(home, 'run'));
  ports = { https: await freePort(), smtp: await freePort() };
  const port = await freePort();
  behind = createServer((_, response) => response.end('here'));
  await new Promise<void>((resolve) => behind?.listen(port, '127.0.0.1', resolve));
  writeFileSync(
    join(home, 'haproxy.cfg'),
    `global
  stats socket ${join(home, 'run/admin.sock')} mode 600 level user
defaults
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend https
  mode http
  bind 127.0.0.1:${ports.https}
  default_backend behind
frontend smtp
  mode tcp
  bind 127.0.0.1:${ports.smtp}
  default_backend behind-tcp
backend behind
  mode http
  server one 127.0.0.1:${port}
backend behind-tcp
  mode tcp
  server one 127.0.0.1:${port}
`,
  );
  haproxy = spawn(program, ['-db', '-q', '-f', join(home, 'haproxy.cfg')], { stdio: 'ignore' });
});
afterAll(async () => {
  if (haproxy !== null) await stopChild(haproxy);
  behind?.close();
  rmSync(home, { recursive: true, force: true });
});
// A test that cannot run here says why.
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});

test('requests of an HTTP frontend and sessions of a TCP one are counted, and nothing twice', async () => {
  const count = (): number | null => parseCount(edge, printed(countCommand(edge)));
  await eventually('HAProxy answers its socket', 20_000, async () => expect(count()).toBe(0));
  const get = (port: number): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  for (let times = 0; times < 3; times += 1) expect(await (await get(ports.https)).text()).toBe('here');
  expect(count()).toBe(3);
  await (await get(ports.smtp)).text();
  expect(count()).toBe(4);
  expect(count()).toBe(4);
});

test('a frontend that is not there is not read as zero, and a socket that is not there is no count', () => {
  expect(parseCount({ ...edge, frontends: ['https', 'gone'] }, printed(countCommand(edge)))).toBeNull();
  const gone = { ...edge, socket: '~/run/gone.sock' };
  expect(parseCount(gone, printed(countCommand(gone)))).toBeNull();
});

test('lines of an access log under the home of whoever logs in', () => {
  writeFileSync(join(home, 'access.log'), 'one\ntwo\n');
  expect(parseCount(log, printed(countCommand(log)))).toBe(2);
});
