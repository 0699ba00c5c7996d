/** One measured fact with when and how it was taken. `takenAt` is UTC in ms since the epoch by this laptop's clock. */
export type Observation<T> =
  | { readonly kind: 'known'; readonly value: T; readonly takenAt: number; readonly source: string }
  | { readonly kind: 'unknown'; readonly why: string; readonly takenAt: number; readonly source: string };

/** A fact that was measured. */
export function known<T>(value: T, takenAt: number, source: string): Observation<T> {
  return { kind: 'known', value, takenAt, source };
}

/** A fact that could not be measured, and why. */
export function unknown(why: string, takenAt: number, source: string): Observation<never> {
  return { kind: 'unknown', why, takenAt, source };
}

/** Its age in ms at `now`. */
export function ageMs(observation: { readonly takenAt: number }, now: number): number {
  return Math.max(0, now - observation.takenAt);
}
