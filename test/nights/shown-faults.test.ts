import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from './draw-fault.ts';
import { shownFaults } from './shown-faults.ts';
import { shownPitfalls } from './shown-pitfalls.ts';

const numbers = (letter: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

describe('what simulated nights can show', () => {
  test('is said of every row of the fault matrix and of every pitfall, in their order', () => {
    expect(shownFaults.map(({ row }) => row)).toEqual(numbers('F', 72));
    expect(shownPitfalls.map(({ row }) => row)).toEqual(numbers('P', 54));
  });

  test('needs every kind of fault of the catalogue', () => {
    const used = new Set<string>(
      [...shownFaults, ...shownPitfalls].flatMap((each) => ('by' in each ? each.by : [])),
    );
    expect(catalogue.filter((kind) => !used.has(kind))).toEqual([]);
  });

  test('names tests that are there where it cannot, and one for every row of the fault matrix', () => {
    for (const each of [...shownFaults, ...shownPitfalls]) {
      if (!('not' in each)) continue;
      const named = each.not.match(/test\/[\w/.-]*\w/g) ?? [];
      for (const path of named) expect(existsSync(join(import.meta.dirname, '../..', path)), path).toBe(true);
      if (each.row.startsWith('F')) expect(named, each.row).not.toEqual([]);
    }
  });

  test('names cards that are there', () => {
    const cards = [...shownFaults, ...shownPitfalls].flatMap((each) => ('card' in each ? [each.card] : []));
    for (const card of cards)
      expect(existsSync(join(import.meta.dirname, `../../resources/scenarios/${card}.yaml`)), card).toBe(
        true,
      );
  });
});
