import type { MeasuredRecord } from '../../shared/audit/record.ts';
import { emptyRun } from '../../shared/steps/decide.ts';
import type { ChangeSeen } from '../../shared/steps/taken-changes.ts';
import type { Outcome, Run } from '../../shared/steps/run.ts';
import { judgeWatch } from '../../shared/steps/watchdog.ts';
import { mirrorOf } from '../../shared/steps/mirror-place.ts';
import type { Driver } from '../../shared/steps/driver.ts';
import type { Journal, SshChannel } from '../ports.ts';
import { measure } from './measure.ts';
import { keepMirror } from './keep-mirror.ts';
import type { MirrorState } from './mirror.ts';
import { ownName } from './open-mirror.ts';
import { keepSheet } from './emergency-sheet.ts';
import type { Observer } from './observer.ts';
import type { RunJournal } from './parts.ts';
import { writeObservations } from './observation-lines.ts';
import { startRunner, type Runner } from './runner.ts';
import { keepResidue, type KeptResidue } from './keep-residue.ts';
import type { RunBeginning, RunGround } from './run-ground.ts';
import { writeHeader } from './run-header.ts';
import { reasonOf } from './troubles.ts';
import { watchChanges } from './watch-changes.ts';
import { watchSwitches } from './switch-watch.ts';
import { settleReversed } from './settle-reversed.ts';

/** How long the clients go on after the last step, before the official figures are taken from their logs. */
const clientsTailMs = 1_000;
/** The same alarm of the same server again within this time is the same alarm. */
const sameAlarmMs = 1_000;

/** A run under way: its loop, its journal, its watchdog and, at its end, its figures. */
export type ActiveRun = {
  readonly runner: Runner;
  readonly journal: Journal;
  /** Where the emergency sheet is; null where none is written. */
  readonly sheetFile: string | null;
  /** The figures of the newest outcome; null until they are taken. */
  readonly measured: () => MeasuredRecord | null;
  readonly changes: () => readonly ChangeSeen[];
  /** Who still arrives on the source side; null: nothing was switched yet. */
  readonly residue: KeptResidue['seen'];
  /** How the journal's mirror is; null: the plan keeps none. */
  readonly mirror: () => MirrorState | null;
  /** Ends the run's loop and its journal, after figures that are being taken have been recorded. */
  readonly stop: () => Promise<void>;
};

/** Begins the journal, the loop and the watchdog of a run. The hold is released by the caller's next event. */
export function beginRun(beginning: RunBeginning): ActiveRun {
  const { parts, observer, sessions } = beginning;
  const { plan, ports } = parts;
  const { runId, ...opened } = parts.openRunJournal();
  const { journal } = opened;
  // Head first: a run that the plan's journal knows of can be taken up again, or ended, from its own.
  writeHeader(beginning, { runId, journal });
  beginning.record({ kind: 'run-begun', runId });
  const driver = { epoch: 1, who: ownName(ports, beginning.who) };
  const mirror = mirrorOf(plan, runId);
  const active = driveRun(beginning, {
    ...opened,
    run: emptyRun(runId, plan, ports.clock.now()),
    driver,
    mirrorChannel: beginning.mirrorChannel,
  });
  active.runner.post({
    kind: 'begun',
    who: beginning.who,
    unattended: beginning.unattended,
    driver,
    ...(mirror === null ? {} : { mirror: { ...mirror, lost: null } }),
    threads: allThreads(sessions.threads(), observer.threads()),
    identities: beginning.identities,
    proofTables: beginning.proofTables,
    fragileTables: fragileTables(observer),
    zones: beginning.zones,
  });
  return active;
}

/** What preflight saw of each server; one that was not surveyed is left out, and nobody who writes there is ended. */
function fragileTables(observer: Observer): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.values(observer.snapshot().instances).flatMap(({ instance, survey }) =>
      survey.kind === 'known' ? [[instance, survey.value.nonTransactionalTables] as const] : [],
    ),
  );
}

/** A run's journal, where the run is by it, and who drives it from here, with the mirror's channel where one is open. */
type Driving = RunJournal & {
  readonly run: Run;
  readonly driver: Driver;
  readonly mirrorChannel: SshChannel | null;
};

/** The loop and the watchdog of a run, from where its journal is. */
export function driveRun(
  ground: RunGround,
  { run: from, journal, observations, sheet, driver, mirrorChannel }: Driving,
): ActiveRun {
  const { parts, observer, sessions } = ground;
  const { plan, ports } = parts;
  const mirror = keepMirror(ground, { run: from, journal, driver, mirrorChannel }, (event) =>
    runner.post(event),
  );
  const runner = startRunner(
    plan,
    {
      sessions,
      clients: ports.clients,
      clock: ports.clock,
      ...mirror.hands,
    },
    { run: from, journal, tell: ground.tell },
  );
  const stopWatching = watch(ground, runner);
  const changes = watchChanges({ clock: ports.clock, sessions, tell: ground.tell }, runner);
  const residue = keepResidue(ground, { runner, journal });
  const stopSwitches = watchSwitches({ plan, clock: ports.clock, sessions, tell: ground.tell }, runner);
  const stopWriting =
    observations === undefined
      ? (): void => undefined
      : writeObservations({ clock: ports.clock, observer, run: runner.run }, observations);
  const begunAt = (): number => (runner.run().begunAt ?? from.now).utcMs;
  let measured: { readonly of: Outcome; readonly figures: MeasuredRecord } | null = null;
  let measuring: Outcome | null = null;
  let taking: Promise<void> = Promise.resolve();
  let stopped = false;
  let settled: Outcome | null = from.outcome;

  runner.onChange((run) => {
    observer.rest(mustRest(run));
    const { outcome } = run;
    if (outcome !== settled) settleReversed(ground, run);
    settled = outcome;
    // A retry may turn "needs-operator" into "done": each outcome is measured once.
    if (outcome !== null && outcome !== measured?.of && outcome !== measuring) {
      measuring = outcome;
      ports.clock.after(clientsTailMs, () => {
        if (stopped) return;
        taking = takeFigures(outcome).catch((error: unknown) =>
          ground.tell(`The figures of the run could not be taken or recorded: ${reasonOf(error)}.`),
        );
      });
    }
    ground.changed();
  });

  const takeFigures = async (outcome: Outcome): Promise<void> => {
    // A retry may have begun meanwhile: then its own outcome is measured.
    if (runner.run().outcome !== outcome) {
      measuring = null;
      return;
    }
    const figures = await measure(plan, ports, { sinceUtcMs: begunAt(), run: runner.run() });
    measured = { of: outcome, figures };
    measuring = null;
    recordFigures(ground, { runner, journal, figures });
    ground.changed();
  };

  const stopSheet =
    sheet === undefined ? null : keepSheet({ clock: ports.clock, plan, runner, tell: ground.tell }, sheet);
  return {
    runner,
    journal,
    sheetFile: sheet?.file ?? null,
    mirror: mirror.state,
    measured: () => measured?.figures ?? null,
    changes: changes.seen,
    residue: residue.seen,
    stop: async () => {
      stopped = true;
      stopWatching();
      stopSwitches();
      changes.stop();
      await residue.stop();
      stopWriting();
      runner.stop();
      await taking;
      const { id, outcome } = runner.run();
      // Left before its figures were there: the plan's journal must not take it for a run that was never ended.
      if (outcome !== null && outcome !== measured?.of)
        ground.record({ kind: 'run-ended', runId: id, outcome, head: journal.head() });
      await stopSheet?.();
      await mirror.stop(runner.run());
      journal.close();
    },
  };
}

function recordFigures(
  { parts, record }: RunGround,
  {
    runner,
    journal,
    figures,
  }: { readonly runner: Runner; readonly journal: Journal; readonly figures: MeasuredRecord },
): void {
  const run = runner.run();
  // When the journal is lost the runner has said so already; the figures are still shown.
  if (runner.journalLost() === null) journal.append(parts.ports.clock.now(), figures, true);
  const freezes =
    // The way back is measured alike and tells nothing of how long the way forth takes.
    run.outcome === 'done' && parts.reverses === undefined
      ? figures.chains.flatMap(({ name, writeFreezeMs }) =>
          writeFreezeMs === null ? [] : [{ chain: name, freezeMs: writeFreezeMs }],
        )
      : [];
  record({
    kind: 'run-ended',
    runId: run.id,
    outcome: run.outcome ?? 'unknown',
    head: journal.head(),
    freezes,
  });
}

/** The watchdog: each fresh reading of every server is held against what the run says must be true, until Close. */
function watch({ parts, observer }: RunGround, runner: Runner): () => void {
  return observer.onWatched((watched) => {
    const run = runner.run();
    const alarm = judgeWatch(run, parts.plan, watched);
    if (alarm === null) return;
    const now = parts.ports.clock.now().monoMs;
    const known = run.alarms.some(
      (old) =>
        old.alarm.alarm === alarm.alarm &&
        old.alarm.instance === alarm.instance &&
        now - old.moment.monoMs < sameAlarmMs,
    );
    if (!known) runner.post({ kind: 'alarmed', alarm });
  });
}

/** The slow reads rest from the release until the last step, and while everything is taken back. */
function mustRest(run: Run): boolean {
  return run.phase === 'unwinding' || (run.phase === 'running' && run.outcome === null);
}

export type Threads = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Observers' sessions are the cockpit's own too: none of them may be ended as an application's. */
export function allThreads(acting: Threads, watching: Threads): Threads {
  const all: Record<string, Record<string, number>> = {};
  for (const threads of [watching, acting])
    for (const [instance, own] of Object.entries(threads)) all[instance] = { ...all[instance], ...own };
  return all;
}
