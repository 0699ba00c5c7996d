import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { cellsOf, nameOf } from './faults/cells.ts';
import { openResults, resultsFile, testedCommit } from './faults/kept-results.ts';
import { missingFor } from './flavors.ts';
import { nodeBinary } from './processes.ts';
import { flavors } from './topology.ts';

/**
 * `npm run test:night`: the long runs on real servers, at most 90 minutes in all, and beside them, where a lab waits, the
 * nights of the simulator in which a cockpit dies or is taken over at every record. What passed is kept for the commit it
 * passed on, so that a night that was interrupted goes on where it stood: run it again.
 */
const mostMinutes = 90;
const endsAt = performance.now() + mostMinutes * 60_000;
const minutesLeft = (): number => Math.max(0, (endsAt - performance.now()) / 60_000);
const root = join(import.meta.dirname, '../..');
const commit = testedCommit();

/** `nice`: what only computes gives way to servers, whose limits count. */
type How = { readonly more?: Readonly<Record<string, string>>; readonly nice?: number };

/** Runs a program of the repository until it ends or the night does; true when it ended well. */
function run(words: readonly string[], { more = {}, nice = 0 }: How = {}): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(nodeBinary(), [...words], {
      cwd: root,
      env: { ...process.env, ...more },
      stdio: 'inherit',
    });
    if (child.pid !== undefined) setPriority(child.pid, Math.min(19, getPriority() + nice));
    const bound = setTimeout(() => child.kill('SIGTERM'), minutesLeft() * 60_000 + 30_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(bound);
      resolve(code === 0);
    });
  });
}

/** Whoever asks for the night in its own file is part of it: nothing has to be listed twice. */
function nightSuites(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes("process.env['NIGHT']"))
    .toSorted();
}

const suites = openResults(resultsFile('suites'), commit);
const onServers = nightSuites('test/lab');
const simulated = nightSuites('test/rehearsals');

async function play(
  files: readonly string[],
  { project, nice }: { readonly project: string; readonly nice: number },
) {
  for (const file of files) {
    if (suites.kept().results[file]?.passed === true || minutesLeft() === 0) continue;
    const begun = performance.now();
    const words = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, file];
    const passed = await run(words, { more: { NIGHT: '1' }, nice });
    const ms = Math.round(performance.now() - begun);
    suites.record(file, { passed, ms, text: passed ? 'passed' : 'failed' });
  }
}

async function playOnServers(): Promise<void> {
  await play(onServers, { project: 'lab', nice: 0 });
  // Most of a cell is waiting: both flavours at once share a machine well.
  await Promise.all(
    flavors
      .filter((flavor) => missingFor(flavor).length === 0)
      .map((flavor) =>
        run(['test/lab/faults/run-cells.ts', '--flavor', flavor, '--minutes', String(minutesLeft())]),
      ),
  );
}

await Promise.all([playOnServers(), play(simulated, { project: 'unit', nice: 19 })]);

type Count = {
  readonly name: string;
  readonly tried: boolean;
  readonly passed: boolean;
  readonly text: string;
};
const counted: readonly Count[] = [
  ...[...onServers, ...simulated].map((file) => count(file, suites.kept().results[file])),
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
