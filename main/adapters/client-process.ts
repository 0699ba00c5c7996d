import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { ClientConfig } from './client-config.ts';

/** One running client process. */
export type ClientProcess = {
  /** Why it is not running; null while it is. */
  readonly ended: () => string | null;
  readonly pid: number | null;
  /** Closes its input, which ends it, and waits until it is gone; after `limitMs` it is killed by its own id. */
  readonly stop: (limitMs: number) => Promise<void>;
};

const errorCapChars = 2_000;

/**
 * Starts a client process and waits until its log is open. Its environment is only what a program needs to start, because
 * the cockpit's own may name passwords; its configuration goes in on standard input, which stays open as its sign of life.
 */
export async function startClient(
  config: ClientConfig,
  how: { readonly command: readonly string[]; readonly limitMs: number },
): Promise<ClientProcess> {
  const [program = process.execPath, ...args] = how.command;
  const env = Object.fromEntries(['PATH', 'HOME', 'LANG', 'TZ'].flatMap((name) => pair(name)));
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  let ended: string | null = null;
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-errorCapChars)));
  child.on('error', (error) => (ended ??= `could not be started: ${error.message}`));
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', (code, signal) => {
      ended ??= `ended with ${signal ?? `status ${code}`}${errors.trim() === '' ? '' : `: ${errors.trim()}`}`;
      resolve();
    });
  });
  // A child that ends early closes this pipe; that is told by its end, not by the write.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(config)}\n`);
  const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  await Promise.race([ready, gone, unrefDelay(how.limitMs)]);
  return {
    ended: () => ended,
    pid: child.pid ?? null,
    stop: (limitMs) => stopChild(child, { gone, limitMs }),
  };
}

async function stopChild(
  child: ChildProcess,
  wait: { readonly gone: Promise<void>; readonly limitMs: number },
): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), wait.limitMs);
  await wait.gone;
  clearTimeout(timer);
}

function pair(name: string): readonly (readonly [string, string])[] {
  const value = process.env[name];
  return value === undefined ? [] : [[name, value]];
}

function unrefDelay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
