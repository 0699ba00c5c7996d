import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockersFirst, blocks, countRows, inOrder, listedRows, rowsOf } from '../../renderer/gates/rows.ts';
import { gates } from '../helpers/view-gates.ts';
import { preflight, ready } from '../helpers/view-preflight.ts';

const rows = rowsOf(preflight);

test('closed and unknown gates block, an allowed override and a warning do not', () => {
  const blocking = rows.filter(blocks).map((row) => row.key);
  expect(blocking).toEqual([
    'gate:replication.forecast:content',
    'gate:writers.bypass:orders',
    'gate:laptop.power',
    'item:status-page',
    'host:orders-a2',
  ]);
  expect(rowsOf(ready).filter(blocks)).toEqual([]);
});

test('an override never opens a gate that may not be overridden', () => {
  const forced = gates.map((gate) => ({ ...gate, override: { who: 'x', reason: 'because', atUtcMs: 0 } }));
  const blocking = rowsOf({ ...preflight, gates: forced })
    .filter(blocks)
    .map((row) => row.key);
  expect(blocking).toContain('gate:writers.bypass:orders');
  expect(blocking).not.toContain('gate:laptop.power');
});

test('the figures of the head', () => {
  expect(countRows(rows)).toEqual({
    closed: 2,
    unknown: 1,
    open: 9,
    warnings: 0,
    overridden: 1,
    blockingGates: 3,
    answers: 1,
    hosts: 1,
  });
});

test('blockers stand first, and an order once taken is kept whatever the states become', () => {
  expect(
    blockersFirst(rows)
      .slice(0, 2)
      .map((row) => row.key),
  ).toEqual(['gate:writers.bypass:orders', 'gate:laptop.power']);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        rows.map((row) => row.key),
        { minLength: rows.length },
      ),
      (keys) => {
        expect(inOrder(rows, keys).map((row) => row.key)).toEqual(keys);
      },
    ),
  );
});

test('each entry of the navigation lists its own, and the filter leaves only what blocks', () => {
  expect(listedRows(rows, 'checklist', false).map((row) => row.key)).toEqual([
    'item:status-page',
    'item:deploy-freeze',
    'item:backups',
  ]);
  expect(listedRows(rows, 'laptop', true).map((row) => row.key)).toEqual(['gate:laptop.power']);
  expect(listedRows(rows, 'all', false)).toEqual(rows);
});
