import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { parseWriteLine } from '../../shared/observations/client-log.ts';
import type { ClientWrite } from '../../shared/observations/client-log.ts';

/** What a log says in sum. */
export type LogTotals = {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly lastAcknowledgedAt: number | null;
  readonly lastEndedAt: number | null;
  /** Lines that are no write: the log is not what a client left behind. */
  readonly unreadable: number;
};

const chunkBytes = 256 * 1024;
const linesPerMark = 512;

/**
 * Follows one client's log, reading only. It keeps running totals and, every few hundred lines, where in the file which
 * time begins; the writes themselves stay in the file, for a night's log does not fit into memory.
 */
export class LogTail {
  readonly #file: string;
  #offset = 0;
  #totals = { acknowledged: 0, refused: 0, unknown: 0, unreadable: 0 };
  #lastAcknowledgedAt: number | null = null;
  #lastEndedAt: number | null = null;
  #lines = 0;
  /** Every write before `offset` ended at `endedBy` or earlier. */
  readonly #marks: { readonly offset: number; readonly endedBy: number }[] = [];
  #busy: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  get totals(): LogTotals {
    return { ...this.#totals, lastAcknowledgedAt: this.#lastAcknowledgedAt, lastEndedAt: this.#lastEndedAt };
  }

  /** Reads up to the present end of the file. Calls queue behind one another. */
  follow(): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      this.#offset = await readLines(this.#file, this.#offset, (line, next) => this.#take(line, next));
    });
    return this.#busy;
  }

  /** Every write that ended at `sinceUtcMs` or later, in the order of the log, up to its present end. */
  async writesSince(sinceUtcMs: number): Promise<readonly ClientWrite[]> {
    await this.follow();
    const from = this.#marks.findLast((mark) => mark.endedBy < sinceUtcMs)?.offset ?? 0;
    const writes: ClientWrite[] = [];
    await readLines(this.#file, from, (line) => {
      const write = parseWriteLine(line);
      if (write !== null && write.endedAt >= sinceUtcMs) writes.push(write);
    });
    return writes;
  }

  #take(line: string, next: number): void {
    const write = parseWriteLine(line);
    if (write === null) {
      if (line !== '') this.#totals.unreadable += 1;
      return;
    }
    this.#totals[write.outcome] += 1;
    this.#lastEndedAt = Math.max(this.#lastEndedAt ?? 0, write.endedAt);
    if (write.outcome === 'acknowledged')
      this.#lastAcknowledgedAt = Math.max(this.#lastAcknowledgedAt ?? 0, write.endedAt);
    this.#lines += 1;
    if (this.#lines % linesPerMark === 0) this.#marks.push({ offset: next, endedBy: this.#lastEndedAt });
  }
}

/** Gives each whole line from `offset` on, with the offset behind it; answers with the offset behind the last whole one. */
async function readLines(
  file: string,
  offset: number,
  take: (line: string, next: number) => void,
): Promise<number> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch {
    // Not there yet: the client has not opened it.
    return offset;
  }
  try {
    const chunk = Buffer.alloc(chunkBytes);
    const decoder = new StringDecoder('utf8');
    let at = offset;
    let done = offset;
    let rest = '';
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes, at);
      if (bytesRead === 0) return done;
      at += bytesRead;
      const lines = (rest + decoder.write(chunk.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        done += Buffer.byteLength(line) + 1;
        take(line, done);
      }
    }
  } finally {
    await handle.close();
  }
}
