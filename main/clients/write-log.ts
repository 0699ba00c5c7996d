import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { writeLine } from '../../shared/observations/client-log.ts';
import type { ClientWrite } from '../../shared/observations/client-log.ts';

export type WriteLog = { readonly append: (write: ClientWrite) => void; readonly close: () => void };

/**
 * Opens the client's own log: appended to, never rewritten, readable by its user alone. It is not flushed to disk at each
 * line: a flush every 5 ms would slow down the very databases it measures.
 */
export function openWriteLog(file: string): WriteLog {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const descriptor = openSync(file, flags, 0o600);
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  // A client that was killed in mid-line must not take the next client's first line with it.
  if (size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a)
    writeSync(descriptor, '\n');
  return { append: (write) => writeSync(descriptor, writeLine(write)), close: () => closeSync(descriptor) };
}
