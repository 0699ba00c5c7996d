import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { missingFor } from '../flavors.ts';
import { flavors } from '../topology.ts';
import { faultWays } from '../../nights/cells.ts';
import { cellsOf, cellWays as ways, kindOf, nameOf, sliceOf, steps, whyNot } from './cells.ts';
import { startFaultGround, type FaultGround } from './ground.ts';
import { testedCommit } from './kept-results.ts';
import { playCell } from './play.ts';

const limitMs = 300_000;
const all = flavors.flatMap(cellsOf);
const slice = sliceOf(all, testedCommit());
/** What the slice of one flavour may take of every run of the tests; what is left then is skipped, and says so. */
const sliceMs = 3 * 60_000;

// All cells take a night: `npm run test:night`. Here a slice that the commit draws, each flavour in each way once. A cell
// that fails is played once more, on a lab made whole: a machine that stood still breaks more than the cell meant to.
describe.each(flavors)('a step that fails on real servers: %s', (flavor) => {
  const here = missingFor(flavor).length === 0;
  let ground: FaultGround;
  let begun = 0;
  beforeAll(async () => {
    if (here) ground = await startFaultGround(flavor);
    begun = performance.now();
  }, limitMs);
  afterAll(async () => ground?.stop(), limitMs);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await ground.reset();
  }, limitMs);

  test
    .runIf(here)
    .for(
      slice
        .filter((cell) => cell.flavor === flavor)
        .map((cell) => ({ cell, name: `${cell.step} × ${cell.way}` })),
    )('$name', { timeout: limitMs, retry: 1 }, async ({ cell }, { skip, task }) => {
    const isFirst = (task.result?.retryCount ?? 0) === 0;
    if (isFirst && performance.now() - begun > sliceMs) skip('the time of the slice was over');
    const played = await playCell(ground, cell);
    expect(played.acknowledged).toBeGreaterThan(0);
    console.info(`${nameOf(cell)}: ${played.outcome} in ${played.ms} ms; struck ${played.struck}`);
  });
});

describe('the cells', () => {
  test('are every step in every way, or there is a reason why not', () => {
    const left = flavors.flatMap((flavor) =>
      steps.flatMap((step) => ways.flatMap((way) => whyNot({ flavor, step, way }) ?? [])),
    );
    expect(all.length + left.length).toBe(flavors.length * steps.length * ways.length);
    for (const why of left) expect(why.length).toBeGreaterThan(20);
  });

  test('of a slice: each flavour in each way, the same for the same commit and others for another', () => {
    const wide = sliceOf(all, testedCommit());
    const kinds = new Set(wide.map(kindOf));
    expect(kinds.size).toBe(flavors.length * (faultWays.length + 1));
    expect(wide).toHaveLength(kinds.size);
    expect(sliceOf(all, testedCommit())).toEqual(wide);
    expect(sliceOf(all, 'another commit')).not.toEqual(wide);
    // Many commits between them come by every cell.
    const drawn = new Set(
      Array.from({ length: 2_000 }, (_, n) => sliceOf(all, `commit ${n}`).map(nameOf)).flat(),
    );
    expect(drawn.size).toBe(all.length);
  });
});

test('without its servers says what is missing, and under CI that is a failure', () => {
  const missing = flavors.flatMap((flavor) => missingFor(flavor));
  if (missing.length > 0) console.warn(`NOT RUN: steps that fail need ${missing.join(', ')}`);
  expect(process.env['CI'] === 'true' ? missing : []).toEqual([]);
});
