import type { ClockPort } from '../ports.ts';

/** Work on servers that lasts longer is waiting, not work: a host that does not answer keeps nothing here busy. */
const longestMs = 5_000;

/**
 * When the cockpit itself keeps this laptop busy: opening dozens of sessions, reading whole surveys. None of that happens
 * in the minute, so that round trips measured beside it say nothing about the minute.
 */
export type OwnWork = {
  /** Counts a piece of work for as long as it lasts, at most `mostMs` (5 s: more of it is waiting for a server). */
  readonly during: <T>(work: Promise<T>, mostMs?: number) => Promise<T>;
  /** Begins to look; the answer says whether there was none of it from then until it is asked. */
  readonly watch: () => () => boolean;
};

/** Starts with none. */
export function ownWork(clock: ClockPort): OwnWork {
  let running = 0;
  let begun = 0;
  return {
    during: async (work, mostMs = longestMs) => {
      running += 1;
      begun += 1;
      let counted = true;
      const over = (): void => {
        if (counted) running -= 1;
        counted = false;
      };
      const timer = clock.after(mostMs, over);
      try {
        return await work;
      } finally {
        timer.cancel();
        over();
      }
    },
    watch: () => {
      const [runningThen, begunThen] = [running, begun];
      return () => runningThen === 0 && begun === begunThen;
    },
  };
}
