import type { ClockPort } from '../ports.ts';

/** Waits that long on the clock of the ports: in the simulator that is simulated time. */
export function pause(clock: ClockPort, ms: number): Promise<void> {
  return new Promise((over) => clock.after(ms, () => over()));
}
