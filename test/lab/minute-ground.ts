import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { openJournal } from '../../main/adapters/journal-file.ts';
import { journalFile, planDirectory } from '../../main/settings.ts';
import { createRedactor } from '../../shared/audit/redact.ts';
import type { PlanInput } from '../../shared/plan/plan.ts';
import { accountNames, passwordOf } from './accounts.ts';
import { identityFile } from './hosts.ts';
import { planForLab } from './plan-for-lab.ts';
import { nodeBinary, pause } from './processes.ts';
import { linkOf } from './links.ts';
import { startLoad, type Load } from './load.ts';
import { eventually } from './sql.ts';
import type { Lab } from './start-lab.ts';

/** What whole runs on real servers need beside the lab: a patient plan, the cockpit as a process, and sharp eyes. */

/** How slow the machine is must not close gates here: a limit only says when a run gives up, none of them is a pause. */
const patient: PlanInput['limits'] = {
  runDeadlineMs: 90_000,
  abortMs: 30_000,
  deadMansSwitchMs: 150_000,
  preDrainMs: 60_000,
  quietMs: 20_000,
  fenceMs: 20_000,
  endSessionsMs: 20_000,
  convergeMs: 30_000,
  drainMs: 60_000,
  proveMs: 20_000,
  passageMs: 10_000,
  promoteMs: 20_000,
  redirectMs: 30_000,
  reverseMs: 30_000,
  canaryMs: 30_000,
  lagMs: 20_000,
  clockOffsetMs: 5_000,
  longTransactionMs: 20_000,
};

/** Writes the lab's plan, changed as a test wants it, and answers its path. */
export function writePlan(lab: Lab, name: string, change: (plan: PlanInput) => PlanInput = same): string {
  const plan = parse(planForLab(lab.state())) as PlanInput;
  const file = join(lab.dir, `${name}.yaml`);
  const budgets = { writeFreezeMs: 60_000, userVisibleDowntimeMs: 60_000 };
  writeFileSync(file, stringify(change({ ...plan, name, budgets, limits: { ...plan.limits, ...patient } })));
  return file;
}

const same = (plan: PlanInput): PlanInput => plan;

export type Cli = {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly send: (signal: NodeJS.Signals) => void;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number>;
};

/** A directory for journals, gone with `removeStates`. */
export function newState(): string {
  const state = mkdtempSync(join(tmpdir(), 'cutover-state-'));
  states.push(state);
  return state;
}

const states: string[] = [];

/** Removes every directory that `newState` made. */
export function removeStates(): void {
  for (const state of states.splice(0)) rmSync(state, { recursive: true, force: true });
}

/** The cockpit's command line as a process of its own. */
export function startCli(state: string, ...words: readonly string[]): Cli {
  const program = join(import.meta.dirname, '../../main/cli.ts');
  const child = spawn(nodeBinary(), [program, ...words], {
    env: { ...process.env, COCKPIT_STATE: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    send: (signal) => void child.kill(signal),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    }),
  };
}

/** What the command line said and how it ended. */
export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The command line from start to end. */
export async function cli(state: string, ...words: readonly string[]): Promise<Ended> {
  const run = startCli(state, ...words);
  const code = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

/**
 * An unattended run. A machine that is too busy even to be looked at closes gates for old readings, and nothing was
 * begun: that is tried again. Any other closed gate is an answer.
 */
export async function runCli(
  state: string,
  plan: string,
  meanwhile: (run: Cli) => Promise<void> = async () => undefined,
): Promise<Ended> {
  for (let attempt = 1; ; attempt += 1) {
    const run = startCli(state, 'run', plan, '--unattended', '--yes', '--json');
    const both = Promise.race([run.ended, meanwhile(run)]);
    const [code] = await Promise.all([run.ended, both]);
    const reasons = run
      .stderr()
      .split('\n')
      .filter((line) => /^ {2}\S+ is (closed|unknown): /.test(line));
    const busy = code === 2 && reasons.every((line) => line.includes('expected a reading younger than'));
    if (!busy || attempt === attempts) return { code, stdout: run.stdout(), stderr: run.stderr() };
  }
}

const attempts = 4;

/** A machine that is too busy closes gates or overruns a limit, and all is as before: that is tried again. */
export async function patiently(run: () => Promise<Ended>): Promise<Ended> {
  for (let attempt = 1; ; attempt += 1) {
    const ended = await run();
    if ((ended.code !== 2 && ended.code !== 3) || attempt === attempts) return ended;
    console.warn(`taken back, attempt ${attempt}: ${ended.stderr.slice(-600)}`);
  }
}

/** The newest run's journal, as text; empty while there is none. */
export function journalText(state: string): string {
  const file = journalFileOf(state);
  return file === null ? '' : readFileSync(file, 'utf8');
}

/** The newest run's journal. */
export function journalFileOf(state: string): string | null {
  const runs = filesBelow(state).filter((file) => /\/runs\/[^/]+\/journal\.jsonl$/.test(file));
  return runs.toSorted().at(-1) ?? null;
}

/** Answers a checklist of a plan in its journal, as somebody at the screen would. */
export function answerYes(state: string, planName: string, item: string): void {
  const opened = openJournal(journalFile(planDirectory(state, planName)), createRedactor());
  if (!opened.ok) throw new Error(opened.error);
  const { journal } = opened.value;
  const at = { utcMs: Date.now(), monoMs: performance.now() };
  journal.append(at, { kind: 'checklist-answered', item, answer: 'yes', who: 'test' }, true);
  journal.close();
}

/** Which of the lab's secrets stand in these texts or in any file of a directory, by name and place. */
export function secretsIn(
  lab: Lab,
  directory: string,
  texts: Readonly<Record<string, string>>,
): readonly string[] {
  const secrets = new Map<string, string>(accountNames.map((name) => [name, passwordOf(lab.dir, name)]));
  const key = readFileSync(identityFile(lab.dir), 'utf8').split('\n')[2] ?? '';
  secrets.set('the private key', key);
  const places = [
    ...Object.entries(texts),
    ...filesBelow(directory).map((file) => [file, readFileSync(file, 'utf8')] as const),
  ];
  return places.flatMap(([place, text]) =>
    [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${place}`),
  );
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Starts the cockpit and lets it be killed; a machine too busy to be looked at in time is looked at again. */
export async function killedRun(run: {
  readonly plan: string;
  readonly step: string;
  readonly state: string;
}): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const program = join(import.meta.dirname, 'run-until.ts');
    const child = spawn(nodeBinary(), [program, run.plan, run.step], {
      env: { ...process.env, COCKPIT_STATE: run.state },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    // Not 'close': the clients of a killed cockpit hold its standard error a moment longer.
    const signal = await new Promise<string | null>((ended) => child.once('exit', (_code, by) => ended(by)));
    if (signal === 'SIGKILL') return;
    console.warn(`not begun, attempt ${attempt}: ${said}`);
    if (attempt === 4 || !said.includes('expected a reading younger')) throw new Error(said);
  }
}

/** Outside load on both co-masters of both chains while something is done. */
export async function underLoad<T>(lab: Lab, work: (load: Load) => Promise<T>): Promise<readonly [T, Load]> {
  const load = startLoad(lab.state(), { writers: 8, perSecond: 2, follow: true, seconds: 900 });
  try {
    return [await work(load), load];
  } finally {
    await load.stop();
  }
}

/** Waits until the outside load is acknowledged on that instance again. */
export async function takesWrites(lab: Lab, load: Load, instance: string): Promise<void> {
  const seenBefore = existsSync(load.logFile) ? statSync(load.logFile).size : 0;
  const wanted = new RegExp(`"port":${lab.port(instance)},.*"outcome":"acknowledged"`);
  await eventually(`${instance} takes writes`, 60_000, async () => {
    await pause(100);
    const fresh = existsSync(load.logFile) ? readFileSync(load.logFile).subarray(seenBefore).toString() : '';
    if (!wanted.test(fresh)) throw new Error('no acknowledged write');
  });
}

/** What a run may change on a server: all of it must be as before after a thaw. */
export async function settingsOf(lab: Lab, instances: readonly string[]): Promise<unknown> {
  const mysql = lab.flavor === 'mysql';
  return Promise.all(
    instances.map(async (id) => ({
      id,
      ...(
        await lab.sql(
          id,
          `SELECT @@global.read_only AS closed, @@global.event_scheduler AS scheduler, IS_USED_LOCK('cutover:run') AS lock_holder${mysql ? ', @@global.super_read_only AS super' : ''}`,
        )
      )[0],
      links: (await lab.sql(id, mysql ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS')).map(
        (row) => row['Connection_name'] ?? row['Channel_Name'],
      ),
      main: await linkOf(lab.state(), id),
      persisted: mysql
        ? await lab.sql(id, 'SELECT * FROM performance_schema.persisted_variables')
        : readdirSync(join(lab.dir, 'instances', id, 'conf.d')),
    })),
  );
}
