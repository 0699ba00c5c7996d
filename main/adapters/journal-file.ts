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
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { assert } from '../../shared/lib/assert.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { chain, type Chained, type Head } from '../../shared/audit/chain.ts';
import type { JournalRecord, Payload } from '../../shared/audit/record.ts';
import type { Moment } from '../../shared/steps/event.ts';
import type { Redactor } from '../../shared/audit/redact.ts';
import { verificationText, type Verified } from '../../shared/audit/verify.ts';
import type { Journal } from '../ports.ts';
import {
  keepTorn,
  readAll,
  readHead,
  reasonOf,
  sha256,
  syncDirectory,
  verifyBytes,
  wholeBytes,
  writeHead,
} from './journal-disk.ts';

/** An open journal, and what had to be put right to open it: a torn last record that was cut, in words. */
export type OpenedJournal = { readonly journal: Journal; readonly notes: readonly string[] };

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;
const headEveryMs = 1000;

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
 * A durable record is on disk when append returns: an effect may begin only after it, one fdatasync takes about 0.1 ms
 * here, and a promise in between would let another event slip in between the decision and its record. The others hold
 * what was read and intend nothing but looks: they are written in the next turn of the event loop, in their order and
 * always before a later durable one, so that no look waits for the writing down of the one before it.
 */
function appendingTo(open: OpenFile, verified: Verified, redactor: Redactor): Journal {
  const { file, fd } = open;
  const records: JournalRecord[] = [...verified.records];
  /** Written, and parsed only when somebody reads. */
  const unread: Chained[] = [];
  const followers = new Set<(line: string) => void>();
  let pending: { readonly at: Moment; readonly payload: Payload }[] = [];
  let head: Head = { count: verified.count, head: verified.head };
  let bytes = open.bytes;
  let closed = false;
  let broken: string | null = null;
  let headWrittenAt = 0;
  let writing: NodeJS.Immediate | null = null;
  let syncing = false;
  let unsynced = false;

  /** Syncs in the background. One at a time: what is written meanwhile is synced by the next one. */
  const syncSoon = (): void => {
    if (syncing || !unsynced || broken !== null) return;
    syncing = true;
    unsynced = false;
    fdatasync(fd, (error) => {
      syncing = false;
      if (error !== null) broken ??= `fdatasync failed: ${reasonOf(error)}`;
      // The descriptor stays open for as long as a sync may use it: its number could be another file's by then.
      if (closed) closeSync(fd);
      else syncSoon();
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

  /** What waits, in one write: a crash leaves each record whole, torn at the end, or absent. */
  const writePending = (): void => {
    if (writing !== null) clearImmediate(writing);
    writing = null;
    if (pending.length === 0 || broken !== null) return;
    const chained: Chained[] = [];
    for (const { at, payload } of pending) {
      const after = chained.at(-1)?.head ?? head;
      chained.push(chain({ at, payload: redactor.redactDeep(payload) }, after, sha256));
    }
    pending = [];
    const data = Buffer.from(chained.map(({ line }) => `${line}\n`).join(''));
    guarded('writing', () => {
      // Two writers would fork the chain. The size is what the other one cannot help changing.
      const { size } = fstatSync(fd);
      if (size !== bytes)
        throw new Error(`another program wrote to it (expected ${bytes} bytes, seen ${size})`);
      const written = writeSync(fd, data);
      if (written !== data.length)
        throw new Error(`${written} of ${data.length} bytes were written; the disk may be full`);
    });
    head = chained.at(-1)?.head ?? head;
    bytes += data.length;
    unread.push(...chained);
    for (const call of followers) for (const { line } of chained) call(line);
  };

  /** Whoever looks sees everything that was appended; what cannot be written is told to whoever appends next. */
  const whole = <T>(look: () => T): T => {
    try {
      writePending();
    } catch {
      assert(broken !== null, 'a failed write is remembered');
    }
    return look();
  };

  const writeSoon = (): void => {
    writing ??= setImmediate(() => whole(syncSoon));
  };

  return {
    file,
    head: () => whole(() => head.head),
    count: () => head.count + pending.length,
    read: () =>
      whole(() => {
        records.push(...unread.splice(0).map(({ record }) => record));
        return [...records];
      }),
    follow: (call) => {
      followers.add(call);
      return () => followers.delete(call);
    },
    append: (at, payload, durable) => {
      assert(!closed, `the journal ${file} is open`);
      if (broken !== null) throw new Error(`The journal ${file} cannot be continued: ${broken}`);
      pending.push({ at, payload });
      if (durable !== true) {
        unsynced ||= durable === 'soon';
        writeSoon();
        return;
      }
      writePending();
      // A failed sync is never tried again: the kernel may have dropped the pages and would then report success.
      guarded('fdatasync', () => fdatasyncSync(fd));
      unsynced = false;
      // The head file only has to be recent (it anchors the tail), so it costs the minute one small write a second.
      const now = performance.now();
      if (now - headWrittenAt > headEveryMs) {
        headWrittenAt = now;
        writeHead(file, head);
      }
    },
    close: () => {
      if (closed) return;
      try {
        writePending();
        if (broken === null) fdatasyncSync(fd);
        writeHead(file, head);
      } finally {
        closed = true;
        if (!syncing) closeSync(fd);
      }
    },
  };
}
