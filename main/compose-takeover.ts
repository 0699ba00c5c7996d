import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { foldRun } from '../shared/audit/fold.ts';
import type { JournalRecord } from '../shared/audit/record.ts';
import { createRedactor } from '../shared/audit/redact.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import type { Plan } from '../shared/plan/plan.ts';
import { driverAfter } from '../shared/steps/driver.ts';
import { mirrorOf } from '../shared/steps/mirror-place.ts';
import { keepFetched } from './adapters/fetched-journal.ts';
import { readJournalFile } from './adapters/journal-file.ts';
import { composeRun, loadPlan, planFileOf, type ComposedRun } from './compose.ts';
import { journalText } from './engine/mirror-read.ts';
import { lookBeforeTaking } from './engine/look-again.ts';
import { ownName } from './engine/open-mirror.ts';
import type { Overtaking } from './engine/resume.ts';
import { ownPart, takeMirror, type Taken } from './engine/takeover.ts';
import { journalFile, planDirectory, runDirectory, runJournalFile, stateDirectory } from './settings.ts';

/** A cockpit for a run that another laptop drives, with the newest journal of it. */
export type ComposedTakeover = ComposedRun & { readonly takeover: Overtaking };

const openMs = 10_000;

/**
 * Fetches the newest journal of a run (this laptop's own, or the mirror's when that holds more), looks at every server and
 * host, takes the higher epoch on the mirror's host, and joins a cockpit for it. Nothing is changed on any server.
 */
export async function composeTakeover(
  run: string,
  {
    plan: given,
    despite = [],
    tell,
  }: {
    readonly plan?: string;
    /** Servers and hosts that a person lets be dark. */
    readonly despite?: readonly string[];
    readonly tell: (text: string) => void;
  },
): Promise<Result<ComposedTakeover, string>> {
  const state = stateDirectory();
  const local = runJournalFile(state, run);
  const here = local === null ? null : readJournalFile(local);
  if (here !== null && !here.ok) return here;
  const header = here?.value[0]?.payload;
  const runId = header?.kind === 'run' ? header.runId : run;
  if (!/^[\w-]+$/.test(runId)) return failed(`Expected a run's id, seen "${run}".`);
  const known = given === undefined ? knownPlan(state) : loaded(given);
  const found = header?.kind === 'run' && !known.ok ? ok({ plan: header.plan, file: '.' }) : known;
  if (!found.ok) return found;
  const plan = header?.kind === 'run' ? header.plan : found.value.plan;
  // Before anything is opened: the hosts of a rehearsed plan may be real ones, and no run of it was ever there.
  const played = header?.kind === 'run' ? planFileOf(state, header, found.value.file) : whyPlayed(plan);
  if (!played.ok) return played;
  const taken = await newest({ plan, planFile: found.value.file, runId, despite, tell }, here?.value ?? null);
  if (!taken.ok) return taken;
  const file = journalFile(runDirectory(state, runId));
  if (here === null || journalText(here.value) !== taken.value.text) keepFetched(file, taken.value.text);
  const composed = await composeRun(runId, found.value.file);
  return composed.ok ? ok({ ...composed.value, takeover: { driver: taken.value.driver } }) : composed;
}

async function newest(
  {
    plan,
    planFile,
    runId,
    despite,
    tell,
  }: {
    readonly plan: Plan;
    readonly planFile: string;
    readonly runId: string;
    readonly despite: readonly string[];
    readonly tell: (text: string) => void;
  },
  here: readonly JournalRecord[] | null,
): Promise<Result<Pick<Taken, 'text' | 'driver'>, string>> {
  const directory = planDirectory(stateDirectory(), plan.name);
  const { realPorts } = await import('./compose-real.ts');
  const { ports, close } = await realPorts(plan, { file: planFile, directory, redactor: createRedactor() });
  const name = ownName(ports, ports.laptop.user());
  try {
    const place = mirrorOf(plan, runId);
    const opened = place === null ? null : await ports.ssh.open(place.host, openMs);
    if (place !== null && opened?.kind === 'open')
      return await takeMirror(opened.channel, {
        file: place.file,
        here: here === null ? null : ownPart(here),
        name,
        look: async (left) => {
          const looked = await lookBeforeTaking({ plan, ports }, left, despite);
          if (looked.ok) tell(`Before anything is taken: ${looked.value}.`);
          return looked;
        },
      });
    const why = place === null ? 'the plan names no journalMirror' : (opened as { message: string }).message;
    if (here === null)
      return failed(
        `The journal of run ${runId} is not on this laptop, and its mirror cannot be read: ${why}.`,
      );
    const folded = foldRun(here);
    if (!folded.ok) return folded;
    return ok({ text: journalText(here), driver: driverAfter(folded.value.run.driver, name) });
  } finally {
    await close();
  }
}

/** A plan of the simulator has no run that another laptop could drive. */
function whyPlayed({ name, environment }: Plan): Result<null, string> {
  return environment === 'simulator'
    ? failed(
        `Plan ${name} is rehearsed in the simulator: its servers end with the cockpit that rehearses, so there is no run of it to take over. Expected the staging or production plan of that run: add --plan FILE.`,
      )
    : ok(null);
}

function loaded(file: string): Result<{ readonly plan: Plan; readonly file: string }, string> {
  const read = loadPlan(file);
  return read.ok ? ok({ plan: read.value.plan, file: resolve(file) }) : failed(read.error.join('\n'));
}

/** The one plan with a mirror that this laptop has opened before; with several of them a person names the right one. */
function knownPlan(state: string): Result<{ readonly plan: Plan; readonly file: string }, string> {
  const plans = names(join(state, 'plans')).flatMap((name) => {
    const records = readJournalFile(journalFile(join(state, 'plans', name)));
    const opened = records.ok ? records.value.findLast(({ payload }) => payload.kind === 'plan') : undefined;
    const read = opened?.payload.kind === 'plan' ? loaded(opened.payload.planFile) : null;
    return read?.ok === true && read.value.plan.journalMirror !== undefined && whyPlayed(read.value.plan).ok
      ? [read.value]
      : [];
  });
  const [only] = plans;
  if (only !== undefined && plans.length === 1) return ok(only);
  return failed(
    `This laptop has no journal of that run, so it is read from its mirror. Of which plan? Expected one plan with a journalMirror that was opened here before, seen ${plans.length}: add --plan FILE.`,
  );
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
