import { outcomeSentence } from '../shared/audit/report.ts';
import type { Moment } from '../shared/steps/event.ts';
import type { Outcome, Run } from '../shared/steps/run.ts';
import { awaited, notInsync } from './cli-awaited.ts';
import type { Cockpit } from './engine/cockpit.ts';
import type { Night } from './engine/night-ground.ts';
import { startProgress } from './cli-progress.ts';
import { check } from './cli-plan.ts';
import { settle } from './cli-settle.ts';
import { composeCockpit } from './compose.ts';
import { onQuit } from './stop.ts';

/** How a command that drives a run ends, by the run's outcome. */
export const exitCodes: Readonly<Record<Outcome, number>> = {
  done: 0,
  reversed: 0,
  'not-started': 2,
  thawed: 3,
  'needs-operator': 4,
  ousted: 4,
};

type Options = { readonly yes: boolean; readonly json: boolean };

/** `run PLAN --unattended`: the same cockpit, with nobody at its screen. */
export async function runUnattended(file: string, options: Options): Promise<number> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (check(file, process.stderr) !== 0) return 1;
  const composed = await composeCockpit(file);
  if (!composed.ok) {
    say(composed.error);
    return 1;
  }
  const { cockpit, stop } = composed.value;
  const refused = refusedAlone(cockpit);
  if (refused !== null) {
    say(refused);
    await stop();
    return 1;
  }
  const quit = onQuit(cockpit, () => undefined);
  const who = `unattended (${cockpit.parts.ports.laptop.user()})`;
  const since = cockpit.parts.ports.clock.now();
  say('Every server and host is looked at before the gates are judged: some seconds.');
  const begun = await begin(cockpit, who, options);
  if (begun !== null) {
    say(begun);
    if (options.json) process.stdout.write(`${JSON.stringify(notStarted)}\n`);
    await stop();
    return 2;
  }
  const run = await untilOver(cockpit, { who, alone: true, since });
  sayOutcome(run, say);
  for (const text of notInsync(cockpit)) say(text);
  if (options.json) process.stdout.write(`${JSON.stringify(summary(cockpit, run))}\n`);
  quit();
  await stop();
  return exitCodes[run.outcome ?? 'needs-operator'];
}

/** How a run ended, and where a person goes on who is needed. */
export function sayOutcome(run: Run, say: (text: string) => void): void {
  say(`Run ${run.id}: ${run.outcome ?? 'unknown'}. ${outcomeSentence(run)}`);
  if (run.outcome === 'needs-operator')
    say(
      `Once the cause is mended: cockpit resume ${run.id}. By hand, with mysql and ssh alone: cockpit sheet ${run.id}.`,
    );
}

/** Why nobody may drive this plan alone; null: its runs may be unattended. */
export function refusedAlone({ parts }: Cockpit): string | null {
  return parts.plan.environment === 'production'
    ? 'An unattended run is refused for production: people release it, at the screen.'
    : null;
}

/** What `--json` says of a run that could not begin. */
export const notStarted = {
  runId: null,
  outcome: 'not-started',
  chains: [],
  userVisibleDowntimeMs: null,
  dns: [],
  residue: null,
  steps: [],
  journal: null,
};

const whatYesDoes =
  "--yes prepares the cockpit's schema on the sources, answers the checklists and releases the holds, all as unattended; it overrides no gate.";

/** Prepares, answers, arms and releases; the reason when the run could not begin. */
export async function begin(
  cockpit: Cockpit,
  who: string,
  options: { readonly yes: boolean },
): Promise<string | null> {
  const { plan } = cockpit.parts;
  await cockpit.observer.refresh();
  if (options.yes) {
    const unprepared = Object.values(cockpit.snapshot().instances).some(
      ({ survey }) => survey.kind === 'known' && !survey.value.schemaPrepared,
    );
    if (unprepared) {
      const prepared = await cockpit.prepare(who);
      if (!prepared.ok) return `Prepare failed: ${prepared.error}`;
    }
    for (const { id, phase } of plan.checklists)
      if (phase !== 'close') cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who });
  }
  await settle(cockpit);
  const armed = await cockpit.arm(who, true);
  if (!armed.ok) return `Not armed: ${armed.error}`;
  if (armed.value.blocks.length > 0)
    return `Gates are closed, nothing was begun:\n  ${armed.value.blocks.join('\n  ')}${options.yes ? '' : `\n${whatYesDoes}`}`;
  if (!options.yes) return 'The first hold waits for a person; --yes releases it as unattended.';
  const released = await cockpit.release({
    hold: plan.holds[0]?.before ?? 'lock',
    permit: armed.value.permit,
    who,
  });
  return released.ok ? null : released.error;
}

/**
 * Waits until the run has its outcome and its figures. `alone`: nobody ever was at a screen, so later holds are released
 * and what is done is closed; otherwise both are left to people. Before either, what is bounded and still awaited behind
 * the minute is waited for: that DNS is changed everywhere, and a first look at who still arrives on the source side.
 */
export async function untilOver(
  cockpit: Cockpit,
  { who, alone, since }: { readonly who: string; readonly alone: boolean; readonly since: Moment },
): Promise<Run> {
  const { plan, ports, told } = cockpit.parts;
  const { clock } = ports;
  const tell = (text: string): void => told?.(text);
  const progress = startProgress(tell, since);
  let watchedSinceUtcMs: number | null = null;
  let toldAwaited = '';
  const waitsStill = (night: Night, run: Run): boolean => {
    const { utcMs } = clock.now();
    watchedSinceUtcMs ??= utcMs;
    const still = awaited(night, run, { plan, utcMs, watchedSinceUtcMs }).join(' and ');
    if (still !== toldAwaited && still !== '')
      tell(`Every step is done. Before it ends the run waits for ${still}.`);
    toldAwaited = still;
    return still !== '';
  };
  return new Promise((settled) => {
    const look = (): void => {
      const night = cockpit.night();
      const run = night?.run();
      if (night === null || run === undefined || run === null) return;
      progress(run, clock.now());
      if (run.heldAt !== null) {
        if (!alone) return settled(run);
        night.release({ hold: run.heldAt, permit: night.permit, who });
      }
      const over =
        run.phase === 'ended' ||
        (!alone && run.phase === 'watching' && !waitsStill(night, run)) ||
        (run.outcome === 'needs-operator' &&
          !Object.values(run.steps).some(({ state }) => state === 'running'));
      const closable = run.phase === 'watching' && run.steps['close']?.state !== 'failed';
      if (alone && closable && night.measured() !== null && !waitsStill(night, run)) void night.close(who);
      if ((over && night.measured() !== null) || run.steps['close']?.state === 'failed') settled(run);
      else clock.after(50, look);
    };
    look();
  });
}

/** What `run --json` ends with. */
export function summary(cockpit: Cockpit, run: Run): Readonly<Record<string, unknown>> {
  const night = cockpit.night();
  const measured = night?.measured() ?? null;
  return {
    runId: run.id,
    outcome: run.outcome,
    chains: (measured?.chains ?? []).map(({ lostIds: _ids, ...figures }) => figures),
    userVisibleDowntimeMs: measured?.userVisibleDowntimeMs ?? null,
    // PENDING: INSYNC did not come within dns.insyncMs, which the run waited for.
    dns: (night?.changes() ?? []).map(({ zone, changeId, state, heardAt, insyncAt }) => ({
      zone,
      changeId,
      state,
      insyncAfterMs: insyncAt === null ? null : insyncAt - heardAt,
    })),
    residue: night?.residue() ?? null,
    steps: Object.values(run.steps)
      .filter(({ startedAt }) => startedAt !== null)
      .map(({ key, state, startedAt, endedAt }) => ({
        id: key,
        startedAt: new Date(startedAt?.utcMs ?? 0).toISOString(),
        ms: endedAt === null || startedAt === null ? null : endedAt.monoMs - startedAt.monoMs,
        outcome: state,
      })),
    journal: night?.journal()?.file ?? null,
  };
}
