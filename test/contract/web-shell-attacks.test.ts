import { describe, expect, test } from 'vitest';
import { own, raw, send, signIn, state, upgrade, useWebShell } from '../helpers/web-visitor.ts';
import type { Headers } from '../helpers/web-visitor.ts';

useWebShell();

describe('hostile requests', () => {
  const body = JSON.stringify({ name: 'abort', input: { who: 'x', reason: '' } });
  type Session = { cookie: string; header: string };
  const rows: readonly (readonly [string, (driver: Session, observer: Session) => Promise<number>])[] = [
    [
      'a foreign Host (DNS rebinding)',
      async () => (await send('/', { headers: { host: 'evil.example' } })).status,
    ],
    [
      'the right name with a foreign port',
      async () => (await send('/', { headers: { host: '127.0.0.1:1' } })).status,
    ],
    [
      'the wildcard address as Host',
      async () => (await send('/', { headers: { host: `0.0.0.0:${String(state.port)}` } })).status,
    ],
    [
      'two Host headers',
      () =>
        raw(
          `GET / HTTP/1.0\r\nHost: 127.0.0.1:${String(state.port)}\r\nX: 1\r\n\r\n`.replace(
            'X: 1',
            'Host: evil.example',
          ),
        ),
    ],
    [
      'a page of another site that loads a file',
      async () => (await send('/', { headers: { 'sec-fetch-site': 'cross-site' } })).status,
    ],
    [
      'a page of another port of this machine',
      async () => (await send('/', { headers: { 'sec-fetch-site': 'same-site' } })).status,
    ],
    [
      'a foreign Origin on a read',
      async () => (await send('/', { headers: { origin: 'http://evil.example' } })).status,
    ],
    [
      'a request without Origin',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...without(own(), 'origin'), ...auth(s) },
            body,
          })
        ).status,
    ],
    [
      'a request with a foreign Origin',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), ...auth(s), origin: 'http://evil.example' },
            body,
          })
        ).status,
    ],
    [
      'a request with Origin null (sandboxed frame)',
      async (s) =>
        (await send('/request', { method: 'POST', headers: { ...own(), ...auth(s), origin: 'null' }, body }))
          .status,
    ],
    [
      'the right Origin under https',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), ...auth(s), origin: `https://127.0.0.1:${String(state.port)}` },
            body,
          })
        ).status,
    ],
    [
      'Origin localhost with Host 127.0.0.1',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), ...auth(s), origin: `http://localhost:${String(state.port)}` },
            body,
          })
        ).status,
    ],
    [
      'a cross-site request with a forged Origin',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), ...auth(s), 'sec-fetch-site': 'cross-site' },
            body,
          })
        ).status,
    ],
    [
      'a form post (text/plain)',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), ...auth(s), 'content-type': 'text/plain' },
            body,
          })
        ).status,
    ],
    [
      'no session at all',
      async () => (await send('/request', { method: 'POST', headers: own(), body })).status,
    ],
    [
      'the cookie without the header',
      async (s) =>
        (await send('/request', { method: 'POST', headers: { ...own(), cookie: s.cookie }, body })).status,
    ],
    [
      'the header without the cookie',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), 'x-cockpit-session': s.header },
            body,
          })
        ).status,
    ],
    [
      "the observer's cookie with the driver's header",
      async (s, o) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), cookie: o.cookie, 'x-cockpit-session': s.header },
            body,
          })
        ).status,
    ],
    [
      'a state change by PUT',
      async (s) =>
        (await send('/request', { method: 'PUT', headers: { ...own(), ...auth(s) }, body })).status,
    ],
    [
      'a body above 1 MiB',
      async (s) =>
        (
          await send('/request', {
            method: 'POST',
            headers: { ...own(), ...auth(s), 'content-length': '1048577' },
          })
        ).status,
    ],
    [
      'a wrong token',
      async () =>
        (await send('/session', { method: 'POST', headers: own(), body: '{"token":"guess"}' })).status,
    ],
    [
      'a token of the wrong type',
      async () =>
        (await send('/session', { method: 'POST', headers: own(), body: '{"token":["a"]}' })).status,
    ],
    ['a socket without Origin', (s) => upgrade('/push/driver', { cookie: s.cookie })],
    [
      'a socket with a foreign Origin',
      (s) => upgrade('/push/driver', { cookie: s.cookie, origin: 'http://evil.example' }),
    ],
    [
      'a socket without a session',
      () => upgrade('/push/driver', { origin: `http://127.0.0.1:${String(state.port)}` }),
    ],
    [
      "a socket of the driver with the observer's cookie",
      (_s, o) =>
        upgrade('/push/driver', { cookie: o.cookie, origin: `http://127.0.0.1:${String(state.port)}` }),
    ],
    [
      'a socket with a foreign Host',
      (s) =>
        upgrade('/push/driver', { cookie: s.cookie, host: 'evil.example', origin: 'http://evil.example' }),
    ],
  ];
  const auth = (session: Session): Headers => ({
    cookie: session.cookie,
    'x-cockpit-session': session.header,
  });
  const without = (headers: Headers, key: string): Headers =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name !== key));

  test.each(rows)('%s is refused before any handler runs', async (_what, attempt) => {
    const driver = await signIn(state.shell.url);
    const observer = await signIn(state.shell.observerUrl);
    const status = await attempt(driver, observer);
    // Node itself answers 400 to what is not even HTTP.
    expect([403, 400]).toContain(status);
    expect(state.calls).toEqual([]);
  });
});
