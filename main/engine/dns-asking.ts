import type { ClockPort, Timer } from '../ports.ts';

/** How often due questions are looked for, and how many may be on their way at once. */
const tickMs = 50;
const mostInFlight = 256;

/** Asks many rows again and again, each at its own time, spread over the interval. */
export type Asking = {
  /** Replaces the rows; those that stay keep their turn. */
  readonly rows: (rows: readonly string[]) => void;
  /** How long it really took lately from one question to a row to its next, ms; null: not known yet. */
  readonly achievedMs: () => number | null;
  readonly stop: () => void;
};

/**
 * One slow server keeps nobody else waiting: each row has its own turn, and only as many as may be are on their way. When
 * that is too few (half the resolvers do not answer), the turns come later, and achievedMs says so.
 */
export function startAsking(
  clock: ClockPort,
  {
    intervalMs,
    ask,
    failed,
  }: {
    readonly intervalMs: () => number;
    readonly ask: (row: string) => Promise<void>;
    readonly failed: (error: unknown) => void;
  },
): Asking {
  const askedAt = new Map<string, number>();
  const inFlight = new Set<string>();
  let timer: Timer | null = null;
  let achieved: number | null = null;
  let stopped = false;
  const askOne = (row: string, now: number, first: boolean): void => {
    const before = askedAt.get(row);
    if (before !== undefined && !first)
      achieved = achieved === null ? now - before : achieved * 0.98 + (now - before) * 0.02;
    askedAt.set(row, now);
    inFlight.add(row);
    ask(row)
      .catch(failed)
      .finally(() => inFlight.delete(row));
  };
  const unasked = new Set<string>();
  const tick = (): void => {
    const now = clock.now().monoMs;
    const dueMs = intervalMs();
    for (const [row, at] of askedAt) {
      if (inFlight.size >= mostInFlight) break;
      if (now - at >= dueMs && !inFlight.has(row)) askOne(row, now, unasked.delete(row));
    }
    if (!stopped) timer = clock.after(tickMs, tick);
  };
  tick();
  return {
    rows: (rows) => {
      const now = clock.now().monoMs;
      const spreadMs = Math.min(intervalMs(), 2_000);
      const kept = new Set(rows);
      for (const row of askedAt.keys()) if (!kept.has(row)) askedAt.delete(row);
      const fresh = rows.filter((row) => !askedAt.has(row));
      // What is new comes within the first two seconds, evenly.
      fresh.forEach((row, index) => {
        askedAt.set(row, now - intervalMs() + (index * spreadMs) / fresh.length);
        unasked.add(row);
      });
    },
    achievedMs: () => (achieved === null ? null : Math.round(achieved)),
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
