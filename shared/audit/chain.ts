import { canonicalJson } from '../lib/canonical-json.ts';
import { sha256, type Sha256 } from '../lib/sha256.ts';
import type { Moment } from '../steps/event.ts';
import type { JournalRecord, Payload } from './record.ts';

/** What the first record of a journal cites as the one before it. */
export const noPrevious = '0'.repeat(64);

/** A place in a journal: how many records it has, and the hash of the newest. */
export type Head = { readonly count: number; readonly head: string };

/** The head of a journal without records. */
export const emptyHead: Head = { count: 0, head: noPrevious };

/** A record's line in the journal file, without the line end, and the journal's head behind it. */
export type Chained = {
  readonly line: string;
  readonly head: Head;
  /** The record as it will be read again (JSON has no undefined); parsed when it is asked for. */
  readonly record: JournalRecord;
};

/** Makes the next record of a journal. Records count from 1, so that record n stands on line n. */
export function chain(
  next: { readonly at: Moment; readonly payload: Payload },
  after: Head,
  hash: Sha256 = sha256,
): Chained {
  const seq = after.count + 1;
  const at = canonicalJson({ utcMs: next.at.utcMs, monoMs: next.at.monoMs });
  const payload = canonicalJson(next.payload);
  const digest = hash(hashed({ at, payload, prev: after.head, seq }));
  // Members in canonical order: at, hash, payload, prev, seq. Written from parts, so the payload is canonicalised once.
  const line = `{"at":${at},"hash":"${digest}","payload":${payload},"prev":"${after.head}","seq":${seq}}`;
  return {
    line,
    head: { count: seq, head: digest },
    get record() {
      return JSON.parse(line) as JournalRecord;
    },
  };
}

/** The text a record's hash is over: the canonical JSON of { seq, at, prev, payload }. */
export function hashed(parts: {
  readonly at: string;
  readonly payload: string;
  readonly prev: string;
  readonly seq: number;
}): string {
  return `{"at":${parts.at},"payload":${parts.payload},"prev":"${parts.prev}","seq":${parts.seq}}`;
}
