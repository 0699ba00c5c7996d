import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Reply } from '../../shared/contract/api.ts';
import type { Bridge } from '../../shared/contract/channels.ts';
import type { View } from '../../shared/contract/view.ts';

/** The page's own window as the preload leaves it. */
export type PageWindow = { readonly cockpit?: Bridge };

/** Asks main through the page's bridge, as the renderer does. */
export function ask(page: Page, name: string, input: unknown): Promise<Reply> {
  return page.evaluate(
    ([asked, given]) => (window as PageWindow).cockpit?.request(String(asked), given) as Promise<Reply>,
    [name, input] as const,
  );
}

/** The view that main would draw now. */
export async function viewOf(page: Page): Promise<View> {
  const reply = await ask(page, 'view', {});
  if (!reply.ok) throw new Error(reply.message);
  return reply.value as View;
}

/** The reference plan with a second hold before the fence: a run waits there, before its point of no return. */
export function planWithHold(): string {
  const reference = join(import.meta.dirname, '../../resources/plans/reference.simulator.yaml');
  const file = join(mkdtempSync(join(tmpdir(), 'cockpit-plan-')), 'held.yaml');
  const text = readFileSync(reference, 'utf8')
    .replace('  - { before: lock, role: driver }', '$&\n  - { before: fence, role: driver }')
    .replace('runDeadlineMs: 60000', 'runDeadlineMs: 240000')
    .replace('deadMansSwitchMs: 90000', 'deadMansSwitchMs: 300000');
  writeFileSync(file, text);
  return file;
}

/** Prepares, answers, arms and releases the first hold; answers the permit when the run waits at the fence. */
export async function runToFence(page: Page): Promise<string> {
  const who = 'dana';
  expect(await ask(page, 'prepare', {})).toMatchObject({ ok: true });
  for (const { item, phase } of (await viewOf(page)).checklist)
    if (phase !== 'close') await ask(page, 'answerChecklist', { item, answer: 'yes', who });
  // Rates and round trips need a few rounds before they are known, and arming takes time on a busy machine.
  const armed = await ask(page, 'arm', { who });
  if (!armed.ok) throw new Error(armed.message);
  const { permit } = armed.value as { readonly permit: string };
  await expect
    .poll(() => ask(page, 'release', { hold: 'lock', permit, who }), { timeout: 30_000, interval: 500 })
    .toMatchObject({ ok: true });
  await expect.poll(async () => (await viewOf(page)).run?.heldAt, { timeout: 30_000 }).toBe('fence');
  return permit;
}
