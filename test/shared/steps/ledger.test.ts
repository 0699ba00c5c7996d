import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyLedger,
  entriesOf,
  entryIn,
  mapEntries,
  sieve,
  withEntries,
} from '../../../shared/steps/ledger.ts';

const change = fc.tuple(
  fc.integer({ min: 0, max: 200 }).map((key) => `step#1/${key}`),
  fc.integer(),
);
const decisions = fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 120 });

test('a ledger is what a map would be, in the same order, and an earlier one never changes', () => {
  fc.assert(
    fc.property(decisions, (all) => {
      const map = new Map<string, number>();
      let ledger = emptyLedger<number>();
      for (const fresh of all) {
        const before = ledger;
        const said = entriesOf(before);
        ledger = withEntries(ledger, fresh);
        for (const [key, entry] of fresh) map.set(key, entry);
        expect(entriesOf(before)).toEqual(said);
        expect(entriesOf(ledger)).toEqual([...map.values()]);
        for (const [key, entry] of map) expect(entryIn(ledger, key)).toBe(entry);
        expect(entryIn(ledger, 'nobody asked')).toBeUndefined();
      }
      expect(entriesOf(mapEntries(ledger, (entry) => entry + 1))).toEqual(
        [...map.values()].map((entry) => entry + 1),
      );
    }),
  );
});

test('a sieve finds what passes, whatever it was asked of before', () => {
  const even = (entry: number): boolean => entry % 2 === 0;
  fc.assert(
    fc.property(decisions, fc.array(fc.boolean()), (all, asked) => {
      const find = sieve(even);
      let ledger = emptyLedger<number>();
      for (const [turn, fresh] of all.entries()) {
        ledger = withEntries(ledger, fresh);
        if (asked[turn % Math.max(1, asked.length)] === false) continue;
        for (let again = 0; again < 2; again += 1)
          expect([...find(ledger)].sort()).toEqual(entriesOf(ledger).filter(even).sort());
      }
    }),
  );
});
