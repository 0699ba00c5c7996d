import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chain, emptyHead, noPrevious, type Head } from '../../../shared/audit/chain.ts';
import type { JournalRecord, Payload } from '../../../shared/audit/record.ts';
import { verificationText, verifyJournal } from '../../../shared/audit/verify.ts';

const payload = (index: number): Payload => ({
  kind: 'checklist-answered',
  item: `item-${index}`,
  answer: index % 2 === 0 ? 'yes' : 'no',
  who: 'Dana 😀',
});

function journalOf(count: number): {
  readonly lines: readonly string[];
  readonly head: Head;
  readonly records: readonly JournalRecord[];
} {
  let head = emptyHead;
  const lines: string[] = [];
  const records: JournalRecord[] = [];
  for (let index = 0; index < count; index += 1) {
    const next = chain(
      { at: { utcMs: 1_795_000_000_000 + index, monoMs: index + 0.5 }, payload: payload(index) },
      head,
    );
    head = { count: next.record.seq, head: next.record.hash };
    lines.push(next.line);
    records.push(next.record);
  }
  return { lines, head, records };
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const { lines, head, records } = journalOf(8);

describe('an unchanged journal', () => {
  test('is read back record by record', () => {
    const verified = verifyJournal(textOf(lines), head);
    expect(verified).toMatchObject({ ok: true, value: { ...head, torn: null } });
    expect(verified.ok && verified.value.records).toEqual(records);
    expect(records[0]?.prev).toBe(noPrevious);
  });

  test('may have grown since its head was noted', () => {
    expect(verifyJournal(textOf(lines), { count: 3, head: records[2]?.hash ?? '' }).ok).toBe(true);
  });

  test('may be empty', () => {
    expect(verifyJournal('')).toMatchObject({ ok: true, value: { count: 0, head: noPrevious } });
  });

  test('drops what JSON cannot hold, so that the live record equals the one read again', () => {
    const odd = {
      kind: 'run-begun',
      runId: 'x\ud800',
      extra: undefined,
      far: Number.NaN,
    } as unknown as Payload;
    const { record, line } = chain({ at: { utcMs: 1, monoMs: 1 }, payload: odd }, emptyHead);
    expect(record.payload).toEqual({ kind: 'run-begun', runId: 'x\ufffd', far: null });
    expect(verifyJournal(`${line}\n`).ok).toBe(true);
  });
});

describe('damage is found, and the first place named', () => {
  const damaged = (changed: readonly string[], expected: Head | null = null): unknown => {
    const result = verifyJournal(textOf(changed), expected);
    return result.ok ? 'unchanged' : [result.error.line, result.error.kind];
  };
  const replaced = (index: number, change: (line: string) => string): readonly string[] =>
    lines.map((line, at) => (at === index ? change(line) : line));

  test('one changed character, whatever it is', () => {
    fc.assert(
      fc.property(fc.nat(7), fc.nat(1000), fc.string({ minLength: 1, maxLength: 1 }), (index, at, letter) => {
        const line = lines[index] ?? '';
        const place = at % line.length;
        fc.pre(line[place] !== letter && letter !== '\n');
        const text = textOf(replaced(index, (it) => it.slice(0, place) + letter + it.slice(place + 1)));
        const result = verifyJournal(text);
        expect(result.ok).toBe(false);
        if (!result.ok) expect(result.error.line).toBe(index + 1);
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['a space that JSON does not mind', replaced(3, (line) => line.replace('{', '{ ')), 4, 'changed'],
    ['a member said twice', replaced(3, (line) => line.replace('"seq":', '"seq":4,"seq":')), 4, 'changed'],
    ['an escape for a letter', replaced(3, (line) => line.replace('Dana', '\\u0044ana')), 4, 'changed'],
    ['another answer', replaced(3, (line) => line.replace('"no"', '"yes"')), 4, 'changed'],
    ['an empty line', replaced(3, () => ''), 4, 'changed'],
    ['a record taken out', lines.toSpliced(3, 1), 4, 'removed'],
    ['the first record taken out', lines.slice(1), 1, 'removed'],
    ['two records swapped', lines.toSpliced(3, 2, lines[4] ?? '', lines[3] ?? ''), 4, 'reordered'],
    ['a record said again', lines.toSpliced(4, 0, lines[3] ?? ''), 5, 'inserted'],
  ])('%s', (_, changed, line, kind) => {
    expect(damaged(changed)).toEqual([line, kind]);
  });

  test('records of another journal', () => {
    const foreign = chain(
      { at: { utcMs: 5, monoMs: 5 }, payload: payload(99) },
      { count: 3, head: 'a'.repeat(64) },
    );
    expect(damaged(lines.toSpliced(3, 1, foreign.line))).toEqual([4, 'replaced']);
  });

  test('whole records cut from the end, with a head seen earlier', () => {
    expect(damaged(lines.slice(0, 6))).toBe('unchanged');
    expect(damaged(lines.slice(0, 6), head)).toEqual([7, 'cut-off']);
    expect(damaged([], head)).toEqual([1, 'cut-off']);
  });

  test('a chain computed anew, with a head seen earlier', () => {
    let anew = emptyHead;
    const forged = records.map((record, index) => {
      const next = chain({ at: record.at, payload: payload(index === 2 ? 77 : index) }, anew);
      anew = { count: next.record.seq, head: next.record.hash };
      return next.line;
    });
    expect(damaged(forged)).toBe('unchanged');
    expect(damaged(forged, head)).toEqual([8, 'replaced']);
  });

  test('a torn last record is told apart from damage', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: (lines[7] ?? '').length }), (length) => {
        const text = textOf(lines.slice(0, 7)) + (lines[7] ?? '').slice(0, length);
        const result = verifyJournal(text);
        expect(result.ok && result.value.torn?.line).toBe(8);
        expect(result.ok && result.value.count).toBe(7);
        expect(verificationText(result, null).good).toBe(false);
      }),
    );
  });

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void verifyJournal(`${text}\n${text}`)));
  });
});

test('the words of a verification', () => {
  expect(verificationText(verifyJournal(textOf(lines), head), head).text).toBe(
    `unchanged: 8 records, head ${head.head}; the head file agrees (8 records)`,
  );
  expect(verificationText(verifyJournal(textOf(lines)), null).text).toContain('no head file beside it');
  expect(verificationText(verifyJournal(textOf(lines.toSpliced(3, 1))), null)).toEqual({
    good: false,
    text: 'damaged at line 4: record 4 is missing: record 5 stands in its place',
  });
});
