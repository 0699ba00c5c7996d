import { describeFully } from './describe.ts';
import { exportHtml } from './export-html.ts';
import type { JournalRecord, ResidueRecord } from './record.ts';
import type { ResidueSeen } from '../observations/residue-seen.ts';
import { outcomeSentence, reportOf } from './report.ts';

/** The formats an audit log is exported in. */
export type ExportFormat = 'json' | 'csv' | 'html';

/** Whether a word names an export format. */
export function isExportFormat(word: string): word is ExportFormat {
  return word === 'json' || word === 'csv' || word === 'html';
}

/** The audit log of a journal as one text: the same records in every format, from the journal alone. */
export function exportRun(records: readonly JournalRecord[], format: ExportFormat): string {
  if (format === 'json') return exportJson(records);
  return format === 'csv' ? exportCsv(records) : exportHtml(records);
}

/** One JSON object: a summary for programs, then every record as it stands in the journal. */
export function exportJson(records: readonly JournalRecord[]): string {
  const { header, run, measured, residue, head, count, steps, notFolded } = reportOf(records);
  const summary = {
    runId: header?.runId ?? null,
    plan: header?.plan.name ?? null,
    planDigest: header?.planDigest ?? null,
    environment: header?.plan.environment ?? null,
    driver: header?.driver ?? null,
    outcome: run?.outcome ?? null,
    text: header === null ? null : outcomeSentence(run),
    chains: measured?.chains ?? [],
    userVisibleDowntimeMs: measured?.userVisibleDowntimeMs ?? null,
    residue: residue === null ? null : residueOf(residue),
    steps,
    notFolded,
    journal: { count, head },
  };
  return `${JSON.stringify({ format: 'cutover-audit', version: 1, summary, records }, null, 1)}\n`;
}

function residueOf({ kind: _kind, ...seen }: ResidueRecord): ResidueSeen {
  return seen;
}

const columns = ['seq', 'utc', 'monotonic_ms', 'kind', 'event', 'chain', 'text', 'hash'];

/** RFC 4180: one line for each record, with the hash that ties it to the journal. */
export function exportCsv(records: readonly JournalRecord[]): string {
  const rows = records.map((record) => {
    const { seq, at, payload, hash } = record;
    const text = describeFully(record);
    const event = payload.kind === 'event' ? payload.event.kind : '';
    const utc = new Date(at.utcMs).toISOString();
    return [String(seq), utc, at.monoMs.toFixed(3), payload.kind, event, chainOf(record), text, hash];
  });
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** The chain of the first step that changed; empty when the record is about the whole run. */
function chainOf({ payload }: JournalRecord): string {
  if (payload.kind !== 'event') return '';
  const key = payload.changed[0] ?? (payload.event.kind === 'answered' ? payload.event.key : '');
  return /^[a-z-]+:([A-Za-z0-9._-]+)/.exec(key)?.[1] ?? '';
}

/** A spreadsheet runs a cell that begins like a formula; the apostrophe makes it text. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
