import type { ClockPort } from '../ports.ts';

/** The longest delay a Node timer keeps; it would fire a longer one at once. */
const maxTimerMs = 2_147_483_647;

/** The real clock: UTC by the wall, and a monotonic counter that no correction of the wall clock moves. */
export function createClock(): ClockPort {
  return {
    now: () => ({ utcMs: Date.now(), monoMs: performance.now() }),
    after: (ms, call) => {
      const timer = setTimeout(call, Math.min(maxTimerMs, Math.max(0, ms)));
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
