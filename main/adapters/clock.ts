import { uptime } from 'node:os';
import type { ClockPort, Timer } from '../ports.ts';

/** The longest a timer sleeps before it looks at the clock again: a timer of the system stands still with the laptop. */
const lookEveryMs = 250;

/**
 * A difference between the two counters smaller than this is their own grain. The system's uptime counts sleep everywhere;
 * beyond Linux it is told in whole seconds, by a wall clock that may be set.
 */
const grainMs = process.platform === 'linux' ? 200 : 5_000;

/** The two counters a clock is made of, ms: one that stands still while the machine sleeps, and one that goes on. */
export type Counters = { readonly awake: () => number; readonly always: () => number };

const system: Counters = { awake: () => performance.now(), always: () => uptime() * 1_000 };

/** The real clock: UTC by the wall, and a counter that no correction of the wall clock moves and that counts sleep. */
export function createClock({ awake, always }: Counters = system): ClockPort {
  const apart = always() - awake();
  let sleptMs = 0;
  // The fine counter, and what it missed: a laptop that slept past its deadline must see that at its first look.
  const mono = (): number => {
    const fine = awake();
    const missed = always() - fine - apart;
    if (missed - sleptMs > grainMs) sleptMs = missed;
    return fine + sleptMs;
  };
  return {
    now: () => ({ utcMs: Date.now(), monoMs: mono() }),
    after: (ms, call) => {
      const dueAt = mono() + Math.max(0, ms);
      let timer: NodeJS.Timeout;
      const wait = (leftMs: number): void => {
        timer = setTimeout(
          () => {
            const left = leftMs <= lookEveryMs ? 0 : dueAt - mono();
            if (left <= 0) call();
            else wait(left);
          },
          Math.min(lookEveryMs, leftMs),
        );
      };
      wait(Math.max(0, ms));
      return { cancel: () => clearTimeout(timer) } satisfies Timer;
    },
  };
}
