import { join } from 'node:path';
import { foldHealthRecord } from '../../shared/audit/health-record.ts';
import { ok } from '../../shared/lib/result.ts';
import type { HealthFile } from '../ports.ts';
import { addSyncedLine, readSyncedLines } from './synced-lines.ts';

/** The file beside a plan's journal that says which health checks were made from the plan. */
export function healthFile(directory: string): HealthFile {
  const file = join(directory, 'health-checks.jsonl');
  return {
    file,
    read: () => {
      const read = readSyncedLines(file, foldHealthRecord);
      return read.ok ? ok(read.value ?? new Map()) : read;
    },
    add: (line) => addSyncedLine(file, line, 'a'),
  };
}
