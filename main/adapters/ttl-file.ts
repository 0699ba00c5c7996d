import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { foldTtlRecord, type TtlLine, type TtlRecord } from '../../shared/audit/ttl-record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { reasonOf, syncDirectory } from './journal-disk.ts';
import type { TtlFile } from '../ports.ts';
import { addSyncedLine, readSyncedLines } from './synced-lines.ts';

/** The file beside a plan's journal in which the observed TTLs of one zone are kept until they are put back. */
export function ttlFile(file: string): TtlFile {
  const write = (line: TtlLine, flags: 'wx' | 'a'): Result<null, string> => addSyncedLine(file, line, flags);
  return {
    file,
    read: (): Result<TtlRecord | null, string> => readSyncedLines(file, foldTtlRecord),
    // A file that is there already is never written over: it holds TTLs that nobody can observe any more.
    begin: (observed) => write(observed, 'wx'),
    add: (line) => write(line, 'a'),
    putAway: (restored) => {
      const added = write(restored, 'a');
      if (!added.ok) return added;
      try {
        renameSync(file, file.replace(/\.jsonl$/, `.restored-${restored.at}.jsonl`));
        syncDirectory(dirname(file));
        return ok(null);
      } catch (error) {
        return failed(`${file}: ${reasonOf(error)}`);
      }
    },
  };
}

/** Where the TTLs of a zone are kept beside its plan's journal. */
export function ttlPath(directory: string, zone: string): string {
  return join(directory, `ttl-${zone}.jsonl`);
}

/** Reads what is kept of the lowering of a plan's zones. */
export function keptLowering(directory: string): (zone: string) => Result<TtlRecord | null, string> {
  return (zone) => ttlFile(ttlPath(directory, zone)).read();
}
