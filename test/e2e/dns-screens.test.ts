import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScreenServer } from '../helpers/screen-server.ts';
import { dns, dnsBefore, residue } from '../helpers/view-dns.ts';
import { browserPresent, buildRenderer, launchBrowser, pictures } from './browser.ts';
import { firstLook, unreadable, withScreen, type Look } from './screen-page.ts';

const places = [
  { place: 'preflight', view: 'preflight', open: 'DNS as users see it', seen: dnsBefore },
  { place: 'minute', view: 'minute', open: null, seen: dns },
  { place: 'watch', view: 'watch', open: null, seen: dns },
  { place: 'watch-dns', view: 'watch', open: 'DNS as users see it', seen: dns },
  {
    place: 'preflight-health',
    view: 'preflight',
    open: 'DNS as users see it',
    seen: dnsBefore,
    then: 'Health checks',
  },
  { place: 'watch-health', view: 'watch', open: 'DNS as users see it', seen: dns, then: 'Health checks' },
  { place: 'watch-residue', view: 'watch', open: 'Residue on the source', seen: dns },
] as const;

describe.runIf(browserPresent)('DNS and residue, in both sizes and both themes', () => {
  let browser: Browser;
  let directory: string;
  beforeAll(async () => {
    directory = buildRenderer();
    browser = await launchBrowser();
    mkdirSync(pictures, { recursive: true });
  });
  afterAll(() => browser.close());

  async function withPage(
    at: (typeof places)[number],
    options: Look,
    use: (page: Page, server: ScreenServer) => Promise<void>,
  ): Promise<void> {
    await withScreen({ browser, directory }, { ...options, name: at.view }, async (page, server) => {
      server.push({ kind: 'dns', dns: at.seen });
      server.push({ kind: 'residue', residue });
      if (at.open !== null) await page.getByRole('button', { name: at.open }).first().click();
      if ('then' in at) await page.getByRole('button', { name: at.then }).click();
      await use(page, server);
    });
  }

  test.each(places)('$place: in every size and theme it can be read whole', async (at) => {
    await withPage(at, firstLook, async (page) => {
      await page
        .getByText(at.open === 'Residue on the source' ? 'may go dark' : 'on the target')
        .first()
        .waitFor();
      expect(await unreadable(page, `dns-${at.place}`)).toEqual([]);
    });
  });

  test('rows keep their place when an answer turns, and the filter leaves what is not on the target', async () => {
    await withPage(places[3], { width: 1280, height: 800, scheme: 'dark' }, async (page, server) => {
      const names = (): Promise<string[]> => page.locator('tbody th[scope=row]').allInnerTexts();
      await expect.poll(() => names().then(({ length }) => length)).toBe(dns.rows.length);
      const before = await names();
      const turned = dns.rows.map((row) => ({ ...row, side: 'target' as const, turnedAtUtcMs: dns.atUtcMs }));
      server.push({ kind: 'dns', dns: { ...dns, rows: turned } });
      await expect.poll(() => page.locator('tbody').getByText('● source').count()).toBe(0);
      expect(await names()).toEqual(before);
      await page.getByRole('button', { name: 'Only what is not on the target' }).click();
      await expect.poll(() => names().then(({ length }) => length)).toBe(0);
    });
  });
});
