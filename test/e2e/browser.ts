import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is a browser to test in. */
export const browserPresent = existsSync(executablePath);

/** Where the pictures go, to be looked at. */
export const pictures = process.env['COCKPIT_PICTURES'] ?? join(tmpdir(), 'cockpit-pictures');

/** Debian's Chromium without a sandbox (tests run as root) and without calls to the outside. */
export function launchBrowser(): Promise<Browser> {
  const quiet = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...quiet] });
}

/** Builds the renderer as it is now into a directory of its own. */
export function buildRenderer(): string {
  const root = join(import.meta.dirname, '../..');
  const outDir = mkdtempSync(join(tmpdir(), 'cockpit-renderer-'));
  const args = [
    'build',
    '--config',
    'resources/dev/vite/renderer.config.ts',
    '--outDir',
    outDir,
    '--emptyOutDir',
    '--logLevel',
    'warn',
  ];
  const built = spawnSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`The renderer could not be built:\n${built.stderr}${built.stdout}`);
  return outDir;
}

/** Everything the page complained about: refused scripts, thrown errors, missing files. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}

/** What axe finds wrong, each as one line. The policy allows no script tag, so axe is evaluated. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  return page.evaluate(async () => {
    type Found = {
      violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[];
    };
    const run = (window as unknown as { axe: { run: () => Promise<Found> } }).axe;
    const { violations } = await run.run();
    return violations.flatMap((violation) =>
      violation.nodes.map(
        (node) => `${violation.id}: ${String(node.target[0])}: ${node.failureSummary ?? violation.help}`,
      ),
    );
  });
}

/** Elements whose text is cut off sideways, and figures that end in an ellipsis. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('#root *')]
      .filter((element) => {
        const hidden = getComputedStyle(element).overflowX !== 'visible';
        return (
          hidden &&
          element.clientWidth > 0 &&
          element.scrollWidth > element.clientWidth + 1 &&
          element.closest('.visually-hidden') === null
        );
      })
      .map(
        (element) =>
          `${element.tagName} ${element.className.toString()} “${(element.textContent ?? '').slice(0, 60)}”`,
      ),
  );
}
