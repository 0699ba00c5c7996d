import { foldRun } from '../shared/audit/fold.ts';
import { emergencySheet } from '../shared/audit/sheet.ts';
import { sheetHtml } from '../shared/audit/sheet-html.ts';
import { sheetText } from '../shared/audit/sheet-text.ts';
import { readAudit } from './compose.ts';
import { noSuchRun, runJournalFile, stateDirectory } from './settings.ts';

/** `sheet RUN [--format text|html]`: what a person does by hand to go back or forward, from the run's journal as it stands. */
export function sheet(run: string, options: { readonly format: string }): number {
  const complain = (text: string): number => {
    process.stderr.write(`${text}\n`);
    return 1;
  };
  if (options.format !== 'text' && options.format !== 'html')
    return complain(`--format is text or html; seen "${options.format}"`);
  const file = runJournalFile(stateDirectory(), run);
  if (file === null) return complain(noSuchRun(stateDirectory(), run));
  const records = readAudit(file);
  if (!records.ok) return complain(records.error);
  const folded = foldRun(records.value);
  if (!folded.ok) return complain(`${file}: ${folded.error}`);
  const made = emergencySheet(folded.value.run, folded.value.header.plan);
  process.stdout.write(options.format === 'html' ? sheetHtml(made) : sheetText(made));
  return 0;
}
