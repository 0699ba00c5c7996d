import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cellsOf } from '../lab/faults/cells.ts';
import { openResults, resultsFile, testedCommit, type Result } from '../lab/faults/kept-results.ts';
import { missingFor } from '../lab/flavors.ts';
import { nodeBinary } from '../lab/processes.ts';
import type { Flavor } from '../lab/topology.ts';
import { measureOnServers, type OnServers, type ThereAndBack } from './faults-on-servers.ts';
import { interval95, median, rounded } from './statistics.ts';

/**
 * `npm run -s bench:faults -- --json [--seeds N] [--from S] [--pairs N]`: what is known of this commit's nights. Cells come from the
 * results that `npm run test:night` has kept for it; where there are none, the slice of the commit is played here.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '5000' },
    from: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '9' },
  },
});
const root = join(import.meta.dirname, '../..');
const flavors = (['mariadb', 'mysql'] as const).filter((flavor) => missingFor(flavor).length === 0);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a program of the repository; its standard output, whatever its exit code. */
function output(...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(nodeBinary(), ['--no-warnings', ...words], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}

async function simulated(): Promise<unknown> {
  const said = await output(
    'test/nights/simulate.ts',
    '--seeds',
    values.seeds,
    '--from',
    values.from,
    '--json',
  );
  const last = said.trim().split('\n').at(-1) ?? '';
  const { seeds, from, outcomes, violations, seedsPerSecond } = JSON.parse(last) as Record<string, unknown>;
  return { seeds, from, outcomes, violations, seedsPerSecond };
}

async function mutations(): Promise<{ readonly caught: number; readonly total: number }> {
  const lines = (await output('test/nights/mutants.ts')).trim().split('\n');
  const tried = lines.map((line) => JSON.parse(line) as { readonly caught: boolean });
  return { caught: tried.filter(({ caught }) => caught).length, total: tried.length };
}

function keptResults(flavor: Flavor): readonly Result[] {
  return Object.values(openResults(resultsFile(`faults-${flavor}`), testedCommit()).kept().results);
}

/** Cells tried and passed, and what their clients were told: a lost write or a second writable side fails a cell. */
async function onTheLab(): Promise<Readonly<Record<string, unknown>>> {
  for (const flavor of flavors)
    if (keptResults(flavor).length === 0)
      await output('test/lab/faults/run-cells.ts', '--flavor', flavor, '--slice');
  const all = flavors.flatMap(keptResults);
  const says = (word: RegExp): number => all.filter(({ passed, text }) => !passed && word.test(text)).length;
  return {
    commit: testedCommit(),
    labFaultCases: {
      passed: all.filter(({ passed }) => passed).length,
      tried: all.length,
      exist: flavors.flatMap(cellsOf).length,
    },
    acknowledgedWritesChecked: all.reduce((sum, { acknowledged = 0 }) => sum + acknowledged, 0),
    casesWithLostWrites: says(/missing /),
    casesWithTwoWritableSides: says(/two writable sides|the target took writes/),
  };
}

/** Median over nights of the freeze back by the freeze forth: each night's two are measured one after the other. */
const backByForth = (pairs: readonly ThereAndBack[]): number =>
  median(pairs.map(({ forthMs, backMs }) => backMs / forthMs));

const simulation = await simulated();
const caught = await mutations();
const lab = await onTheLab();
const servers: Record<string, OnServers> = {};
for (const flavor of flavors)
  servers[flavor] = await measureOnServers(flavor, { nights: Number(values.pairs), say });
const figures = {
  simulation,
  mutations: caught,
  ...lab,
  sigkillToWritableMs: Object.fromEntries(
    Object.entries(servers).map(([flavor, { sigkillToWritableMs, deadMansSwitchMs }]) => [
      flavor,
      { sigkillToWritableMs, deadMansSwitchMs },
    ]),
  ),
  freezeMs: Object.fromEntries(
    Object.entries(servers).map(([flavor, { pairs }]) => [
      flavor,
      {
        forth: rounded(median(pairs.map(({ forthMs }) => forthMs)), 1),
        back: rounded(median(pairs.map(({ backMs }) => backMs)), 1),
        pairs: pairs.length,
        backByForth: rounded(backByForth(pairs), 3),
        // The lower end is what the limit of 1.5 is held against.
        interval95: interval95(pairs, backByForth).map((end) => rounded(end, 3)),
      },
    ]),
  ),
};
process.stdout.write(`${values.json ? JSON.stringify(figures) : JSON.stringify(figures, null, 2)}\n`);
