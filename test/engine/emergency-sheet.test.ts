import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../main/adapters/journal-file.ts';
import { openSheetFiles } from '../../main/adapters/sheet-files.ts';
import { createRedactor } from '../../shared/audit/redact.ts';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { sheetText } from '../../shared/audit/sheet-text.ts';
import { rehearse, referencePlan } from '../helpers/rehearsal.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cutover-sheet-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The command line as a process of its own. */
function cli(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const program = join(import.meta.dirname, '../../main/cli.ts');
  const env = { ...process.env, COCKPIT_STATE: directory };
  return new Promise((ended) => {
    execFile(process.execPath, [program, ...words], { env, maxBuffer: 8 * 1024 * 1024 }, (error, out, err) =>
      ended({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

describe('the sheet of a running night', () => {
  test('is written again as steps change, and the last one is the one of the end', async () => {
    const texts: string[] = [];
    // A fence that waits behind a statement: there the run rests, and a person may need the way back on paper.
    const night = await rehearse({
      faults: [
        {
          when: { step: 'pre-drain', state: 'done' },
          fault: {
            kind: 'long-transaction',
            on: 'orders-a1',
            how: 'running',
            user: 'batch',
            rows: 5,
            forMs: 1_200,
          },
        },
      ],
      sheet: { file: 'memory', write: async ({ text }) => void texts.push(text) },
    });
    expect(night.run?.outcome).toBe('done');
    expect(night.cockpit.night()?.sheetFile()).toBe('memory');
    await night.simulator.clock.run(night.simulator.clock.nowMs() + 1_000);
    if (night.run === null) throw new Error('no run');
    const run = night.cockpit.night()?.run() ?? night.run;
    expect(texts.at(-1)).toBe(sheetText(emergencySheet(run, referencePlan())));
    // Waiting for a person, before the point of no return, and after it at the least; not one for each event.
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.length).toBeLessThan(night.records.length / 3);
    expect(texts.some((text) => text.includes('# GO BACK'))).toBe(true);
    expect(texts.at(-1)).toContain('# GO FORWARD');
  });

  test('that cannot be written is told, and stops nothing', async () => {
    const night = await rehearse({
      sheet: { file: 'full', write: () => Promise.reject(new Error('no space left')) },
    });
    expect(night.run?.outcome).toBe('done');
    const told = night.cockpit.troubles().map(({ text }) => text);
    expect(told.filter((text) => text.includes('no space left'))).toHaveLength(1);
  });

  test('is a pair of whole files, with secrets replaced and nothing left beside them', async () => {
    const redactor = createRedactor();
    redactor.register('hunter22');
    const files = openSheetFiles(directory, redactor);
    for (const round of ['first', 'second'])
      await files.write({ text: `${round} hunter22`, html: `<p>${round}` });
    expect(readdirSync(directory).toSorted()).toEqual(['emergency.html', 'emergency.txt']);
    expect(readFileSync(join(directory, 'emergency.txt'), 'utf8')).toBe('second ‹secret›');
    expect(readFileSync(files.file, 'utf8')).toBe('<p>second');
  });
});

describe('cockpit sheet', () => {
  const home = (): string => join(directory, 'runs', '2026-11-23-01');

  test('prints the sheet of a run by its id or its file, and refuses a damaged journal with the place', async () => {
    mkdirSync(home(), { recursive: true });
    const file = join(home(), 'journal.jsonl');
    const opened = openJournal(file, createRedactor());
    if (!opened.ok) throw new Error(opened.error);
    await rehearse({ journal: opened.value.journal });
    opened.value.journal.close();
    const byId = await cli('sheet', '2026-11-23-01');
    expect(byId).toMatchObject({ code: 0, err: '' });
    expect(byId.out).toContain('# GO FORWARD');
    const byFile = await cli('sheet', file, '--format', 'html');
    expect(byFile.code).toBe(0);
    expect(byFile.out).toMatch(/^<!doctype html>/);
    expect(await cli('sheet', file, '--format', 'pdf')).toMatchObject({ code: 1, out: '' });
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"fence:orders running"', '"fence:orders waiting"'));
    const damaged = await cli('sheet', '2026-11-23-01');
    expect(damaged).toMatchObject({ code: 1, out: '' });
    expect(damaged.err).toMatch(/record \d+/);
  }, 60_000);

  test('says what it expected where there is no such run, and makes no directory for it', async () => {
    const seen = await cli('sheet', '2026-11-23-07');
    expect(seen).toMatchObject({ code: 1, out: '' });
    expect(seen.err).toContain('There is no run "2026-11-23-07"');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('asked for no run at all it names those that are there: their ids end in letters that nobody remembers', async () => {
    mkdirSync(home(), { recursive: true });
    writeFileSync(join(home(), 'journal.jsonl'), '');
    const seen = await cli('sheet');
    expect(seen).toMatchObject({ code: 1, out: '' });
    expect(seen.err).toMatch(/missing required argument 'run'.*: 2026-11-23-01\.\n$/s);
  });
});
