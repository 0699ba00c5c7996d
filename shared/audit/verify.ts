import { canonicalJson } from '../lib/canonical-json.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import { sha256, type Sha256 } from '../lib/sha256.ts';
import { emptyHead, hashed, type Head } from './chain.ts';
import type { JournalRecord } from './record.ts';

/** A journal whose records are all there, unchanged and in order. */
export type Verified = Head & {
  readonly records: readonly JournalRecord[];
  /** What follows the last line end: a record that was being written when the writer died. Null: nothing. */
  readonly torn: { readonly line: number; readonly text: string } | null;
  /** Length in UTF-16 units of the verified part: everything before the torn record. */
  readonly length: number;
};

/** The first place where a journal is not what was written. Records are on the line of their number. */
export type Damage = {
  readonly line: number;
  readonly kind: 'changed' | 'removed' | 'reordered' | 'inserted' | 'cut-off' | 'replaced';
  /** One sentence: what was expected, what was seen. */
  readonly why: string;
};

/**
 * Reads a journal and proves its chain. Any record that was changed, removed, reordered or inserted is found by the
 * chain itself. Whole records missing at the end, or a chain that was computed anew, are found with `expected`: a head
 * seen earlier (the head file, a report, a screen). The journal may have grown since.
 */
export function verifyJournal(
  text: string,
  expected: Head | null = null,
  hash: Sha256 = sha256,
): Result<Verified, Damage> {
  const end = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, end).split('\n').slice(0, -1);
  const torn = end === text.length ? null : { line: lines.length + 1, text: text.slice(end) };
  const records: JournalRecord[] = [];
  let head = emptyHead;
  for (const line of lines) {
    const read = readRecord(line);
    const why = read === null ? unreadable(head.count + 1) : judge(read, head, hash);
    if (why !== null || read === null) return failed(explain(why ?? unreadable(head.count + 1), lines, head));
    head = { count: read.record.seq, head: read.record.hash };
    records.push(read.record);
    if (expected !== null && expected.count === head.count && expected.head !== head.head)
      return failed({
        line: head.count,
        kind: 'replaced',
        why: `record ${head.count} is not the one seen earlier: expected hash ${expected.head}, seen ${head.head}; the journal was written anew up to here`,
      });
  }
  if (expected !== null && expected.count > head.count)
    return failed({
      line: head.count + 1,
      kind: 'cut-off',
      why: `record ${head.count + 1} is missing: expected at least ${expected.count} records, seen ${head.count}`,
    });
  return ok({ ...head, records, torn, length: end });
}

type Read = { readonly record: JournalRecord; readonly text: string };

/** A line is a record only when it is, byte for byte, the canonical JSON of one. */
function readRecord(line: string): Read | null {
  try {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value) || canonicalJson(value) !== line) return null;
    const { at, payload, prev, seq } = value;
    return {
      record: value,
      text: hashed({ at: canonicalJson(at), payload: canonicalJson(payload), prev, seq }),
    };
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is JournalRecord {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  if (keys.length !== 5 || !['at', 'hash', 'payload', 'prev', 'seq'].every((key) => keys.includes(key)))
    return false;
  const { at, hash, payload, prev, seq } = value as Record<string, unknown>;
  const isHash = (text: unknown): boolean => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);
  if (typeof at !== 'object' || at === null || typeof payload !== 'object' || payload === null) return false;
  return isHash(hash) && isHash(prev) && Number.isSafeInteger(seq) && Number(seq) > 0;
}

type Why = Pick<Damage, 'kind' | 'why'>;

function unreadable(seq: number): Why {
  return { kind: 'changed', why: `record ${seq} is no journal record in canonical JSON` };
}

function judge(read: Read, before: Head, hash: Sha256): Why | null {
  const { record } = read;
  const seq = before.count + 1;
  const whole = hash(read.text) === record.hash;
  if (!whole)
    return { kind: 'changed', why: `record ${seq} was changed: its hash does not fit what it says` };
  if (record.seq > seq)
    return { kind: 'removed', why: `record ${seq} is missing: record ${record.seq} stands in its place` };
  if (record.seq < seq)
    return {
      kind: 'inserted',
      why: `record ${seq} is expected here, but record ${record.seq} stands here again`,
    };
  if (record.prev !== before.head)
    return {
      kind: 'replaced',
      why: `record ${seq} does not follow the record before it: expected prev ${before.head}, seen ${record.prev}`,
    };
  return null;
}

/** Tells a removed record from one that only stands elsewhere, because the two are looked for differently. */
function explain(found: Why, lines: readonly string[], before: Head): Damage {
  const seq = before.count + 1;
  const damage = { line: seq, ...found };
  if (found.kind !== 'removed') return damage;
  const later = lines.findIndex((line, index) => index >= seq && readRecord(line)?.record.seq === seq);
  if (later < 0) return damage;
  return {
    ...damage,
    kind: 'reordered',
    why: `record ${seq} stands on line ${later + 1}: records were reordered`,
  };
}

/** What a verification found, in one sentence for the command line and the report. */
export function verificationText(
  result: Result<Verified, Damage>,
  expected: Head | null,
): { readonly good: boolean; readonly text: string } {
  if (!result.ok) return { good: false, text: `damaged at line ${result.error.line}: ${result.error.why}` };
  const { count, head, torn } = result.value;
  if (torn !== null)
    return {
      good: false,
      text: `cut off at line ${torn.line}: the last record is not complete; the ${count} records before it are unchanged, head ${head}`,
    };
  const anchor =
    expected === null
      ? 'no head file beside it: whole records missing at the end would not be noticed; compare the head with the report'
      : `the head file agrees (${expected.count} records)`;
  return { good: true, text: `unchanged: ${count} records, head ${head}; ${anchor}` };
}
