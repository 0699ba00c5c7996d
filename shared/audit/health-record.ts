import { z } from 'zod';
import { failed, ok, type Result } from '../lib/result.ts';
import { sha256 } from '../lib/sha256.ts';

/**
 * What is kept of health checks that were made from a plan, one line each, never changed: the intent before anything is
 * sent, and what came of it. By it a check that was made is found again although the plan does not name its id yet.
 */
const line = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('intended'),
    at: z.int(),
    check: z.string(),
    callerReference: z.string(),
    account: z.string(),
    planDigest: z.string(),
    /** As it was to become, in the plan's words. */
    planned: z.string(),
  }),
  z.strictObject({
    kind: z.literal('created'),
    at: z.int(),
    check: z.string(),
    callerReference: z.string(),
    healthCheckId: z.string(),
  }),
  z.strictObject({
    kind: z.literal('not-created'),
    at: z.int(),
    check: z.string(),
    callerReference: z.string(),
    outcome: z.enum(['refused', 'none']),
    message: z.string(),
  }),
]);

/** One line of the file. Times are UTC ms. */
export type HealthLine = z.infer<typeof line>;

/** The ids of the checks that were made from the plan, oldest first, by the plan's own ids. */
export type MadeChecks = ReadonlyMap<string, readonly string[]>;

/** Reads the lines of a file; a line that cannot be read refuses all of it. A last line without an end was never written. */
export function foldHealthRecord(text: string): Result<MadeChecks, string> {
  const made = new Map<string, readonly string[]>();
  for (const [at, each] of text.split('\n').slice(0, -1).entries()) {
    const read = line.safeParse(jsonOf(each));
    if (!read.success)
      return failed(`line ${at + 1} cannot be read, expected what making health checks writes`);
    if (read.data.kind !== 'created') continue;
    const { check, healthCheckId } = read.data;
    const known = made.get(check) ?? [];
    if (!known.includes(healthCheckId)) made.set(check, [...known, healthCheckId]);
  }
  return ok(made);
}

/**
 * By which Route 53 knows a request again: whoever asks for the same check of the same plan, twice or from another laptop,
 * gets the one that is there. A reference whose check was deleted is spent, hence the count of those made before. At most
 * 64 characters (Route 53 API Reference, CreateHealthCheck).
 */
export function callerReference(plan: string, check: string, madeBefore: number): string {
  return `cutover-${sha256(JSON.stringify([plan, check, madeBefore])).slice(0, 48)}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
