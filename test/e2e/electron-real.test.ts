import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, viewOf } from './electron-bridge.ts';
import type { PageWindow } from './electron-bridge.ts';

const root = join(import.meta.dirname, '../..');
const packageFolder = join(root, 'node_modules/electron');

/** The real executable, found without importing the package: that would start a download. */
function realElectron(): string | null {
  const pathFile = join(packageFolder, 'path.txt');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : 'electron';
  const file = join(packageFolder, 'dist', name);
  return existsSync(file) ? file : null;
}

const executablePath = realElectron();
const hasScreen = process.platform !== 'linux' || (process.env['DISPLAY'] ?? '') !== '';
const whyNot =
  executablePath === null ? 'its binary is not on this machine' : hasScreen ? null : 'no display';
if (whyNot !== null)
  console.warn(`!!! NOT RUN: the window in the real Electron: ${whyNot}. Only its double was tested.`);

describe.runIf(whyNot === null)('the window in the real Electron', () => {
  let application: ElectronApplication;
  let page: Page;
  beforeAll(async () => {
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    application = await _electron.launch({
      executablePath: executablePath ?? '',
      args: [...asRoot, '.', 'resources/plans/reference.simulator.yaml'],
      cwd: root,
      env: { ...process.env, COCKPIT_STATE: mkdtempSync(join(tmpdir(), 'cockpit-state-')) } as Record<
        string,
        string
      >,
    });
    page = await application.firstWindow();
    await page.getByRole('region', { name: 'Mode' }).waitFor({ state: 'attached' });
  });
  afterAll(() => application.close());

  test('shows the reference case in the simulator from its own scheme', async () => {
    expect(page.url()).toBe('app://cockpit/');
    expect(await page.getByRole('region', { name: 'Mode' }).textContent()).toContain('REHEARSAL — SIMULATOR');
    expect((await viewOf(page)).header.plan).toBe('reference-simulator');
    expect(await page.evaluate(() => Object.keys((window as PageWindow).cockpit ?? {}).sort())).toEqual([
      'request',
      'subscribe',
    ]);
  });

  test('has exactly the web preferences that it must have', async () => {
    const preferences = await application.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      // Not in the types, but what Electron itself works with.
      return (contents as unknown as { getLastWebPreferences: () => object }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      webSecurity: true,
      nodeIntegration: false,
      webviewTag: false,
      experimentalFeatures: false,
    });
  });

  test('stays on its page, opens no window and lets no foreign script run', async () => {
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.foreign = true';
      document.body.append(script);
      window.open('https://example.org/');
      window.location.assign('https://example.org/');
    });
    expect(await ask(page, 'nothing of that name', {})).toMatchObject({ ok: false });
    expect(await page.evaluate(() => 'foreign' in window)).toBe(false);
    expect(page.url()).toBe('app://cockpit/');
    expect(application.windows().length).toBe(1);
  });
});
