import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { startScreenServer, type ScreenServer } from '../helpers/screen-server.ts';
import { views } from '../helpers/views.ts';
import { complaintsOf } from './browser.ts';

/** The sizes in which every screen must be read. */
export const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;

export type Look = { readonly width: number; readonly height: number; readonly scheme: 'dark' | 'light' };

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
