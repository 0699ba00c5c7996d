import { expect, test } from 'vitest';
import { createClock } from '../../main/adapters/clock.ts';
import { ownWork } from '../../main/engine/own-work.ts';

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a look that any work of the cockpit fell into was disturbed', async () => {
  const work = ownWork(createClock());
  expect(work.watch()()).toBe(true);
  const before = work.watch();
  const piece = work.during(later(5));
  const within = work.watch();
  await piece;
  expect([before(), within()]).toEqual([false, false]);
  expect(work.watch()()).toBe(true);
});

test('work that fails is over too, and fails for whoever asked for it', async () => {
  const work = ownWork(createClock());
  await expect(work.during(Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(work.watch()()).toBe(true);
});

test('what only waits is not work for ever', async () => {
  let passed = (): void => undefined;
  const clock = {
    now: () => ({ utcMs: 0, monoMs: 0 }),
    after: (_ms: number, call: () => void) => {
      passed = call;
      return { cancel: () => undefined };
    },
  };
  const work = ownWork(clock);
  void work.during(new Promise(() => undefined));
  expect(work.watch()()).toBe(false);
  passed();
  expect(work.watch()()).toBe(true);
});
