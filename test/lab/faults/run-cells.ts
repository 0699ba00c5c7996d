import { parseArgs } from 'node:util';
import type { Flavor } from '../topology.ts';
import { cellsOf, inLotOrder, nameOf, sliceOf, type Cell } from './cells.ts';
import { startFaultGround, type FaultGround } from './ground.ts';
import { openResults, resultsFile, testedCommit, type Results } from './kept-results.ts';
import { playCell } from './play.ts';

/**
 * `node run-cells.ts --flavor mariadb|mysql [--only STEP:WAY,STEP,:WAY…] [--slice] [--minutes N] [--again]`: plays the cells of one
 * flavour on a lab of its own and keeps each result; what passed already for this commit is left out. Exit code 0: all of
 * them have passed, 1: one failed, 3: the time was over before all were tried.
 */
const { values } = parseArgs({
  options: {
    flavor: { type: 'string', default: 'mariadb' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '90' },
    again: { type: 'boolean', default: false },
    slice: { type: 'boolean', default: false },
  },
});
const flavor: Flavor = values.flavor === 'mysql' ? 'mysql' : 'mariadb';
const endsAt = performance.now() + Number(values.minutes) * 60_000;
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const wanted = values.only?.split(',').map((each) => each.split(':'));
const isWanted = (cell: Cell): boolean =>
  wanted === undefined ||
  wanted.some(([step = '', way = '']) => (step || cell.step) === cell.step && (way || cell.way) === cell.way);
const results = openResults(resultsFile(`faults-${flavor}`), testedCommit());
const every = cellsOf(flavor);
const mine = (values.slice ? sliceOf(every, testedCommit()) : every).filter(isWanted);
const passed = (cell: Cell): boolean => results.kept().results[nameOf(cell)]?.passed === true;
// In the order of a lot: a night that ends early has seen a bit of everything.
const open = inLotOrder(mine, results.kept().commit).filter((cell) => values.again || !passed(cell));

async function play(ground: FaultGround, cell: Cell, into: Results): Promise<boolean> {
  const begun = performance.now();
  const ms = (): number => Math.round(performance.now() - begun);
  try {
    const played = await playCell(ground, cell);
    const text = `${played.outcome}; struck ${played.struck}`;
    into.record(nameOf(cell), { passed: true, ms: ms(), text, acknowledged: played.acknowledged });
    say(`passed  ${nameOf(cell)} (${ms()} ms): ${text}`);
    return true;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    into.record(nameOf(cell), { passed: false, ms: ms(), text });
    say(`FAILED  ${nameOf(cell)} (${ms()} ms): ${text}`);
    return false;
  }
}

let ground: FaultGround | null = null;
let failed = 0;
let tried = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void (ground?.stop() ?? Promise.resolve()).finally(() => process.exit(130)));
try {
  for (const cell of open) {
    if (performance.now() > endsAt) break;
    ground ??= await startFaultGround(cell.flavor);
    tried += 1;
    if (await play(ground, cell, results)) continue;
    failed += 1;
    // Nobody knows what a failed cell has left: where it cannot be made whole, the next one begins on a fresh lab.
    const whole = await ground.reset().then(
      () => true,
      () => false,
    );
    if (whole) continue;
    await ground.stop();
    ground = null;
  }
} finally {
  await ground?.stop();
}
say(
  `${flavor}: ${mine.filter(passed).length} of ${mine.length} cells passed; tried now ${tried}, failed ${failed}`,
);
process.exit(failed > 0 ? 1 : tried < open.length ? 3 : 0);
