import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redactor } from '../../shared/audit/redact.ts';

/** Both forms of a run's emergency sheet, as files. */
export type SheetFiles = {
  readonly file: string;
  readonly write: (sheet: { readonly text: string; readonly html: string }) => Promise<void>;
};

/**
 * `emergency.html` and `emergency.txt` in a run's directory. Each is put in place by a temporary file and a rename:
 * whoever opens one in the middle of the night reads a whole sheet, the newest or the one before.
 */
export function openSheetFiles(directory: string, redactor: Redactor): SheetFiles {
  const file = join(directory, 'emergency.html');
  return {
    file,
    write: async ({ text, html }) => {
      await put(file, redactor.redact(html));
      await put(join(directory, 'emergency.txt'), redactor.redact(text));
    },
  };
}

async function put(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, file);
}
