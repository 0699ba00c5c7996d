import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScreenServer } from '../helpers/screen-server.ts';
import { at } from '../helpers/view-chains.ts';
import { views } from '../helpers/views.ts';
import { browserPresent, buildRenderer, launchBrowser, pictures } from './browser.ts';
import { firstLook, unreadable, withScreen, type Look } from './screen-page.ts';

/** A minute of points with a gap of three seconds. */
function fill(server: ServerOfSeries): void {
  for (let index = 300; index >= 0; index -= 1) {
    const known = index > 140 || index < 110;
    const atUtcMs = at - index * 200;
    server.push({
      kind: 'series',
      point: {
        atUtcMs,
        lag: server.links.map((link, line) => ({
          ...link,
          lagMs: known ? 30 + line * 9 + ((index * 7919) % 17) : null,
        })),
        writes: [],
      },
    });
  }
}
type ServerOfSeries = Pick<ScreenServer, 'push'> & {
  readonly links: readonly { readonly from: string; readonly to: string }[];
};

describe.runIf(browserPresent)('every screen, in both sizes and both themes', () => {
  let browser: Browser;
  let directory: string;
  beforeAll(async () => {
    directory = buildRenderer();
    browser = await launchBrowser();
    mkdirSync(pictures, { recursive: true });
  });
  afterAll(() => browser.close());

  async function withPage(
    name: string,
    options: Look,
    use: (page: Page, server: ScreenServer) => Promise<void>,
  ): Promise<void> {
    await withScreen({ browser, directory }, { ...options, name }, async (page, server) => {
      const chains = views[name]?.chains ?? [];
      fill({
        push: server.push,
        links: chains.flatMap((chain) => chain.links.map(({ from, to }) => ({ from, to }))),
      });
      await use(page, server);
    });
  }

  test.each(Object.keys(views))('%s: in every size and theme it can be read whole', async (name) => {
    await withPage(name, firstLook, async (page) => {
      expect(await unreadable(page, name)).toEqual([]);
    });
  });

  test('the topology: no figure of a node is cut off', async () => {
    await withPage('preflight', firstLook, async (page) => {
      await page.getByRole('button', { name: 'Topology and lag' }).click();
      await page.getByRole('table', { name: 'Links of orders' }).first().waitFor();
      expect(await unreadable(page, 'topology')).toEqual([]);
    });
  });

  test('the minute shows every panel whole at 1280 × 800: only the log scrolls', async () => {
    await withPage('minute', { width: 1280, height: 800, scheme: 'dark' }, async (page) => {
      const scrolling = (): Promise<readonly string[]> =>
        page.evaluate(() =>
          [...document.querySelectorAll('main *')]
            .filter(
              (element) =>
                getComputedStyle(element).overflowY !== 'visible' &&
                element.clientHeight > 0 &&
                element.scrollHeight > element.clientHeight + 2 &&
                element.closest('.visually-hidden') === null,
            )
            .map((element) => element.getAttribute('aria-label') ?? element.className.toString()),
        );
      // A busy machine draws the log a moment later.
      await expect.poll(scrolling, { timeout: 20_000 }).toEqual(['Log']);
    });
  });

  test('what the plan says of a blocked fence is read without scrolling at 1280 × 800', async () => {
    await withPage('blocked', { width: 1280, height: 800, scheme: 'dark' }, async (page) => {
      const seen = await page.getByRole('group', { name: 'What is happening now' }).evaluate((panel) => {
        const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          const end = (node.textContent ?? '').indexOf('tried again');
          if (end < 0) continue;
          const range = document.createRange();
          range.setStart(node, end);
          range.setEnd(node, end + 'tried again'.length);
          return range.getBoundingClientRect().bottom <= panel.getBoundingClientRect().bottom;
        }
        return null;
      });
      expect(seen).toBe(true);
    });
  });

  test.each([
    ['targetClosed', 'Open orders-t1 again', 'nothing opens it by itself'],
    // A server's own words may be longer than the panel: then the press is what must be seen.
    ['wayBackStopped', 'Start the way back of orders again', null],
  ] as const)(
    '%s: what was undone and the press that answers it are read without scrolling at 1280 × 800',
    async (view, name, words) => {
      await withPage(view, { width: 1280, height: 800, scheme: 'dark' }, async (page) => {
        const button = page.getByRole('button', { name });
        const group = page.getByRole('group').filter({ has: button });
        const last = words === null ? button : group.getByText(words);
        const seen = await last.evaluate((element) => {
          const panel = element.closest('[role=group]');
          return (
            panel !== null && element.getBoundingClientRect().bottom <= panel.getBoundingClientRect().bottom
          );
        });
        expect(seen).toBe(true);
        expect((await button.boundingBox())?.height ?? 0).toBeGreaterThan(0);
      });
    },
  );

  test('why the control is not open is read to its end at 1280 × 800', async () => {
    await withPage('needsOperator', { width: 1280, height: 800, scheme: 'light' }, async (page) => {
      const seen = await page.getByText('expected a running reverse link').evaluate((text) => {
        const button = text.closest('button');
        return (
          button !== null &&
          text.getBoundingClientRect().bottom <= button.getBoundingClientRect().bottom &&
          button.getBoundingClientRect().bottom <= innerHeight
        );
      });
      expect(seen).toBe(true);
    });
  });

  test('the mode is a word and a colour on every screen', async () => {
    for (const [name, word, image] of [
      ['minute', 'REHEARSAL — STAGING', true],
      ['preflight', 'REHEARSAL — SIMULATOR', true],
      ['needsOperator', 'PRODUCTION — LIVE', false],
    ] as const) {
      await withPage(name, { width: 1280, height: 800, scheme: 'dark' }, async (page) => {
        const banner = page.getByRole('region', { name: 'Mode' });
        await expect.poll(() => banner.innerText(), { timeout: 20_000 }).toContain(word);
        const striped = await banner.evaluate((element) =>
          getComputedStyle(element).backgroundImage.includes('repeating-linear-gradient'),
        );
        expect(striped).toBe(image);
      });
    }
  });
});
