/**
 * UTC in ms with decimals by this process's own clock: the wall clock at its start plus a counter that only goes forward,
 * so that a correction of the wall clock during the run is no freeze.
 */
export function nowUtcMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Waits `ms` or until `stopped`, whichever is first. */
export function pause(ms: number, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stopped.addEventListener('abort', done);
  });
}
