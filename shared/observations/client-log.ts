import { z } from 'zod';

/**
 * The log of a synthetic client: one JSON object a line, appended when the write is over, never changed. Times are UTC
 * in ms with decimals by the client's own clock (its start plus a monotonic counter, so a step of the wall clock in the
 * middle of a run cannot make a freeze longer or shorter).
 */
const clientWriteSchema = z.strictObject({
  client: z.string(),
  chain: z.string(),
  /** Unique over all clients and runs. */
  id: z.string(),
  /** `source` and `target`: straight to that server; `path`: through the application. */
  side: z.enum(['source', 'target', 'path']),
  startedAt: z.number(),
  endedAt: z.number(),
  outcome: z.enum(['acknowledged', 'refused', 'unknown']),
  /** Clients of the application read each acknowledged write back: was there an answer, and was the write in it. */
  readBack: z.enum(['found', 'absent', 'failed']).optional(),
  /** Error number, HTTP status or the way the connection ended; absent when acknowledged. */
  why: z.string().optional(),
});

/** One write as a synthetic client saw it. */
export type ClientWrite = Readonly<{
  client: string;
  chain: string;
  id: string;
  side: 'source' | 'target' | 'path';
  startedAt: number;
  endedAt: number;
  outcome: 'acknowledged' | 'refused' | 'unknown';
  readBack?: 'found' | 'absent' | 'failed' | undefined;
  why?: string | undefined;
}>;

/** The line of one write, with its line break. */
export function writeLine(write: ClientWrite): string {
  return `${JSON.stringify(write)}\n`;
}

/** One line of a log; null when it is not a whole record (the last line of a client that was killed). */
export function parseWriteLine(line: string): ClientWrite | null {
  try {
    const parsed = clientWriteSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
