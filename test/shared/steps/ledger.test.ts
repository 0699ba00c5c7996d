import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyLedger, entriesOf, entryIn, mapEntries, withEntries } from '../../../shared/steps/ledger.ts';

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
        const said = JSON.stringify(before);
        ledger = withEntries(ledger, fresh);
        for (const [key, entry] of fresh) map.set(key, entry);
        expect(JSON.stringify(before)).toBe(said);
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
