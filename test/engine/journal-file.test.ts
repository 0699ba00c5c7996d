import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal, readJournalFile, verifyJournalFile } from '../../main/adapters/journal-file.ts';
import type { Journal } from '../../main/ports.ts';
import { noPrevious } from '../../shared/audit/chain.ts';
import type { Payload } from '../../shared/audit/record.ts';
import { createRedactor } from '../../shared/audit/redact.ts';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(directory, 'runs', '2026-11-23-01', 'journal.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = { utcMs: 1_795_000_000_000, monoMs: 12.5 };
const payload = (item: string): Payload => ({ kind: 'checklist-answered', item, answer: 'yes', who: 'Dana' });

function opened(): { readonly journal: Journal; readonly notes: readonly string[] } {
  const result = openJournal(file, createRedactor());
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function write(count: number): void {
  const { journal } = opened();
  for (let index = 0; index < count; index += 1)
    journal.append(at, payload(`item-${index}`), index % 2 === 0);
  journal.close();
}

describe('a journal on disk', () => {
  test('is new, then continues where it ended', () => {
    const first = opened().journal;
    expect([first.count(), first.head()]).toEqual([0, noPrevious]);
    first.append(at, payload('one'), true);
    const [record] = first.read();
    expect(first.head()).toBe(record?.hash);
    first.close();
    const second = opened().journal;
    expect(second.read()).toEqual([record]);
    second.append(at, payload('two'), false);
    expect(second.count()).toBe(2);
    expect(second.read()[1]).toMatchObject({ seq: 2, prev: record?.hash });
    second.close();
    expect(verifyJournalFile(file)).toMatchObject({ good: true });
    expect(verifyJournalFile(file).text).toContain('the head file agrees (2 records)');
  });

  test('is closed in order while a record is still being synced', async () => {
    const { journal } = opened();
    for (let index = 0; index < 20; index += 1) journal.append(at, payload(`item-${index}`), 'soon');
    journal.close();
    // Another journal takes the descriptor's number as soon as it is free: its records must be its own.
    const next = opened().journal;
    next.append(at, payload('next'), true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    next.append(at, payload('after'), true);
    next.close();
    expect(verifyJournalFile(file).text).toContain('(22 records)');
  });

  test('belongs to its user alone', () => {
    write(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'runs')).mode & 0o777).toBe(0o700);
    chmodSync(file, 0o644);
    write(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}.head`).mode & 0o777).toBe(0o600);
  });

  test('holds a durable record, and whatever came before it, before append returns', () => {
    const { journal } = opened();
    journal.append(at, payload('one'), false);
    journal.append(at, payload('two'), 'soon');
    journal.append(at, payload('three'), true);
    const items = readFileSync(file, 'utf8').match(/"item":"(\w+)"/g);
    expect(items).toEqual(['"item":"one"', '"item":"two"', '"item":"three"']);
    journal.close();
  });

  test('holds the others in the next turn, and whoever looks before that sees them', async () => {
    const { journal } = opened();
    journal.append(at, payload('one'), false);
    expect(journal.count()).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('');
    await new Promise((resolve) => setImmediate(resolve));
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
    journal.append(at, payload('two'), false);
    expect(journal.read()).toHaveLength(2);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
    journal.close();
  });

  test('follows no symbolic link', () => {
    writeFileSync(join(directory, 'elsewhere'), '');
    write(0);
    rmSync(file);
    symlinkSync(join(directory, 'elsewhere'), file);
    expect(openJournal(file, createRedactor())).toEqual({
      ok: false,
      error: `The journal ${file} cannot be opened: it is a symbolic link, expected a file`,
    });
    expect(verifyJournalFile(file).good).toBe(false);
  });

  test('never holds a registered secret', () => {
    const redactor = createRedactor();
    redactor.register("c4n'ary");
    const result = openJournal(file, redactor);
    if (!result.ok) throw new Error(result.error);
    const { journal } = result.value;
    const answer = { kind: 'prepare-answered', instance: 'a', outcome: 'refused' } as const;
    journal.append(at, { ...answer, text: `Access denied near 'c4n''ary' for "c4n'ary"` }, true);
    journal.append(at, payload(Buffer.from("root:c4n'ary").toString('base64')), true);
    journal.close();
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/c4n'+ary/);
    expect(text).not.toContain('YzRuJ2Fye');
    expect(text.match(/‹secret›/g)).toHaveLength(3);
    expect(verifyJournalFile(file).good).toBe(true);
  });
});

describe('bad luck', () => {
  test('a torn last record is cut and kept; the journal goes on', () => {
    write(3);
    appendFileSync(file, '{"at":{"monoMs":1,"utc');
    expect(verifyJournalFile(file)).toMatchObject({
      good: false,
      text: expect.stringContaining('cut off at line 4'),
    });
    expect(readJournalFile(file)).toMatchObject({ ok: true });
    const { journal, notes } = opened();
    expect(notes).toEqual([`The last record of ${file} (line 4) was torn; it is kept in ${file}.torn.`]);
    expect(readFileSync(`${file}.torn`, 'utf8')).toBe('{"at":{"monoMs":1,"utc\n');
    journal.append(at, payload('next'), true);
    expect(journal.count()).toBe(4);
    journal.close();
    expect(verifyJournalFile(file).good).toBe(true);
  });

  test('a letter torn in the middle of its bytes is torn, not damaged', () => {
    write(2);
    appendFileSync(file, Buffer.from('{"who":"Björn').subarray(0, 11));
    expect(opened().journal.count()).toBe(2);
  });

  test('a damaged journal is refused with the place and left as it is', () => {
    write(4);
    const text = readFileSync(file, 'utf8').replace('item-1', 'item-9');
    writeFileSync(file, text);
    expect(openJournal(file, createRedactor())).toMatchObject({
      ok: false,
      error: expect.stringContaining('damaged at line 2: record 2 was changed'),
    });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('bytes that only look like the right letter are damage', () => {
    write(2);
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('Dana')] = 0xff;
    writeFileSync(file, bytes);
    expect(verifyJournalFile(file).text).toContain('damaged at line 1: record 1 was changed');
  });

  test('whole records cut from the end are found by the head file', () => {
    write(4);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`);
    expect(verifyJournalFile(file).text).toBe(
      'damaged at line 4: record 4 is missing: expected at least 4 records, seen 3',
    );
    rmSync(`${file}.head`);
    expect(verifyJournalFile(file)).toMatchObject({
      good: true,
      text: expect.stringContaining('no head file beside it'),
    });
  });

  test('a second writer is noticed before anything is written', () => {
    const { journal } = opened();
    journal.append(at, payload('one'), true);
    const other = opened().journal;
    other.append(at, payload('two'), true);
    expect(() => journal.append(at, payload('three'), true)).toThrow('another program wrote to it');
    // Once in doubt, it stays closed to everything, but not to those who look.
    expect(journal.read()).toHaveLength(1);
    expect(() => journal.append(at, payload('four'), true)).toThrow('cannot be continued');
    other.close();
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
  });

  test('a write that fails behind append is told to whoever appends next', async () => {
    const { journal } = opened();
    const other = opened().journal;
    other.append(at, payload('one'), true);
    journal.append(at, payload('two'), false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => journal.append(at, payload('three'), false)).toThrow('another program wrote to it');
    other.close();
    journal.close();
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
  });

  test('a file that is none is refused', () => {
    const folder = join(directory, 'folder');
    expect(openJournal(directory, createRedactor()).ok).toBe(false);
    expect(verifyJournalFile(folder)).toMatchObject({ good: false });
    expect(existsSync(folder)).toBe(false);
  });
});
