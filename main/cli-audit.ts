import { writeFileSync } from 'node:fs';
import { exportRun, isExportFormat } from '../shared/audit/export.ts';
import { readAudit, verifyAudit } from './compose.ts';

/** `audit verify FILE`: exit 0 when every record is whole and in its place, 1 otherwise with the first bad one. */
export function auditVerify(file: string): number {
  const { good, text } = verifyAudit(file);
  (good ? process.stdout : process.stderr).write(`${text}\n`);
  return good ? 0 : 1;
}

/** `audit export FILE --format json|csv|html [--out FILE]`. */
export function auditExport(
  file: string,
  options: { readonly format: string; readonly out?: string },
): number {
  if (!isExportFormat(options.format)) {
    process.stderr.write(`--format is json, csv or html; seen "${options.format}"\n`);
    return 1;
  }
  const records = readAudit(file);
  if (!records.ok) {
    process.stderr.write(`${records.error}\n`);
    return 1;
  }
  const text = exportRun(records.value, options.format);
  if (options.out === undefined) process.stdout.write(text);
  else writeFileSync(options.out, text, { mode: 0o600 });
  return 0;
}
