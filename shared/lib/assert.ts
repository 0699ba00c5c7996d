/** A broken assumption of the program itself: it stops the run and leaves the journal readable. */
export class BrokenAssumption extends Error {
  override readonly name = 'BrokenAssumption';
}

/** Stops on a broken assumption; expected outcomes are values (lib/result.ts), never assertions. */
export function assert(condition: boolean, assumption: string): asserts condition {
  if (!condition) throw new BrokenAssumption(`Broken assumption: ${assumption}`);
}

/** Makes a switch over a tagged union exhaustive at compile time. */
export function never(value: never, where: string): never {
  throw new BrokenAssumption(`Broken assumption: ${where} met an unknown kind ${JSON.stringify(value)}`);
}

/** Returns a value that the program knows to be present, or stops. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null)
    throw new BrokenAssumption(`Broken assumption: ${what} is missing`);
  return value;
}
