import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foldPreparation } from '../shared/audit/fold.ts';
import type { RunHeader } from '../shared/audit/record.ts';
import { createRedactor, type Redactor } from '../shared/audit/redact.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { formatMistake } from '../shared/plan/mistake.ts';
import { parsePlan, type ParsedPlan } from '../shared/plan/parse-plan.ts';
import type { Plan } from '../shared/plan/plan.ts';
import type { Moment } from '../shared/steps/event.ts';
import { keepFetched } from './adapters/fetched-journal.ts';
import { openJournal, readJournalFile, verifyJournalFile } from './adapters/journal-file.ts';
import { openObservationsFile } from './adapters/observations-file.ts';
import { openSheetFiles } from './adapters/sheet-files.ts';
import { keptLowering } from './adapters/ttl-file.ts';
import { startCockpit, type Cockpit } from './engine/cockpit.ts';
import type { CockpitParts, Reverses, RunJournal } from './engine/parts.ts';
import { forthOf } from './compose-forth.ts';
import { makePorts, type Made } from './compose-ports.ts';
import type { Journal, Ports } from './ports.ts';
import {
  journalFile,
  newRunId,
  noSuchRun,
  planDirectory,
  runDirectory,
  runJournalFile,
  stateDirectory,
} from './settings.ts';

/** A cockpit with everything it stands on, and how to take it down. */
export type Composed = {
  readonly cockpit: Cockpit;
  readonly notes: readonly string[];
  readonly stop: () => Promise<void>;
  /** Another cockpit on the same servers and the same journal of the plan; of the way back when it reverses a run. */
  readonly beside: (plan: Plan, reverses?: Reverses) => Promise<Composed>;
};

/** Reads and parses a plan file; every mistake at once, or one sentence when the file cannot be read. */
export function loadPlan(file: string): Result<ParsedPlan, readonly string[]> {
  try {
    const parsed = parsePlan(readFileSync(file, 'utf8'), file);
    return parsed.ok ? parsed : failed(parsed.error.map(formatMistake));
  } catch (error) {
    return failed([
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}; expected a plan file`,
    ]);
  }
}

/** Puts something between the engine and the ports of a plan; the program itself never does. */
export type AroundPorts = (ports: Ports) => Ports;

/** Joins plan, ports, journals and engine: the only place that knows both the engine and the adapters. */
export async function composeCockpit(
  file: string,
  around: AroundPorts = (ports) => ports,
): Promise<Result<Composed, string>> {
  const loaded = loadPlan(file);
  if (!loaded.ok) return failed(loaded.error.join('\n'));
  const composed = await compose({ ...loaded.value, file, redactor: createRedactor(), around });
  if (!composed.ok) return composed;
  const left = composed.value.cockpit.left();
  if (left !== null) composed.value.cockpit.tell(left.text);
  return composed;
}

/** A cockpit for a run that another one left, with that run's journal. */
export type ComposedRun = Composed & { readonly from: RunJournal };

/** Joins the same for a run to be taken up again: the plan is the one that its journal begins with, whatever became of the file. */
export async function composeRun(run: string, planFile?: string): Promise<Result<ComposedRun, string>> {
  const state = stateDirectory();
  const file = runJournalFile(state, run);
  if (file === null) return failed(noSuchRun(state, run));
  const redactor = createRedactor();
  const opened = openJournal(file, redactor);
  if (!opened.ok) return opened;
  const { journal, notes } = opened.value;
  const header = journal.read()[0]?.payload;
  const ready = header?.kind === 'run' ? planFileOf(state, header, planFile) : failed(notARun(file));
  const composed =
    ready.ok && header?.kind === 'run'
      ? await compose({
          plan: header.plan,
          digest: header.planDigest,
          file: ready.value,
          redactor,
          ...(header.reverses === undefined
            ? {}
            : { reverses: forthOf({ state, redactor }, { ...header.reverses, notes: [] }) }),
        })
      : failed(ready.ok ? notARun(file) : ready.error);
  if (!composed.ok) {
    journal.close();
    return composed;
  }
  const from = withSideFiles(journal, redactor);
  return ok({ ...composed.value, notes: [...notes, ...composed.value.notes], from });
}

/** A run's journal with what lies beside it in its directory. */
function withSideFiles(journal: Journal, redactor: Redactor): RunJournal {
  const home = dirname(journal.file);
  const observations = openObservationsFile(join(home, 'observations.jsonl'), redactor, sayOn(redactor));
  return { journal, observations, sheet: openSheetFiles(home, redactor) };
}

/** Runs that earlier cockpits left below this state directory. */
function leftRuns(state: string, redactor: Redactor): NonNullable<CockpitParts['leftRuns']> {
  const fileOf = (runId: string): Result<string, string> => {
    const file = runJournalFile(state, runId);
    return file === null ? failed(`there is none below ${join(state, 'runs')}`) : ok(file);
  };
  const reopen = (runId: string): Result<RunJournal, string> => {
    const file = fileOf(runId);
    const opened = file.ok ? openJournal(file.value, redactor) : file;
    return opened.ok ? ok(withSideFiles(opened.value.journal, redactor)) : opened;
  };
  return {
    read: (runId) => {
      const file = fileOf(runId);
      return file.ok ? readJournalFile(file.value) : file;
    },
    reopen,
    keep: (runId, text) => {
      keepFetched(journalFile(runDirectory(state, runId)), text);
      return reopen(runId);
    },
  };
}

function notARun(file: string): string {
  return `${file} is not the journal of a run: expected its first record to be the head of one. Where nothing was recorded, nothing was begun.`;
}

/** Where the plan's credentials are looked for: beside the file that the plan was opened from. */
export function planFileOf(
  state: string,
  { plan, planDigest, runId }: RunHeader,
  named?: string,
): Result<string, string> {
  if (plan.environment === 'simulator')
    return failed(
      `Run ${runId} was rehearsed in the simulator: its servers ended with its cockpit, so there is nothing to take up, back, over or round. What it did is kept: cockpit audit export ${journalFile(runDirectory(state, runId))} --format html`,
    );
  if (named !== undefined) return ok(named);
  const journal = journalFile(planDirectory(state, plan.name));
  const records = readJournalFile(journal);
  if (!records.ok) return records;
  const opened = records.value.flatMap(({ payload }) => (payload.kind === 'plan' ? [payload] : []));
  const same = opened.findLast((each) => each.planDigest === planDigest) ?? opened.at(-1);
  return same === undefined ? failed(`${journal} does not say where the plan's file is.`) : ok(same.planFile);
}

/** Whoever has no screen before them must hear it too. */
export function sayOn(redactor: Redactor): (text: string) => void {
  return (text) => void process.stderr.write(`${redactor.redact(text)}\n`);
}

/** What a cockpit is joined from. */
export type Composition = {
  readonly plan: Plan;
  readonly digest: string;
  readonly file: string;
  readonly redactor: Redactor;
  /** The run that this plan turns round. */
  readonly reverses?: Reverses;
  readonly around?: AroundPorts;
};

/** Joins a cockpit from a plan, wherever that comes from. */
export async function compose(composition: Composition): Promise<Result<Composed, string>> {
  const { plan, file, redactor } = composition;
  const state = stateDirectory();
  const directory = planDirectory(state, plan.name);
  const planJournal = openJournal(journalFile(directory), redactor);
  if (!planJournal.ok) return planJournal;
  const { journal } = planJournal.value;
  const made = await makePorts(plan, { file, directory, redactor });
  if (!made.ok) return made;
  if (plan.environment === 'simulator') endWorlds(journal, made.value.ports.clock.now());
  const composed = joined(composition, made.value, shared(journal));
  return ok({ ...composed, notes: [...planJournal.value.notes, ...composed.notes] });
}

/** Joins engine and ports over a journal that another cockpit of the same program may use too. */
function joined(composition: Composition, made: Made, planJournal: () => Journal): Composed {
  const { plan, digest, file, redactor, reverses, around } = composition;
  const { close } = made;
  const ports = around?.(made.ports) ?? made.ports;
  const state = stateDirectory();
  const say = sayOn(redactor);
  const cockpit = startCockpit({
    plan,
    planFile: resolve(file),
    planDigest: digest,
    ports,
    planJournal: planJournal(),
    program: `cutover-cockpit ${version()}`,
    openRunJournal: () => {
      const runId = newRunId(state, ports.clock.now().utcMs);
      const home = runDirectory(state, runId);
      const opened = openJournal(journalFile(home), redactor);
      if (!opened.ok) throw new Error(opened.error);
      return { runId, ...withSideFiles(opened.value.journal, redactor) };
    },
    leftRuns: leftRuns(state, redactor),
    ...(plan.environment === 'simulator' ? {} : { lowering: keptLowering(planDirectory(state, plan.name)) }),
    told: say,
    ...(reverses === undefined ? {} : { reverses }),
  });
  const { reverses: _reverses, ...rest } = composition;
  return {
    cockpit,
    notes: [],
    stop: async () => {
      await cockpit.stop();
      await close();
    },
    beside: async (other, turned) => {
      const again = { ...rest, plan: other, ...(turned === undefined ? {} : { reverses: turned }) };
      return joined(again, await made.again(other), planJournal);
    },
  };
}

/** Lends one journal to several cockpits; it is closed with the last of them. */
function shared(journal: Journal): () => Journal {
  let users = 0;
  return () => {
    users += 1;
    return {
      ...journal,
      close: () => {
        users -= 1;
        if (users === 0) journal.close();
      },
    };
  };
}

/** A simulated world ends with its cockpit: a run that was under way in it can neither go on nor have left anything behind. */
function endWorlds(journal: Journal, now: Moment): void {
  for (const { runId, outcome } of foldPreparation(journal.read()).runs)
    if (outcome === null)
      journal.append(
        now,
        { kind: 'run-ended', runId, outcome: 'ended-with-its-world', head: 'unknown' },
        true,
      );
}

/** The resources folder beside the nearest package.json: the same from source, from dist and from the package. */
export function resourceDirectory(): string {
  return join(packageDirectory(), 'resources');
}

function packageDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 5; up += 1) {
    try {
      readFileSync(join(directory, 'package.json'));
      return directory;
    } catch {
      directory = dirname(directory);
    }
  }
  throw new Error(
    'No package.json above the program: its resources cannot be found. Install the cockpit again.',
  );
}

function version(): string {
  const text: unknown = JSON.parse(readFileSync(join(packageDirectory(), 'package.json'), 'utf8'));
  return typeof text === 'object' && text !== null && 'version' in text && typeof text.version === 'string'
    ? text.version
    : 'unknown';
}

/** Verifies a journal file against its own chain and the head beside it. */
export function verifyAudit(file: string): ReturnType<typeof verifyJournalFile> {
  return verifyJournalFile(file);
}

/** Reads a journal file; refused with the exact place when it is damaged. */
export function readAudit(file: string): ReturnType<typeof readJournalFile> {
  return readJournalFile(file);
}
