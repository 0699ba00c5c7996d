import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContext, Page, Request as PageRequest, Route } from 'playwright-core';
import { home, state } from './state.ts';

/** A custom scheme cannot be taught to Chromium from outside: app://cockpit/ is shown as https://cockpit.app.test/. */
const stand = 'test';

/** The address under which Chromium shows a page of a standard, secure scheme. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname, search, hash } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const { standard = false, secure = false } = state.schemes.get(scheme) ?? {};
  if (!standard || !secure) throw new Error(`${scheme}: is not declared as a standard, secure scheme`);
  return `https://${host}.${scheme}.${stand}${pathname}${search}${hash}`;
}

/** The address as main knows it. */
export function ownUrl(shown: string): string {
  if (!URL.canParse(shown)) return shown;
  const { hostname, pathname, search, hash } = new URL(shown);
  const [top, scheme, ...host] = hostname.split('.').reverse();
  if (top !== stand || scheme === undefined || !state.schemes.has(scheme)) return shown;
  return `${scheme}://${host.reverse().join('.')}${pathname}${search}${hash}`;
}

let profile = '';
let opened: Promise<BrowserContext> | null = null;

/** The one Chromium of this process; its first page is unused. */
export function openChromium(): Promise<BrowserContext> {
  opened ??= launch();
  return opened;
}

async function launch(): Promise<BrowserContext> {
  profile = await mkdtemp(join(home, 'profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['COCKPIT_CHROMIUM'] ?? process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    viewport: null,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--window-size=1440,900',
      // Where a test joins in.
      '--remote-debugging-port=0',
    ],
  });
  const exit = state.end;
  state.end = (code) => {
    setTimeout(() => exit(code), 5_000).unref();
    context.close().then(
      () => exit(code),
      () => exit(code),
    );
  };
  return context;
}

/** Where a test connects to the same Chromium; null before the first window. */
export async function debuggingUrl(): Promise<string | null> {
  const file = join(profile, 'DevToolsActivePort');
  if (profile === '' || !existsSync(file)) return null;
  const [port, path] = (await readFile(file, 'utf8')).split('\n');
  return path === undefined ? null : `ws://127.0.0.1:${port ?? ''}${path}`;
}

/** Answers every request of a page from protocol.handle; nothing leaves the machine. */
export async function serveFromProtocols(
  page: Page,
  mayNavigate: (request: PageRequest) => boolean,
): Promise<void> {
  await page.route('**/*', async (route: Route, request: PageRequest) => {
    const url = ownUrl(request.url());
    const handler = state.protocols.get(new URL(url).protocol.slice(0, -1));
    if (request.isNavigationRequest() && !mayNavigate(request)) return route.abort('aborted');
    if (handler === undefined) return route.abort('blockedbyclient');
    const response = await handler(
      new Request(url, { method: request.method(), headers: request.headers() }),
    );
    return route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  });
}
