import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { reasonOf, syncDirectory } from './journal-disk.ts';

/** Adds one line and syncs it, and the folder that names the file. `wx`: fails where there is a file already. */
export function addSyncedLine(file: string, line: object, flags: 'wx' | 'a'): Result<null, string> {
  try {
    const fd = openSync(file, flags, 0o600);
    try {
      writeFileSync(fd, `${JSON.stringify(line)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(dirname(file));
    return ok(null);
  } catch (error) {
    return failed(`${file}: ${reasonOf(error)}`);
  }
}

/** Reads the lines of such a file; null: there is none. One that cannot be understood is left as it is. */
export function readSyncedLines<T>(
  file: string,
  fold: (text: string) => Result<T, string>,
): Result<T | null, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return gone ? ok(null) : failed(`${file}: ${reasonOf(error)}`);
  }
  const folded = fold(text);
  return folded.ok ? folded : failed(`${file}: ${folded.error}. It is left as it is: look at it.`);
}
