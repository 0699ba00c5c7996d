import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { requests } from '../../shared/contract/api.ts';
import { channels } from '../../shared/contract/channels.ts';
import { spawnDouble, startInDouble } from '../helpers/electron-double/drive.ts';
import type { Started } from '../helpers/electron-double/drive.ts';
import { browserPresent } from './browser.ts';
import { ask, viewOf } from './electron-bridge.ts';
import type { PageWindow } from './electron-bridge.ts';

const plan = 'resources/plans/reference.simulator.yaml';
const refused = { ok: false, message: 'Refused: only the cockpit’s own window may ask.' };

// Main, preload and renderer are the built ones; Electron itself is stood in for (test/helpers/electron-double).
describe.runIf(browserPresent)('the Electron shell, with a double for Electron', () => {
  let cockpit: Started;
  beforeAll(async () => {
    cockpit = await startInDouble(plan);
  });
  afterAll(() => cockpit.end());

  test('npm start opens one window on the reference case in the simulator', async () => {
    expect(await cockpit.page.getByRole('region', { name: 'Mode' }).innerText()).toContain(
      'REHEARSAL — SIMULATOR',
    );
    const { windows, sandboxed, menu } = await cockpit.state();
    expect(windows.map(({ frames }) => frames)).toEqual([[{ url: 'app://cockpit/', top: true }]]);
    expect({ sandboxed, menu }).toEqual({ sandboxed: true, menu: null });
    expect(cockpit.said()).not.toContain('web shell');
  });

  test('the page gets two functions and nothing of Node; a request is answered and pushes come', async () => {
    const seen = await cockpit.page.evaluate(() => ({
      bridge: Object.keys((window as PageWindow).cockpit ?? {}).sort(),
      frozen: Object.isFrozen((window as PageWindow).cockpit),
      node: ['require', 'process', 'module', 'ipcRenderer', 'electron'].filter((name) => name in window),
    }));
    expect(seen).toEqual({ bridge: ['request', 'subscribe'], frozen: true, node: [] });
    expect((await viewOf(cockpit.page)).header.plan).toBe('reference-simulator');
    const pushes = await cockpit.page.evaluate(
      () =>
        new Promise<readonly string[]>((resolve) => {
          const kinds: string[] = [];
          const end = (window as PageWindow).cockpit?.subscribe((push) => {
            kinds.push((push as { kind: string }).kind);
            // What is seen of DNS and residue comes beside them, when there is something to see.
            if (!kinds.includes('view') || !kinds.includes('series')) return;
            end?.();
            resolve(kinds);
          });
        }),
    );
    expect([...new Set(pushes)]).toEqual(expect.arrayContaining(['view', 'series']));
  });

  test('the window has exactly the web preferences that it must have', async () => {
    const { preload, ...rest } = (await cockpit.state()).windows[0]?.preferences ?? {};
    expect(rest).toEqual({
      contextIsolation: true,
      sandbox: true,
      webSecurity: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      experimentalFeatures: false,
      allowRunningInsecureContent: false,
      backgroundThrottling: false,
    });
    expect(preload).toBe(join(import.meta.dirname, '../../dist/preload/index.cjs'));
  });

  test('a frame in the page has no bridge, and what it sends all the same is refused', async () => {
    const inFrame = await cockpit.page.evaluate(() => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      return typeof (frame.contentWindow as PageWindow | null)?.cockpit;
    });
    expect(inFrame).toBe('undefined');
    await expect.poll(async () => (await cockpit.state()).windows[0]?.frames.length).toBe(2);
    const invoke = (frame: number | string) =>
      cockpit.order({ kind: 'invoke', window: 0, frame, channel: channels.request, args: ['view', {}] });
    expect(await invoke(1)).toEqual(refused);
    expect(await invoke(-1)).toEqual(refused);
    expect(await invoke('app://cockpit/')).toEqual(refused);
    expect(await invoke(0)).toMatchObject({ ok: true });
    await cockpit.page.evaluate(() => document.querySelector('iframe')?.remove());
  });

  test('a second window on the same page is refused', async () => {
    await cockpit.order({ kind: 'second-window', url: 'app://cockpit/' });
    const second = () => cockpit.page.context().pages()[1];
    await expect.poll(() => second()?.url()).toBe(cockpit.page.url());
    const page = second();
    if (page === undefined) throw new Error('there is no second page');
    expect(await ask(page, 'view', {})).toEqual(refused);
    expect(await ask(page, 'prepare', {})).toEqual(refused);
    await page.close();
    await expect.poll(async () => (await cockpit.state()).windows.length).toBe(1);
  });

  test('no payload reaches a handler unparsed, and none ends the cockpit', async () => {
    const journal = join(cockpit.home, 'state/plans/reference-simulator/journal.jsonl');
    const before = readFileSync(journal, 'utf8');
    const name = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<unknown>(...Object.keys(requests)) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>('__proto__', 'constructor', 'toString', '', null, 7) },
      { weight: 1, arbitrary: fc.anything() },
    );
    const payload = fc.anything({ withDate: true, withBigInt: true, withMap: true, withSet: true });
    const calls = fc
      .sample(fc.tuple(name, payload), { numRuns: 400, seed: 20 })
      .filter(([asked, input]) => !isValid(asked, input));
    expect(calls.length).toBeGreaterThan(300);
    const replies = await cockpit.page.evaluate(async (all) => {
      const answers: unknown[] = [];
      for (const [asked, input] of all)
        answers.push(
          await (window as PageWindow).cockpit
            ?.request(asked as string, input)
            .catch((error: unknown) => `threw: ${String(error)}`),
        );
      return answers;
    }, calls);
    const words = /^(There is no request|The request ".*" was not understood|Refused: a request has a name)/;
    expect(
      replies.filter((reply) => !words.test((reply as { readonly message?: string }).message ?? '')),
    ).toEqual([]);
    expect(readFileSync(journal, 'utf8')).toBe(before);
    expect((await viewOf(cockpit.page)).header.plan).toBe('reference-simulator');
  });

  test('the page cannot be navigated away and opens no window', async () => {
    const { page } = cockpit;
    const stayed = page.url();
    for (const go of [
      () => window.location.assign('https://example.org/'),
      () => {
        const link = document.createElement('a');
        link.href = 'https://example.org/link';
        document.body.append(link);
        link.click();
        link.remove();
      },
    ]) {
      await Promise.all([page.waitForEvent('requestfailed'), page.evaluate(go)]);
      expect(page.url()).toBe(stayed);
    }
    await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate(() => void window.open('https://example.org/')),
    ]);
    await expect.poll(() => page.context().pages().length).toBe(1);
    expect((await cockpit.state()).windows.length).toBe(1);
    expect((await viewOf(page)).header.plan).toBe('reference-simulator');
  });

  test('nothing runs in the page but its own files, and no other file is served', async () => {
    const seen = await cockpit.page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.foreign = true';
      document.body.append(script);
      const status = async (path: string) => (await fetch(path)).status;
      return {
        foreign: 'foreign' in window,
        paths: [
          await status('/..%2f..%2fpackage.json'),
          await status('/%2e%2e/main/cli.js'),
          await status('/nothing.js'),
        ],
        own: await status('/index.html'),
      };
    });
    expect(seen).toEqual({ foreign: false, paths: [404, 404, 404], own: 200 });
  });

  test('every permission that the page could ask for is denied; only copying text is not', async () => {
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'midi',
      'openExternal',
      'clipboard-read',
    ])
      expect(await cockpit.order({ kind: 'permission', permission })).toEqual({
        requested: false,
        checked: false,
        device: false,
      });
    expect(await cockpit.order({ kind: 'permission', permission: 'clipboard-sanitized-write' })).toEqual({
      requested: true,
      checked: true,
      device: false,
    });
  });

  test('a second start shows the first one’s window and ends', async () => {
    await cockpit.order({ kind: 'minimize' });
    const { child } = spawnDouble(plan, cockpit.home);
    onTestFailed(() => void child.kill());
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    await expect
      .poll(async () => (await cockpit.state()).windows[0]?.asked)
      .toEqual(['show', 'minimize', 'restore', 'focus']);
  });

  test('without a run the window closes unasked, sleep was never blocked, and the cockpit ends', async () => {
    const { blockers, dialogs } = await cockpit.state();
    expect({ blockers, dialogs }).toEqual({ blockers: [], dialogs: [] });
    await cockpit.order({ kind: 'close-window' });
    expect(await cockpit.ended).toBe(0);
  });
});

function isValid(name: unknown, input: unknown): boolean {
  if (typeof name !== 'string' || !Object.hasOwn(requests, name)) return false;
  return requests[name as keyof typeof requests].input.safeParse(input).success;
}
