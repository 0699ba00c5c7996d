import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { WebSocket } from 'ws';
import type { Push } from '../../shared/contract/api.ts';
import type { Caller, Dispatcher } from '../../main/shells/dispatch.ts';
import { startWebShell } from '../../main/shells/web-server.ts';
import type { WebShell } from '../../main/shells/web-server.ts';

export type Headers = Readonly<Record<string, string>>;
export type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

type State = {
  shell: WebShell;
  port: number;
  calls: { name: string; input: unknown; caller: Caller }[];
  push: (message: Push) => void;
};

/** The shell of the running test; new for each. */
export const state = { calls: [], push: () => {}, port: 0 } as unknown as State;
let directory: string;

/** Gives each test of a file its own web shell over a dispatcher that only records. */
export function useWebShell(): void {
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'web-shell-'));
    await writeFile(join(directory, 'index.html'), '<!doctype html><title>cockpit</title>');
    state.calls = [];
    const dispatcher: Dispatcher = {
      handle(name, input, caller) {
        state.calls.push({ name, input, caller });
        return Promise.resolve({ ok: true, value: null });
      },
      subscribe(listener) {
        state.push = listener;
        return () => {};
      },
    };
    state.shell = await startWebShell({ dispatcher, rendererDirectory: directory });
    state.port = Number(new URL(state.shell.url).port);
  });
  afterEach(async () => {
    await state.shell.close();
    await rm(directory, { recursive: true });
  });
}

/** One request, with exactly these headers. */
export function send(
  path: string,
  options: { method?: string; headers?: Headers; body?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const request = httpRequest(
      { host: '127.0.0.1', port: state.port, path, method, headers },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          const flat = Object.entries(response.headers).map(([key, value]) => [key, String(value)]);
          resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat) as Headers, text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** What our own page sends. */
export const own = (): Headers => ({
  origin: `http://127.0.0.1:${String(state.port)}`,
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
});
/** The token of a URL. */
export const tokenOf = (url: string) => new URL(url).hash.slice(1);

/** Exchanges the token of a URL for a session. */
export async function signIn(url: string): Promise<{ cookie: string; header: string; role: string }> {
  const answer = await send('/session', {
    method: 'POST',
    headers: own(),
    body: JSON.stringify({ token: tokenOf(url) }),
  });
  expect(answer.status).toBe(200);
  const session = JSON.parse(answer.text) as { header: string; role: string };
  return { ...session, cookie: answer.headers['set-cookie']?.split(';')[0] ?? '' };
}

/** The status of a WebSocket upgrade; 101 is success. */
export function upgrade(path: string, headers: Headers): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${String(state.port)}${path}`, { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => {});
  });
}

/** Bytes as they are, for what node's own client would not send. */
export function raw(text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(state.port, '127.0.0.1', () => socket.write(text));
    socket.once('data', (data) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(data.toString())?.[1]));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
