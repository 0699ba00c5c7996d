import { useSyncExternalStore } from 'react';
import { useRun } from './run.ts';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
const tickMs = 100;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** main's clock as far as this window knows it: the newest view's moment, going on while the connection stands. */
export function cockpitNow(): number {
  const { view, receivedAtMs, connection } = useRun.getState();
  if (view === null) return 0;
  if (connection.kind !== 'connected') return view.header.atUtcMs;
  return view.header.atUtcMs + performance.now() - receivedAtMs;
}

let read: number | undefined;

/** The clock as it was when it was first asked for in this turn: React asks twice, and wants the same answer. */
function nowOfThisTurn(): number {
  if (read === undefined) {
    read = cockpitNow();
    queueMicrotask(() => (read = undefined));
  }
  return read;
}

/** main's clock in whole steps of `stepMs`, so that a component renders only when its text can change. */
export function useNow(stepMs: number): number {
  return useSyncExternalStore(subscribe, () => Math.floor(nowOfThisTurn() / stepMs) * stepMs);
}
