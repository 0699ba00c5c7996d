import { assert } from '../../shared/lib/assert.ts';
import type { ClockPort, Timer } from '../ports.ts';

/**
 * The world's time. It passes only when somebody drives it: a test with run(), real time with pump().
 * Timers fire in the order of their time, then of their making, so a run is the same every time.
 */
export type SimulatorClock = {
  readonly port: ClockPort;
  /** Milliseconds since the world began, with fractions. */
  readonly nowMs: () => number;
  readonly utcMs: () => number;
  /** A timer of the world itself. */
  readonly in: (ms: number, call: () => void) => Timer;
  /** Tells the clock that something outside the world was answered and must be given its turn before time passes. */
  readonly answered: () => void;
  /** Milliseconds of the next timer, null when nothing is planned. */
  readonly nextAt: () => number | null;
  /** Fires what comes due in the next `ms`, without giving promises their turn. */
  readonly advance: (ms: number) => void;
  /** Drives until `until` (ms since the world began), or until the predicate holds; answers whether it held. */
  readonly run: (until: number | (() => boolean), limitMs?: number) => Promise<boolean>;
  /** Real time passed: catches up by as much. Calls while it still catches up add to the same goal. */
  readonly pump: (realMsElapsed: number) => Promise<void>;
};

export type ClockOptions = {
  readonly startUtcMs: number;
  /** Moves what moves by itself up to `limitMs`, in order of time, and stops early when `time.interrupted()`. */
  readonly move: (limitMs: number, time: Time) => void;
  /** Gives everything outside the world its turn; default: microtasks. With real I/O behind a call, pass one that waits for it. */
  readonly settle?: (() => Promise<void>) | undefined;
};

export type Time = {
  /** It is this late now. */
  readonly set: (nowMs: number) => void;
  /** Something was planned for a moment before the limit: that comes first. */
  readonly interrupted: () => boolean;
};

type Entry = { readonly at: number; readonly order: number; readonly call: () => void; dead: boolean };

/** Turns a reply may need until the code behind it has made its next call. */
const quietTurns = 24;

/** More timers than this at one moment mean a loop without length: it stops loudly instead of hanging. */
const mostAtOnce = 1_000_000;

/** Makes a clock that starts at 0. */
export function makeClock(options: ClockOptions): SimulatorClock {
  const heap: Entry[] = [];
  let now = 0;
  let made = 0;
  let unsettled = false;
  let goal = 0;
  let lastAt = -1;
  let still = 0;
  let pumping: Promise<void> | null = null;

  function plan(ms: number, call: () => void): Timer {
    const entry: Entry = { at: now + Math.max(0, ms), order: made++, call, dead: false };
    push(heap, entry);
    return {
      cancel: () => {
        entry.dead = true;
      },
    };
  }

  function first(): Entry | undefined {
    while (heap[0]?.dead === true) pop(heap);
    return heap[0];
  }

  let limit = 0;
  const time: Time = {
    set: (at) => {
      now = at;
    },
    interrupted: () => {
      const next = first();
      return next !== undefined && next.at < limit;
    },
  };

  /** Passes time up to `at`; false: something comes due before that. */
  function moveTo(at: number): boolean {
    limit = at;
    options.move(at, time);
    if (time.interrupted()) return false;
    now = Math.max(now, at);
    return true;
  }

  /** Passes time to the next timer and fires it; false: there is none until `end`, and time has passed up to there. */
  function fireNext(end: number): boolean {
    for (;;) {
      const at = Math.min(first()?.at ?? Infinity, end);
      if (at === Infinity) return false;
      if (!moveTo(at)) continue;
      const next = first();
      if (next === undefined || next.at > end) return false;
      pop(heap);
      still = next.at > lastAt ? 0 : still + 1;
      lastAt = next.at;
      // Said only when it is so: this is met at every timer, and a number costs much to write.
      if (still >= mostAtOnce) assert(false, `time goes on; it stands still at ${now} ms`);
      next.call();
      return true;
    }
  }

  async function settle(): Promise<void> {
    if (options.settle !== undefined) {
      unsettled = false;
      await options.settle();
      return;
    }
    for (let turn = 0; turn < quietTurns; turn++) {
      await null;
      if (unsettled) turn = 0;
      unsettled = false;
    }
  }

  async function run(until: number | (() => boolean), limitMs = Infinity): Promise<boolean> {
    const held = typeof until === 'number' ? (): boolean => false : until;
    const end = typeof until === 'number' ? until : now + limitMs;
    await settle();
    for (;;) {
      if (held()) return true;
      if (!fireNext(end)) return held();
      if (unsettled) await settle();
    }
  }

  async function catchUp(): Promise<void> {
    while (now < goal) await run(goal);
    pumping = null;
  }

  return {
    port: {
      now: () => ({ utcMs: Math.floor(options.startUtcMs + now), monoMs: Math.round(now * 1000) / 1000 }),
      after: (ms, call) => {
        unsettled = true;
        return plan(ms, () => {
          unsettled = true;
          call();
        });
      },
    },
    nowMs: () => now,
    utcMs: () => options.startUtcMs + now,
    in: plan,
    answered: () => {
      unsettled = true;
    },
    nextAt: () => first()?.at ?? null,
    advance: (ms) => {
      const end = now + ms;
      while (fireNext(end));
    },
    run,
    pump: (elapsedMs) => {
      goal = Math.max(goal, now) + elapsedMs;
      pumping ??= catchUp();
      return pumping;
    },
  };
}

function before(left: Entry, right: Entry): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

function push(heap: Entry[], entry: Entry): void {
  let place = heap.length;
  heap.push(entry);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !before(entry, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let place = 0;
  for (;;) {
    let child = place * 2 + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    let smaller = left;
    if (right !== undefined && before(right, left)) {
      smaller = right;
      child += 1;
    }
    if (!before(smaller, last)) break;
    heap[place] = smaller;
    place = child;
  }
  heap[place] = last;
  return top;
}
