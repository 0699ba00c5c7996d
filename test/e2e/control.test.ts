import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startScreenServer } from '../helpers/screen-server.ts';
import type { ScreenServer } from '../helpers/screen-server.ts';
import { needsOperator, thawed } from '../helpers/view-after.ts';
import { go } from '../helpers/view-go.ts';
import { minute } from '../helpers/view-minute.ts';
import { observed } from '../helpers/view-other.ts';
import { preflight, ready } from '../helpers/view-preflight.ts';
import type { View } from '../../shared/contract/view.ts';
import { axe, browserPresent, buildRenderer, complaintsOf, launchBrowser } from './browser.ts';
import { readLiveness, watchLiveness } from './liveness.ts';

describe.runIf(browserPresent)('the cockpit at the keyboard', () => {
  let browser: Browser;
  let directory: string;
  let context: BrowserContext;
  let page: Page;
  let server: ScreenServer;
  let complaints: string[];

  beforeAll(async () => {
    directory = buildRenderer();
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    complaints = complaintsOf(page);
  });
  afterEach(async () => {
    await context.close();
    await server.shell.close();
  });

  async function open(view: View, observer = false): Promise<void> {
    server = await startScreenServer(view, directory);
    await page.goto(observer ? server.shell.observerUrl : server.shell.url);
    await page.locator('main h1').first().waitFor({ state: 'attached' });
  }
  async function giveName(): Promise<void> {
    await page.getByLabel('Name').fill('dana');
    await page.keyboard.press('Enter');
  }

  test('the token leaves the address bar, and a reload goes on', async () => {
    await open(preflight);
    expect(page.url()).not.toContain('#');
    await page.reload();
    await page.getByRole('heading', { name: 'Preflight' }).waitFor({ state: 'attached' });
    expect(complaints).toEqual([]);
  });

  test('arm, then hold Enter for 1.5 s: the run is released with the permit; a short press releases nothing', async () => {
    await open(ready);
    server.answer('arm', { ok: true, value: { permit: 'permit-1' } });
    await page.getByRole('button', { name: 'Go / no-go', exact: true }).last().press('Enter');
    await giveName();
    await expect
      .poll(() => server.calls.at(-1))
      .toEqual({ name: 'arm', input: { who: 'dana' }, role: 'driver' });
    server.show(go);
    const hold = page.getByRole('button', { name: /Hold to begin/ });
    await hold.focus();
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await page.waitForTimeout(2_000);
    await page.getByText('Hold to begin').waitFor();
    expect(server.calls.length).toBe(1);
    await page.keyboard.down('Enter');
    await expect
      .poll(() => server.calls.at(-1), { timeout: 5_000 })
      .toEqual({ name: 'release', input: { hold: 'lock', permit: 'permit-1', who: 'dana' }, role: 'driver' });
    await page.keyboard.up('Enter');
  });

  test('holding Esc aborts without asking for a name; letting go does not', async () => {
    await open(minute);
    // Down and up at once: a busy machine must not turn the pause of a test into a hold.
    await page.keyboard.down('Escape');
    await page.keyboard.up('Escape');
    await page.waitForTimeout(1_500);
    expect(server.calls).toEqual([]);
    await page.keyboard.down('Escape');
    await expect
      .poll(() => server.calls, { timeout: 5_000 })
      .toEqual([{ name: 'abort', input: { who: 'ops-laptop-2', reason: '' }, role: 'driver' }]);
    await page.keyboard.up('Escape');
  });

  test('holding the red control with the mouse aborts; leaving it on the way does not', async () => {
    await open(minute);
    const control = page.getByRole('button', { name: /Abort and thaw/ });
    await control.hover();
    await page.mouse.down();
    await page.mouse.move(700, 300);
    await page.getByText('Abort and thaw').waitFor();
    await page.mouse.up();
    expect(server.calls).toEqual([]);
    await control.hover();
    await page.mouse.down();
    await expect.poll(() => server.calls.length, { timeout: 5_000 }).toBe(1);
    await page.mouse.up();
  });

  test('after the point of no return Esc and the control do nothing, and retry is one press', async () => {
    await open(needsOperator);
    await page.keyboard.down('Escape');
    await page.getByRole('button', { name: /Reverse/ }).hover();
    await page.mouse.down();
    await page.waitForTimeout(1_300);
    await page.mouse.up();
    await page.keyboard.up('Escape');
    expect(server.calls).toEqual([]);
    await page.getByRole('button', { name: 'Switch app-3 again' }).press('Enter');
    await giveName();
    await expect
      .poll(() => server.calls)
      .toEqual([{ name: 'retry', input: { step: 'redirect', who: 'dana' }, role: 'driver' }]);
  });

  test('an override takes a reason and a name; a gate that guards an invariant offers none', async () => {
    await open(preflight);
    await page.getByRole('button', { name: /This laptop runs on mains power/ }).press('Enter');
    await page.getByRole('button', { name: /Go on although it is closed/ }).press('Enter');
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('Why is it right to go on?').fill('the UPS lasts an hour');
    await page.getByLabel('Your name').fill('dana');
    await page.getByRole('button', { name: 'Record the override' }).press('Enter');
    await expect
      .poll(() => server.calls)
      .toEqual([
        {
          name: 'overrideGate',
          input: { gate: 'laptop.power', reason: 'the UPS lasts an hour', who: 'dana' },
          role: 'driver',
        },
      ]);
    await page.getByRole('button', { name: /No account can write through the fence/ }).press('Enter');
    await page.getByText('This gate cannot be overridden').waitFor();
    expect(await page.getByRole('button', { name: /Go on although/ }).count()).toBe(0);
  });

  test('a host key is accepted only when its fingerprint was typed', async () => {
    await open(preflight);
    await page.getByRole('button', { name: /SSH key of orders-a2/ }).press('Enter');
    const accept = page.getByRole('button', { name: 'Accept this key' });
    await page.getByLabel('The fingerprint you read there').fill('SHA256:wrong');
    expect(await accept.isDisabled()).toBe(true);
    const key = preflight.hostKeys[0]?.fingerprint ?? '';
    await page.getByLabel('The fingerprint you read there').fill(key);
    await accept.press('Enter');
    await giveName();
    await expect
      .poll(() => server.calls)
      .toEqual([
        {
          name: 'acceptHostKey',
          input: { host: 'orders-a2', fingerprint: key, who: 'dana' },
          role: 'driver',
        },
      ]);
  });

  test('B filters, arrows go through the list, Ctrl K and ? open what they promise', async () => {
    await open(preflight);
    const rows = page.getByRole('list', { name: 'Gates and answers' }).getByRole('listitem');
    // The first push brings the rows; on a busy machine that takes a moment.
    await rows.first().waitFor();
    const all = await rows.count();
    await page.keyboard.press('b');
    await expect.poll(() => rows.count(), { timeout: 10_000 }).toBeLessThan(all);
    await rows.first().getByRole('button').focus();
    await page.keyboard.press('ArrowDown');
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent))
      .toContain('mains power');
    await page.keyboard.press('Control+k');
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('Search commands').fill('topology');
    await page.keyboard.press('Enter');
    await page.getByRole('table', { name: 'Links of orders' }).first().waitFor({ state: 'attached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and signs' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(server.calls).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('holding Take over for 1.5 s takes the run over; a short press and Esc do nothing, and a refusal is shown', async () => {
    await open(observed);
    await page.getByText('this cockpit observes').first().waitFor();
    server.answer('takeover', {
      ok: false,
      message: 'Not taken over: the servers show more than this journal.',
    });
    const hold = page.getByRole('button', { name: /Take over/ });
    await hold.focus();
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await page.keyboard.down('Escape');
    await page.waitForTimeout(2_000);
    await page.keyboard.up('Escape');
    expect(server.calls).toEqual([]);
    await hold.focus();
    await page.keyboard.down('Enter');
    await page.waitForTimeout(1_700);
    await page.keyboard.up('Enter');
    await giveName();
    await expect
      .poll(() => server.calls, { timeout: 5_000 })
      .toEqual([{ name: 'takeover', input: { run: '2026-11-23-04-k3f9', who: 'dana' }, role: 'driver' }]);
    await page.getByText('Not taken over: the servers show more than this journal.').waitFor();
  });

  test('an observer sees everything and can press nothing', async () => {
    await open(minute, true);
    await page.getByText('you observe').waitFor();
    await page.keyboard.down('Escape');
    await page.waitForTimeout(1_200);
    await page.keyboard.up('Escape');
    expect(server.calls).toEqual([]);
  });

  test('the report is exported as a file, and a refusal is shown in the cockpit’s words', async () => {
    await open(thawed);
    server.answer('exportAudit', { ok: true, value: 'at,what\n' });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('cutover-2026-11-23-04.csv');
    server.answer('startOver', { ok: false, message: 'The watch still runs.' });
    await page.getByRole('button', { name: 'Start over' }).press('Enter');
    await giveName();
    await page.getByText('The watch still runs.').waitFor();
  });

  test('a lost connection is said with its time, and the window comes back by itself', async () => {
    await open(minute);
    const port = Number(new URL(server.shell.url).port);
    await server.shell.close();
    await page.getByText(/Connection to the cockpit lost since \d\d:\d\d:\d\d UTC/).waitFor();
    // The same cockpit cannot come back with the same sessions here, so the window is told why it may not look in.
    server = await startScreenServer(minute, directory, port);
    await page.getByText('This window may not look in').waitFor({ timeout: 10_000 });
  });

  test('closing the tab asks first while the run must not be left', async () => {
    await open(minute);
    await page.getByText('Abort and thaw').first().waitFor();
    // Browsers ask only on pages that were touched: the click must have arrived.
    await expect
      .poll(async () => {
        await page.mouse.click(640, 60);
        return page.evaluate(() => navigator.userActivation.hasBeenActive);
      })
      .toBe(true);
    const asked = new Promise<string>((resolve) => {
      page.on('dialog', (dialog) => {
        resolve(dialog.type());
        dialog.accept().catch(() => {});
      });
    });
    await page.close({ runBeforeUnload: true });
    expect(await asked).toBe('beforeunload');
  });

  test('every live value says when it was observed, and each update can be timed in the page', async () => {
    await open(minute);
    await watchLiveness(page);
    for (let index = 0; index < 10; index += 1) {
      const takenAt = Date.now();
      const chains = minute.chains.map((chain) => ({
        ...chain,
        links: chain.links.map((link) => ({
          ...link,
          takenAt,
          lagMs: link.lagMs === null ? null : 10 + index * 10,
        })),
      }));
      server.show({ ...minute, chains, header: { ...minute.header, atUtcMs: takenAt } });
      await page
        .getByText(`${String(10 + index * 10)} ms`)
        .first()
        .waitFor({ state: 'attached' });
    }
    const { delaysMs } = await readLiveness(page);
    expect(delaysMs.length).toBeGreaterThan(20);
    expect(delaysMs.every((delay) => delay >= 0)).toBe(true);
  });
});
