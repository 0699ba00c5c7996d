import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startWebShell } from '../../main/shells/web-server.ts';
import { own, send, signIn, state, tokenOf, useWebShell } from '../helpers/web-visitor.ts';

useWebShell();

describe('the way in', () => {
  test('a token gives a strict cookie and the role, and again for a second tab', async () => {
    const first = await signIn(state.shell.url);
    expect(first.role).toBe('driver');
    const again = await send('/session', {
      method: 'POST',
      headers: { ...own(), cookie: first.cookie },
      body: JSON.stringify({ token: tokenOf(state.shell.url) }),
    });
    expect(again.headers['set-cookie']).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    // The same browser keeps its session, so that the first tab's header still fits.
    expect(again.headers['set-cookie']?.split(';')[0]).toBe(first.cookie);
  });

  test('a reload goes on by its cookie alone', async () => {
    const { cookie, header } = await signIn(state.shell.url);
    const answer = await send('/session', {
      method: 'POST',
      headers: { ...own(), cookie },
      body: '{"role":"driver"}',
    });
    expect(JSON.parse(answer.text)).toEqual({ role: 'driver', header });
  });

  test('requests reach the dispatcher with the role of their session', async () => {
    for (const url of [state.shell.url, state.shell.observerUrl]) {
      const session = await signIn(url);
      const answer = await send('/request', {
        method: 'POST',
        headers: { ...own(), cookie: session.cookie, 'x-cockpit-session': session.header },
        body: '{"name":"view","input":{}}',
      });
      expect(JSON.parse(answer.text)).toEqual({ ok: true, value: null });
    }
    expect(state.calls.map((call) => call.caller.role)).toEqual(['driver', 'observer']);
  });

  test('after five wrong tokens the right one is refused too, and open windows go on', async () => {
    const session = await signIn(state.shell.url);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await send('/session', { method: 'POST', headers: own(), body: `{"token":"${String(attempt)}"}` });
    }
    const late = await send('/session', {
      method: 'POST',
      headers: own(),
      body: JSON.stringify({ token: tokenOf(state.shell.url) }),
    });
    expect(late.status).toBe(403);
    const open = await send('/request', {
      method: 'POST',
      headers: { ...own(), cookie: session.cookie, 'x-cockpit-session': session.header },
      body: '{"name":"view","input":{}}',
    });
    expect(open.status).toBe(200);
  });

  test('a flood of requests is slowed down', async () => {
    const session = await signIn(state.shell.url);
    const headers = { ...own(), cookie: session.cookie, 'x-cockpit-session': session.header };
    const flood = () =>
      Promise.all(
        Array.from({ length: 300 }, async () => {
          const answer = await send('/request', {
            method: 'POST',
            headers,
            body: '{"name":"view","input":{}}',
          });
          return answer.status;
        }),
      );
    const statuses = new Set<number>();
    // A slow machine takes its time over the first ones.
    for (let wave = 0; wave < 10 && !statuses.has(429); wave += 1)
      for (const status of await flood()) statuses.add(status);
    expect([...statuses].toSorted()).toEqual([200, 429]);
  });
});

describe('files', () => {
  test('carry the strict policy and no CORS header', async () => {
    const answer = await send('/', {});
    expect(answer.status).toBe(200);
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(answer.headers['content-security-policy']).not.toMatch(/unsafe|\*/);
    expect(answer.headers['x-frame-options']).toBe('DENY');
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([
    '/../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/%252e%252e/x.json',
    '/a\\..\\x.json',
    '/%00.html',
    '/missing.js',
    '/etc/passwd',
  ])('%s is not found', async (path) => {
    expect((await send(path, {})).status).toBe(404);
  });
});

test('pushes reach a page on its socket', async () => {
  const session = await signIn(state.shell.url);
  const socket = new WebSocket(`ws://127.0.0.1:${String(state.port)}/push/driver`, {
    headers: { cookie: session.cookie, origin: own()['origin'] ?? '' },
  });
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      heard.push(data.toString());
      if (heard.length === 1)
        state.push({ kind: 'series', seq: 1, point: { atUtcMs: 1, lag: [], writes: [] } });
      else resolve();
    });
  });
  expect(heard[0]).toBe('pulse');
  expect(JSON.parse(heard[1] ?? '')).toEqual({
    kind: 'series',
    seq: 1,
    point: { atUtcMs: 1, lag: [], writes: [] },
  });
  socket.terminate();
});

test('a port that somebody has is said with what to do', async () => {
  const dispatcher = { handle: () => Promise.reject(new Error('nobody asks')), subscribe: () => () => {} };
  const taken = startWebShell({ dispatcher, rendererDirectory: '/nowhere', port: state.port });
  await expect(taken).rejects.toThrow(new RegExp(`port ${state.port} of 127.0.0.1 .*leave --port out`));
});
