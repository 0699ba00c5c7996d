import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { missingFor } from '../flavors.ts';
import { flavors } from '../topology.ts';
import { faultWays } from '../../nights/cells.ts';
import { cellsOf, cellWays as ways, isCrash, nameOf, sliceOf, steps, whyNot } from './cells.ts';
import { startFaultGround, type FaultGround } from './ground.ts';
import { testedCommit } from './kept-results.ts';
import { playCell } from './play.ts';

const limitMs = 300_000;
const all = flavors.flatMap(cellsOf);
const slice = sliceOf(all, testedCommit());

/** The slice joins every run of the tests once each of its cells has been seen to hold on both flavours. */
const asked = process.env['FAULT_SLICE'] !== undefined;
if (!asked) console.warn('!!! NOT RUN: the slice of failing steps on real servers. FAULT_SLICE=1 runs it.');

// All cells take a night: `npm run test:night`. Here a slice that the commit draws, each flavour in each way once.
describe.runIf(asked).each(flavors)('a step that fails on real servers: %s', (flavor) => {
  const here = missingFor(flavor).length === 0;
  let ground: FaultGround;
  beforeAll(async () => {
    if (here) ground = await startFaultGround(flavor);
  }, limitMs);
  afterAll(async () => ground?.stop(), limitMs);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await ground.reset();
  }, limitMs);

  test
    .runIf(here)
    .each(
      slice
        .filter((cell) => cell.flavor === flavor)
        .map((cell) => ({ cell, name: `${cell.step} × ${cell.way}` })),
    )(
    '$name',
    async ({ cell }) => {
      const played = await playCell(ground, cell);
      expect(played.acknowledged).toBeGreaterThan(0);
      console.info(`${nameOf(cell)}: ${played.outcome} in ${played.ms} ms; struck ${played.struck}`);
    },
    limitMs,
  );
});

describe('the cells', () => {
  test('are every step in every way, or there is a reason why not', () => {
    const left = steps.flatMap((step) => ways.flatMap((way) => whyNot({ step, way }) ?? []));
    expect(all.length / 2 + left.length).toBe(steps.length * ways.length);
    for (const why of left) expect(why.length).toBeGreaterThan(20);
  });

  test('of a slice: each flavour in each way, the same for the same commit and others for another', () => {
    const kinds = new Set(slice.map((cell) => `${cell.flavor} ${isCrash(cell) ? 'crash' : cell.way}`));
    expect(kinds.size).toBe(flavors.length * (faultWays.length + 1));
    expect(slice).toHaveLength(kinds.size);
    expect(sliceOf(all, testedCommit())).toEqual(slice);
    expect(sliceOf(all, 'another commit')).not.toEqual(slice);
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
