import { hash as nodeHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Head } from '../../shared/audit/chain.ts';
import { failed, type Result } from '../../shared/lib/result.ts';
import { verifyJournal, type Damage, type Verified } from '../../shared/audit/verify.ts';

/** What a journal is on disk: bytes that are verified, a torn end that is kept, a head file beside it. */

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const largestJournalBytes = 1024 * 1024 * 1024;

/** The platform's own hash: the journal's speed is the minute's. */
export const sha256 = (text: string): string => nodeHash('sha256', text, 'hex');

/** The text must be exactly these bytes: a broken UTF-8 sequence would otherwise read like a character it is not. */
export function verifyBytes(bytes: Buffer, expected: Head | null): Result<Verified, Damage> {
  const whole = bytes.subarray(0, wholeBytes(bytes));
  const text = whole.toString('utf8');
  const decoded = Buffer.from(text);
  const line = decoded.equals(whole) ? null : firstDifferentLine(whole, decoded);
  const verified = verifyJournal(text + bytes.subarray(whole.length).toString('utf8'), expected, sha256);
  if (line === null || (!verified.ok && verified.error.line < line)) return verified;
  return failed({ line, kind: 'changed', why: `record ${line} was changed: it is no UTF-8 text` });
}

function firstDifferentLine(bytes: Buffer, decoded: Buffer): number {
  let line = 1;
  for (let index = 0; index < bytes.length; index += 1) {
    if (bytes[index] !== decoded[index]) return line;
    if (bytes[index] === 10) line += 1;
  }
  return line;
}

/** How many bytes are whole records: what stands behind the last line end is torn. */
export function wholeBytes(bytes: Buffer): number {
  return bytes.lastIndexOf(10) + 1;
}

/** All bytes of an open journal; throws above the size that any run can have. */
export function readAll(fd: number): Buffer {
  const { size } = fstatSync(fd);
  if (size > largestJournalBytes) throw new Error(`it is larger than ${largestJournalBytes} bytes`);
  return readFileSync(fd);
}

/** Keeps what a torn record left, beside the journal. */
export function keepTorn(file: string, bytes: Buffer): void {
  const fd = openSync(`${file}.torn`, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, Buffer.concat([bytes, Buffer.from('\n')]));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The head file: an anchor beside the journal that shows when whole records are cut from its end. */
export function writeHead(file: string, head: Head): void {
  const temporary = `${file}.head.new`;
  try {
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      writeFileSync(fd, `${JSON.stringify(head)}\n`);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, `${file}.head`);
  } catch {
    // Without it verify says that no anchor is there; the journal itself has lost nothing, so the run goes on.
  }
}

/** The anchor, or null when there is none that can be read. */
export function readHead(file: string): Head | null {
  try {
    const value: unknown = JSON.parse(readFileSync(`${file}.head`, 'utf8'));
    if (typeof value !== 'object' || value === null) return null;
    const { count, head } = value as Record<string, unknown>;
    return typeof count === 'number' && typeof head === 'string' ? { count, head } : null;
  } catch {
    return null;
  }
}

/** A new file's name is only durable when its directory is. */
export function syncDirectory(directory: string): void {
  if (!statSync(directory).isDirectory()) return;
  const fd = openSync(directory, O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Why a file could not be opened or written, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ELOOP') return 'it is a symbolic link, expected a file';
  if (code === 'EACCES') return 'this user may not open it';
  return error instanceof Error ? error.message : String(error);
}
