import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { startScreenServer, type ScreenServer } from '../helpers/screen-server.ts';
import { views } from '../helpers/views.ts';
import { axe, complaintsOf, cutOff, pictures } from './browser.ts';

/** The sizes in which every screen must be read. */
const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;

export type Look = { readonly width: number; readonly height: number; readonly scheme: 'dark' | 'light' };

const looks: readonly Look[] = sizes.flatMap((size) =>
  (['dark', 'light'] as const).map((scheme) => ({ ...size, scheme })),
);

/** How a page is opened that is then looked at in every size and theme. */
export const firstLook = looks[0] as Look;

/**
 * What cannot be read on an open page, in each size and theme: cut off, against axe's rules, or out of the window; one line
 * each. A picture of each look is kept. One page for all: opening it costs more than looking.
 */
export async function unreadable(page: Page, name: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { width, height, scheme } of looks) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    // What follows the window's size is drawn in the next frames.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    await page.screenshot({ path: join(pictures, `${name}-${String(width)}-${scheme}.png`) });
    const scrolls = await page.evaluate(
      () => document.documentElement.scrollHeight > document.documentElement.clientHeight,
    );
    const wrong = [
      ...(await cutOff(page)).map((text) => `cut off: ${text}`),
      ...(await axe(page)),
      ...(scrolls ? ['the page itself scrolls'] : []),
    ];
    found.push(...wrong.map((text) => `${String(width)} × ${String(height)}, ${scheme}: ${text}`));
  }
  return found;
}

/** Opens one fixture in a page of its own, over the real web shell; the page must complain of nothing meanwhile. */
export async function withScreen(
  { browser, directory }: { readonly browser: Browser; readonly directory: string },
  { name, width, height, scheme }: Look & { readonly name: string },
  use: (page: Page, server: ScreenServer) => Promise<void>,
): Promise<void> {
  const view = views[name];
  if (view === undefined) throw new Error(`no view named ${name}`);
  const server = await startScreenServer(view, directory);
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(server.shell.url);
    await page.locator('main h1').first().waitFor({ state: 'attached' });
    await use(page, server);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
    await server.shell.close();
  }
}
