import { createWriteStream } from 'node:fs';
import type { Redactor } from '../../shared/audit/redact.ts';

/** Beyond this much that the disk has not taken yet lines are left out: looking back must never cost the minute. */
const waitingBytes = 8 * 1024 * 1024;

export type ObservationsFile = { readonly write: (line: string) => void; readonly close: () => void };

/**
 * Opens the side file of a run: one observation a line, secrets replaced, never synced. What goes wrong with it is told
 * once and stops nothing.
 */
export function openObservationsFile(
  file: string,
  redactor: Redactor,
  failed: (why: string) => void,
): ObservationsFile {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  let open = true;
  let leftOut = 0;
  stream.on('error', (error) => {
    open = false;
    failed(`The side file ${file} cannot be written: ${error.message}. The run and its journal go on.`);
  });
  return {
    write: (line) => {
      if (!open) return;
      if (stream.writableLength > waitingBytes) {
        leftOut += 1;
        return;
      }
      if (leftOut > 0) stream.write(`{"kind":"left-out","lines":${leftOut}}\n`);
      leftOut = 0;
      stream.write(`${redactor.redact(line)}\n`);
    },
    close: () => {
      if (open) stream.end();
      open = false;
    },
  };
}
