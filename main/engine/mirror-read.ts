import { hash } from 'node:crypto';
import { verifyJournal } from '../../shared/audit/verify.ts';
import { canonicalJson } from '../../shared/lib/canonical-json.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { JournalRecord } from '../../shared/audit/record.ts';
import type { SshChannel } from '../ports.ts';

/** A run's journal is some hundred kilobytes; a file above this is none. */
const mostBytes = 256 * 1024 * 1024;

/** The text of a mirror, and where it ends. */
export type MirrorText = { readonly text: string; readonly length: number };

/** Reads a whole mirror, part by part; null: there is no such file. `limitMs` is for each part. */
export async function readMirror(
  channel: Pick<SshChannel, 'readFile'>,
  file: string,
  limitMs: number,
): Promise<Result<MirrorText | null, string>> {
  let text = '';
  let next = 0;
  for (;;) {
    const part = await channel.readFile(file, next, limitMs);
    if (part.kind !== 'ok') return failed(part.message);
    if (part.value === null) return next === 0 ? ok(null) : failed(`${file} went away while it was read`);
    text += part.value.text;
    const stuck = part.value.next <= next;
    next = part.value.next;
    if (next >= part.value.length) return ok({ text, length: next });
    if (stuck || next > mostBytes)
      return failed(`${file} is no journal: it stops making lines at byte ${next}`);
  }
}

/** Verifies the text of a mirror, with the platform's hash: whoever takes over waits for it. */
export function verifyMirror(text: string): ReturnType<typeof verifyJournal> {
  return verifyJournal(text, null, (part) => hash('sha256', part, 'hex'));
}

/** The text of a journal as it stands in its file. */
export function journalText(records: readonly JournalRecord[]): string {
  return records.map((record) => `${canonicalJson(record)}\n`).join('');
}

/** How a mirror stands to the journal here: the same or older, newer, or another one. What is torn at its end is left out. */
export function compareMirror(
  here: string,
  mirror: string,
): { readonly kind: 'behind'; readonly whole: string } | { readonly kind: 'ahead' | 'other' } {
  const whole = mirror.slice(0, mirror.lastIndexOf('\n') + 1);
  if (here.startsWith(whole)) return { kind: 'behind', whole };
  return { kind: whole.startsWith(here) ? 'ahead' : 'other' };
}
