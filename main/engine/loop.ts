import type { ClockPort, Timer } from '../ports.ts';

export type Loop = {
  /** Runs it now (or waits for the turn that is under way, then one more). */
  readonly now: () => Promise<void>;
  readonly stop: () => void;
};

export type LoopOptions = {
  readonly periodMs: number;
  /** The second turn comes this much later, so that loops which begin together do not strike together for ever. */
  readonly shiftMs?: number;
  readonly turn: () => Promise<void>;
  /** Hears of a turn that threw. Expected trouble never throws, so that is a defect; the next turn comes all the same. */
  readonly failed: (error: unknown) => void;
};

/** Runs `turn` again and again, one at a time: the next begins a period after the last one began, never before it ended. */
export function startLoop(clock: ClockPort, { periodMs, shiftMs = 0, turn, failed }: LoopOptions): Loop {
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let stopped = false;
  let shift = shiftMs;

  const once = (): Promise<void> => {
    timer?.cancel();
    const begun = clock.now().monoMs;
    running = turn()
      .catch(failed)
      .then(() => {
        running = null;
        if (stopped) return;
        const dueMs = periodMs + shift - (clock.now().monoMs - begun);
        shift = 0;
        timer = clock.after(Math.max(1, dueMs), () => void once());
      });
    return running;
  };

  void once();
  return {
    now: async () => {
      if (running !== null) await running;
      if (!stopped) await (running ?? once());
    },
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
