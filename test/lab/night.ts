import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellsOf, nameOf } from './faults/cells.ts';
import { openResults, resultsFile, testedCommit } from './faults/kept-results.ts';
import { missingFor } from './flavors.ts';
import { nodeBinary } from './processes.ts';
import { flavors } from './topology.ts';

/**
 * `npm run test:night`: the long runs on real servers, at most 90 minutes in all. What passed is kept for the commit it
 * passed on, so that a night that was interrupted goes on where it stood: run it again.
 */
const mostMinutes = 90;
const endsAt = performance.now() + mostMinutes * 60_000;
const minutesLeft = (): number => Math.max(0, (endsAt - performance.now()) / 60_000);
const root = join(import.meta.dirname, '../..');
const commit = testedCommit();

/** Runs a program of the repository until it ends or the night does; true when it ended well. */
function run(words: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(nodeBinary(), [...words], {
      cwd: root,
      env: { ...process.env, ...more },
      stdio: 'inherit',
    });
    const bound = setTimeout(() => child.kill('SIGTERM'), minutesLeft() * 60_000 + 30_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(bound);
      resolve(code === 0);
    });
  });
}

/** Whoever asks for the night in its own file is part of it: nothing has to be listed twice. */
function nightSuites(): readonly string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test/lab', name))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes("process.env['NIGHT']"))
    .toSorted();
}

const suites = openResults(resultsFile('suites'), commit);
for (const file of nightSuites()) {
  if (suites.kept().results[file]?.passed === true || minutesLeft() === 0) continue;
  const begun = performance.now();
  const passed = await run(['node_modules/vitest/vitest.mjs', 'run', '--project', 'lab', file], {
    NIGHT: '1',
  });
  const ms = Math.round(performance.now() - begun);
  suites.record(file, { passed, ms, text: passed ? 'passed' : 'failed' });
}

// Most of a cell is waiting: both flavours at once share a machine well.
await Promise.all(
  flavors
    .filter((flavor) => missingFor(flavor).length === 0)
    .map((flavor) =>
      run(['test/lab/faults/run-cells.ts', '--flavor', flavor, '--minutes', String(minutesLeft())]),
    ),
);

type Count = {
  readonly name: string;
  readonly tried: boolean;
  readonly passed: boolean;
  readonly text: string;
};
const counted: readonly Count[] = [
  ...nightSuites().map((file) => count(file, suites.kept().results[file])),
  ...flavors.flatMap((flavor) => {
    const { results } = openResults(resultsFile(`faults-${flavor}`), commit).kept();
    return cellsOf(flavor).map((cell) => count(nameOf(cell), results[nameOf(cell)]));
  }),
];

function count(name: string, result: { readonly passed: boolean; readonly text: string } | undefined): Count {
  return {
    name,
    tried: result !== undefined,
    passed: result?.passed === true,
    text: result?.text.split('\n')[0] ?? '',
  };
}

const tried = counted.filter((each) => each.tried);
const passed = counted.filter((each) => each.passed);
for (const each of counted)
  console.log(
    `${Number(each.passed)}/${Number(each.tried)}  ${each.name}${each.passed ? '' : `  ${each.text}`}`,
  );
const missing = flavors.flatMap(missingFor);
if (missing.length > 0) console.log(`!!! NOT RUN: this machine lacks ${missing.join(', ')}`);
console.log(
  `${passed.length} passed of ${tried.length} tried, ${counted.length} in all (${commit.slice(0, 12)})`,
);
if (tried.length < counted.length)
  console.log(
    `The time was over: \`npm run test:night\` goes on with the other ${counted.length - tried.length}.`,
  );
process.exitCode = passed.length === counted.length ? 0 : 1;
