/** An expected outcome that can fail: a value, or the reason as a value. */
export type Result<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Wraps a value as a success. */
export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

/** Wraps a reason as a failure. */
export function failed<E>(error: E): Result<never, E> {
  return { ok: false, error };
}
