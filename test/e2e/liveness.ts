import type { Page } from 'playwright-core';

export type Liveness = {
  /** Of each changed text: from the observation's takenAt to the change in the page, ms. One machine, one clock. */
  readonly delaysMs: readonly number[];
  /** Tasks of the page over 100 ms. */
  readonly longTasks: number;
};

/** Begins to count in the page: how old each live value is when its text changes, and which tasks took too long. */
export async function watchLiveness(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { delaysMs: [] as number[], longTasks: 0 };
    Object.assign(window, { cockpitLiveness: seen });
    new PerformanceObserver((list) => {
      seen.longTasks += list.getEntries().filter((entry) => entry.duration > 100).length;
    }).observe({ type: 'longtask' });
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const takenAt = target.parentElement?.closest('[data-taken-at]')?.getAttribute('data-taken-at');
        if (takenAt !== null && takenAt !== undefined) seen.delaysMs.push(Date.now() - Number(takenAt));
      }
    }).observe(document.body, { subtree: true, characterData: true });
  });
}

/** What was counted since. */
export function readLiveness(page: Page): Promise<Liveness> {
  return page.evaluate(() => (window as unknown as { cockpitLiveness: Liveness }).cockpitLiveness);
}
