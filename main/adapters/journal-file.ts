import { hash as nodeHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { assert } from '../../shared/lib/assert.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { chain, type Head } from '../../shared/audit/chain.ts';
import type { JournalRecord } from '../../shared/audit/record.ts';
import type { Redactor } from '../../shared/audit/redact.ts';
import { verificationText, verifyJournal, type Damage, type Verified } from '../../shared/audit/verify.ts';
import type { Journal } from '../ports.ts';

/** An open journal, and what had to be put right to open it: a torn last record that was cut, in words. */
export type OpenedJournal = { readonly journal: Journal; readonly notes: readonly string[] };

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const largestJournalBytes = 1024 * 1024 * 1024;
const headEveryMs = 1000;

const sha256 = (text: string): string => nodeHash('sha256', text, 'hex');

/**
 * Opens a journal for appending, creating it when it is new. What is there is verified first: a torn last record (its
 * append never returned, so nothing was done because of it) is moved to FILE.torn; a damaged journal is refused with
 * the exact place and stays as it is.
 */
export function openJournal(file: string, redactor: Redactor): Result<OpenedJournal, string> {
  try {
    // Only directories made here get this mode: one that is there already belongs to somebody.
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const fd = openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    const result = begin(file, fd, redactor);
    if (!result.ok) closeSync(fd);
    return result;
  } catch (error) {
    return failed(`The journal ${file} cannot be opened: ${reasonOf(error)}`);
  }
}

/** Verifies a journal file against its own chain and the head file beside it, if there is one. Changes nothing. */
export function verifyJournalFile(file: string): { readonly good: boolean; readonly text: string } {
  try {
    const fd = openSync(file, O_RDONLY | O_NOFOLLOW);
    try {
      const expected = readHead(file);
      return verificationText(verifyBytes(readAll(fd), expected), expected);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { good: false, text: `cannot be read: ${reasonOf(error)}` };
  }
}

/** Reads the records of a journal file that is whole up to a torn last record; otherwise says where it is damaged. */
export function readJournalFile(file: string): Result<readonly JournalRecord[], string> {
  try {
    const fd = openSync(file, O_RDONLY | O_NOFOLLOW);
    try {
      const verified = verifyBytes(readAll(fd), readHead(file));
      return verified.ok
        ? ok(verified.value.records)
        : failed(`${file}: ${verificationText(verified, null).text}`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return failed(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

function begin(file: string, fd: number, redactor: Redactor): Result<OpenedJournal, string> {
  const { mode } = fstatSync(fd);
  if ((mode & constants.S_IFMT) !== constants.S_IFREG)
    return failed(`The journal ${file} is no regular file.`);
  fchmodSync(fd, 0o600);
  const bytes = readAll(fd);
  const expected = readHead(file);
  const verified = verifyBytes(bytes, expected);
  if (!verified.ok)
    return failed(
      `The journal ${file} is ${verificationText(verified, null).text}. It is left as it is; nothing can be appended to it.`,
    );
  const notes: string[] = [];
  const whole = wholeBytes(bytes);
  if (verified.value.torn !== null) {
    keepTorn(file, bytes.subarray(whole));
    ftruncateSync(fd, whole);
    notes.push(
      `The last record of ${file} (line ${verified.value.torn.line}) was torn; it is kept in ${file}.torn.`,
    );
  }
  fsyncSync(fd);
  syncDirectory(dirname(file));
  return ok({ journal: appendingTo({ file, fd, bytes: whole }, verified.value, redactor), notes });
}

type OpenFile = { readonly file: string; readonly fd: number; readonly bytes: number };

/**
 * Calls are synchronous on purpose: an effect may begin only after its record is on disk, one fdatasync takes about
 * 0.1 ms here, and a promise in between would let another event slip in between the decision and its record.
 */
function appendingTo(open: OpenFile, verified: Verified, redactor: Redactor): Journal {
  const { file, fd } = open;
  const records: JournalRecord[] = [...verified.records];
  let head: Head = { count: verified.count, head: verified.head };
  let bytes = open.bytes;
  let closed = false;
  let broken: string | null = null;
  let headWrittenAt = 0;
  let syncing = false;
  let unsynced = false;

  /** Syncs in the background. One at a time: what is written meanwhile is synced by the next one. */
  const syncSoon = (): void => {
    unsynced = true;
    if (syncing) return;
    syncing = true;
    unsynced = false;
    fdatasync(fd, (error) => {
      syncing = false;
      if (error !== null) broken ??= `fdatasync failed: ${reasonOf(error)}`;
      // The descriptor stays open for as long as a sync may use it: its number could be another file's by then.
      if (closed) closeSync(fd);
      else if (unsynced && broken === null) syncSoon();
    });
  };

  /** After a failed write or sync nobody knows what is on disk: the journal takes nothing more. */
  const guarded = <T>(what: string, call: () => T): T => {
    try {
      return call();
    } catch (error) {
      broken = `${what} failed: ${reasonOf(error)}`;
      throw new Error(`The journal ${file} cannot be continued: ${broken}`, { cause: error });
    }
  };
  return {
    file,
    head: () => head.head,
    count: () => head.count,
    read: () => [...records],
    append: (at, payload, durable) => {
      assert(!closed, `the journal ${file} is open`);
      if (broken !== null) throw new Error(`The journal ${file} cannot be continued: ${broken}`);
      const { record, line } = chain({ at, payload: redactor.redactDeep(payload) }, head, sha256);
      const data = Buffer.from(`${line}\n`);
      guarded('writing', () => {
        // Two writers would fork the chain. The size is what the other one cannot help changing.
        const { size } = fstatSync(fd);
        if (size !== bytes)
          throw new Error(`another program wrote to it (expected ${bytes} bytes, seen ${size})`);
        // One write for one record: a crash leaves it whole, torn at the end, or absent.
        const written = writeSync(fd, data);
        if (written !== data.length)
          throw new Error(`${written} of ${data.length} bytes were written; the disk may be full`);
      });
      // A failed sync is never tried again: the kernel may have dropped the pages and would then report success.
      if (durable === true) guarded('fdatasync', () => fdatasyncSync(fd));
      else if (durable === 'soon') syncSoon();
      bytes += data.length;
      head = { count: record.seq, head: record.hash };
      records.push(record);
      // The head file only has to be recent (it anchors the tail), so it costs the minute one small write a second.
      const now = performance.now();
      if (durable === true && now - headWrittenAt > headEveryMs) {
        headWrittenAt = now;
        writeHead(file, head);
      }
      return record;
    },
    close: () => {
      if (closed) return;
      closed = true;
      try {
        if (broken === null) fdatasyncSync(fd);
        writeHead(file, head);
      } finally {
        if (!syncing) closeSync(fd);
      }
    },
  };
}

/** The text must be exactly these bytes: a broken UTF-8 sequence would otherwise read like a character it is not. */
function verifyBytes(bytes: Buffer, expected: Head | null): Result<Verified, Damage> {
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

function wholeBytes(bytes: Buffer): number {
  return bytes.lastIndexOf(10) + 1;
}

function readAll(fd: number): Buffer {
  const { size } = fstatSync(fd);
  if (size > largestJournalBytes) throw new Error(`it is larger than ${largestJournalBytes} bytes`);
  return readFileSync(fd);
}

function keepTorn(file: string, bytes: Buffer): void {
  const fd = openSync(`${file}.torn`, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, Buffer.concat([bytes, Buffer.from('\n')]));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The head file: an anchor beside the journal that shows when whole records are cut from its end. */
function writeHead(file: string, head: Head): void {
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
function readHead(file: string): Head | null {
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
function syncDirectory(directory: string): void {
  if (!statSync(directory).isDirectory()) return;
  const fd = openSync(directory, O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ELOOP') return 'it is a symbolic link, expected a file';
  if (code === 'EACCES') return 'this user may not open it';
  return error instanceof Error ? error.message : String(error);
}
