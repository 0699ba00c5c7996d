// npm test: installs what is missing, checks types, lint and build, runs every test that this machine can run, says loudly
// what was not run, and ends with one line: `N passed, N failed`. Under CI=true a missing server or browser is a failure.
// `npm test -- unit lab` runs only the named parts, one behind the other.
//
// The whole of it is two lines at once: real servers and the browser, which mostly wait, and beside them, behind
// everybody else, what only computes. What that second line prints comes in one piece, when it is over.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, nodeBinary, toolEnvironment } from './dependencies.mjs';
import { chromium, missingLabPrograms, missingOtherServers, whyNoMysql } from './lab-presence.mjs';
import { root } from './root.mjs';

const mustBeWhole = process.env.CI === 'true';
const total = { passed: 0, failed: 0, skipped: 0 };
const notRun = [];
const optional = [];
const failures = [];

function runNode(args, extra = {}) {
  // Colours only where a person looks; a log stays plain text.
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined };
  return spawnSync(nodeBinary, args, {
    cwd: root,
    env: toolEnvironment({ ...plain, ...extra }),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** One yes-or-no check; it counts as one test. */
function check(name, args) {
  console.log(`\n── ${name}`);
  if (runNode(args).status === 0) total.passed += 1;
  else {
    total.failed += 1;
    failures.push(name);
  }
}

/** Runs vitest projects and adds up what vitest itself reports. */
function suite(name, projects, extra = {}) {
  console.log(`\n── ${name}`);
  const folder = mkdtempSync(join(tmpdir(), 'cutover-test-'));
  const report = join(folder, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const selected = projects.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const run = runNode([vitest, 'run', '--passWithNoTests', ...selected, ...reporters], extra);
  let failedHere = 0;
  if (existsSync(report)) {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    failedHere = result.numFailedTests;
    total.passed += result.numPassedTests;
    total.skipped += result.numPendingTests + result.numTodoTests;
  }
  // A file that cannot be loaded, an error outside a test or a killed run has no failed test to count.
  if (run.status !== 0 && failedHere === 0) failedHere = 1;
  total.failed += failedHere;
  if (failedHere > 0) failures.push(name);
  rmSync(folder, { recursive: true, force: true });
}

function leaveOut(name, why) {
  notRun.push(`${name}: ${why}`);
  if (!mustBeWhole) return;
  total.failed += 1;
  failures.push(`${name} was not run`);
}

/** How many nights of each mode are played: the same ones each time, so that a failure is there again tomorrow. */
const nightsPlayed = { safety: 5_000, liveness: 500 };

/** Whole nights in the simulator. A series without a broken rule is one test; each place that nights must meet is another. */
function nights() {
  for (const [mode, seeds] of Object.entries(nightsPlayed)) {
    const name = `nights: ${seeds} of them, ${mode}`;
    console.log(`\n── ${name}`);
    const run = spawnSync(
      nodeBinary,
      [join(root, 'test/nights/simulate.ts'), '--seeds', String(seeds), '--mode', mode, '--json'],
      {
        cwd: root,
        env: toolEnvironment(),
        stdio: ['ignore', 'pipe', 'inherit'],
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    const result = resultIn(run.stdout);
    if (result === undefined || result.violations.length > 0) {
      total.failed += 1;
      failures.push(name);
    } else total.passed += 1;
    if (result === undefined) continue;
    const { holes, places, back } = result.coverage;
    const { outcomes, seedsPerSecond, seedsPerProcessorSecond } = result;
    console.log(
      JSON.stringify({
        outcomes,
        seedsPerSecond,
        seedsPerProcessorSecond,
        violations: result.violations,
        back,
        holes,
      }),
    );
    if (mode !== 'safety') continue;
    total.passed += places - holes.length;
    total.failed += holes.length;
    failures.push(...holes.map((hole) => `nights: ${hole}`));
  }
}

function resultIn(stdout) {
  try {
    return JSON.parse(stdout.toString());
  } catch {
    return undefined;
  }
}

function lab() {
  const missing = missingLabPrograms();
  if (missing.length > 0) return leaveOut('lab (real servers)', `not installed: ${missing.join(', ')}`);
  const noMysql = whyNoMysql();
  if (noMysql !== undefined) leaveOut('lab on MySQL', noMysql);
  for (const { name, why } of missingOtherServers()) optional.push(`conformance on ${name}: ${why}`);
  suite('lab: real servers', ['lab'], noMysql === undefined ? {} : { COCKPIT_LAB_WITHOUT: 'mysql' });
}

function e2e() {
  const browser = chromium();
  if (browser === undefined)
    return leaveOut('e2e (screen)', 'no Chromium found (COCKPIT_CHROMIUM names one)');
  suite('e2e: the screen in Chromium', ['e2e'], { COCKPIT_CHROMIUM: browser });
}

const parts = {
  types: () => check('types', ['resources/dev/types.mjs']),
  lint: () => check('lint', ['resources/dev/lint.mjs']),
  build: () => check('build', ['resources/dev/build.mjs']),
  unit: () => suite('unit', ['unit', 'conformance', 'renderer']),
  nights,
  lab,
  e2e,
};

/** Parts that only compute: they are run beside those that wait. */
const computing = ['types', 'lint', 'unit', 'nights'];

/** Where the line that runs beside another one leaves its count for it. */
const countFile = process.env.COCKPIT_TEST_COUNT;

const named = process.argv.slice(2);
const unknown = named.find((name) => !(name in parts));
if (unknown !== undefined) {
  console.error(`There is no part named ${unknown}; the parts are ${Object.keys(parts).join(', ')}.`);
  process.exit(1);
}

/** Begins the computing parts beside this line; what it answers waits for their end, prints them and counts them in. */
function beside(names) {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-test-'));
  const [count, log] = [join(folder, 'count.json'), join(folder, 'log')];
  const output = openSync(log, 'w');
  const child = spawn(nodeBinary, [join(root, 'resources/dev/test.mjs'), ...names], {
    cwd: root,
    env: toolEnvironment({ COCKPIT_TEST_COUNT: count, NO_COLOR: '1', FORCE_COLOR: undefined }),
    stdio: ['ignore', output, output],
  });
  const ended = once(child, 'exit');
  closeSync(output);
  // A server under test must not wait for a lint.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return async () => {
    console.log(`\n── waiting for what runs beside: ${names.join(', ')}`);
    await ended;
    process.stdout.write(readFileSync(log));
    if (existsSync(count)) {
      const counted = JSON.parse(readFileSync(count, 'utf8'));
      for (const each of Object.keys(total)) total[each] += counted.total[each];
      notRun.push(...counted.notRun);
      optional.push(...counted.optional);
      failures.push(...counted.failures);
    } else {
      total.failed += 1;
      failures.push(`${names.join(', ')} ended without a count`);
    }
    rmSync(folder, { recursive: true, force: true });
  };
}

ensureDependencies();
if (named.length > 0) for (const [name, part] of Object.entries(parts)) named.includes(name) && part();
else {
  // The browser's tests need it, and everything else is pointless without it.
  parts.build();
  const rest = beside(computing);
  parts.lab();
  parts.e2e();
  await rest();
}
if (countFile !== undefined) {
  writeFileSync(countFile, JSON.stringify({ total, notRun, optional, failures }));
  process.exit(total.failed > 0 ? 1 : 0);
}

console.log('');
for (const line of notRun)
  console.log(`!!! NOT RUN: ${line}${mustBeWhole ? ' (a failure, because CI=true)' : ''}`);
if (notRun.length > 0)
  console.log('!!! resources/dev/lab-servers.sh installs these on a Debian machine (as root).');
for (const line of optional) console.log(`!!! NOT RUN (optional): ${line}`);
for (const name of failures) console.log(`failed: ${name}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;
