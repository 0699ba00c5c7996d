import { expect, test } from 'vitest';
import { createClock } from '../../main/adapters/clock.ts';

/** Two counters in the hands of the test. */
function counters() {
  let [awake, always] = [1_000, 77_000];
  return {
    of: { awake: () => awake, always: () => always },
    pass: (ms: number): void => {
      awake += ms;
      always += ms;
    },
    sleep: (ms: number): void => {
      always += ms;
    },
    jitter: (ms: number): void => {
      always += ms;
    },
  };
}

test('time goes on while the laptop sleeps, and is seen at the first look after it', () => {
  const { of, pass, sleep } = counters();
  const clock = createClock(of);
  const begun = clock.now().monoMs;
  pass(250);
  expect(clock.now().monoMs - begun).toBe(250);
  sleep(300_000);
  expect(clock.now().monoMs - begun).toBe(300_250);
  pass(5);
  sleep(60_000);
  expect(clock.now().monoMs - begun).toBe(360_255);
});

test('the grain of the coarse counter is no sleep, and time never goes back', () => {
  const { of, pass, jitter } = counters();
  const clock = createClock(of);
  let last = clock.now().monoMs;
  for (const [index, ms] of [90, -90, 10, -10, 150, -150].entries()) {
    pass(index % 2);
    jitter(ms);
    const { monoMs } = clock.now();
    expect(monoMs).toBeGreaterThanOrEqual(last);
    expect(monoMs - last).toBeLessThanOrEqual(1);
    last = monoMs;
  }
});

test('a timer is due by the clock that counts sleep', async () => {
  const { of, sleep } = counters();
  const clock = createClock(of);
  const called = new Promise<number>((resolve) => {
    clock.after(90_000, () => resolve(clock.now().monoMs));
  });
  const cancelled = clock.after(90_000, () => {
    throw new Error('it was cancelled');
  });
  cancelled.cancel();
  sleep(90_000);
  expect((await called) - 1_000).toBeGreaterThanOrEqual(90_000);
});

test('the real clock goes on, and its timers come', async () => {
  const clock = createClock();
  const begun = clock.now().monoMs;
  await new Promise<void>((resolve) => void clock.after(300, resolve));
  expect(clock.now().monoMs - begun).toBeGreaterThanOrEqual(299);
});
