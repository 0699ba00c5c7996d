import type {
  ChecklistView,
  HeaderView,
  HostKeyView,
  Phase,
  ReportView,
  RunView,
  SeriesPoint,
  View,
} from '../../shared/contract/view.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Verdict } from '../../shared/gates/gate.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Trouble } from '../engine/troubles.ts';
import { chainView } from './chain-view.ts';
import { clocksView } from './clocks-view.ts';
import { goView } from './go-view.ts';
import { logView } from './log-view.ts';
import { observedRunView, otherView, shownRun, type ShownRun } from './other-view.ts';
import { outcomeText, runView } from './run-view.ts';

export type Audience = { readonly drivers: number; readonly observers: number };

/** Everything the screen shows, at this moment. */
export function buildView(
  cockpit: Cockpit,
  seen: { readonly verdicts: readonly Verdict[]; readonly audience: Audience },
): View {
  const { plan, ports } = cockpit.parts;
  const snapshot = cockpit.snapshot();
  const night = cockpit.night();
  const run = night?.run() ?? null;
  const shown = shownRun(cockpit);
  return {
    header: headerView(cockpit, snapshot, [seen.audience, shown]),
    chains: shown.plan.chains.map((chain) => chainView(shown.plan, chain, { snapshot, run: shown.run })),
    gates: night !== null && run === null ? night.verdicts : seen.verdicts,
    checklist: checklistView(cockpit),
    hostKeys: hostKeyView(cockpit),
    go:
      night === null
        ? null
        : goView(night, plan, {
            mysql: ports.mysql,
            snapshot,
            verdicts: seen.verdicts,
            notes: cockpit.parts.reverses?.notes ?? [],
          }),
    run:
      run === null
        ? observedRunView(cockpit, snapshot)
        : withTroubles(
            {
              ...runView(run, plan, { mysql: ports.mysql, snapshot, changes: night?.changes() ?? [] }),
              sheetFile: night?.sheetFile() ?? null,
            },
            cockpit.troubles(),
          ),
    left: leftView(cockpit),
    other: otherView(cockpit),
    clocks: clocksView(cockpit, snapshot),
    report: reportView(cockpit),
    log: logView(cockpit),
  };
}

function leftView(cockpit: Cockpit): View['left'] {
  const left = cockpit.left();
  if (left === null) return null;
  const { runId, passedPointOfNoReturn, text, whyNot } = left;
  const label = passedPointOfNoReturn === true ? 'Go on with the run' : 'Take everything back';
  return { run: runId, text, label, whyNot };
}

/** A cockpit that is itself in trouble alarms like a server that is. */
function withTroubles(view: RunView, troubles: readonly Trouble[]): RunView {
  return {
    ...view,
    alarms: [...troubles.map(({ text, atUtcMs }) => ({ text, atUtcMs })), ...view.alarms],
  };
}

/** Live numbers for the charts. */
export function seriesPoint(snapshot: Snapshot): SeriesPoint {
  return {
    atUtcMs: snapshot.at,
    lag: snapshot.lags.map(({ from, instance, lagMs }) => ({
      from,
      to: instance,
      lagMs: lagMs.kind === 'known' ? lagMs.value : null,
    })),
    writes: Object.values(snapshot.instances).map(({ instance, writesPerSecond }) => ({
      instance,
      perSecond: writesPerSecond.kind === 'known' ? writesPerSecond.value : null,
    })),
  };
}

function headerView(
  cockpit: Cockpit,
  snapshot: Snapshot,
  [audience, { plan, run, reverses }]: readonly [Audience, ShownRun],
): HeaderView {
  const { planDigest, ports } = cockpit.parts;
  return {
    plan: plan.name,
    planDigest,
    environment: plan.environment,
    mode: plan.environment === 'production' ? 'live' : 'rehearsal',
    sites: sitesOf(plan),
    phase: phaseOf(cockpit, run),
    runId: run?.id ?? null,
    reverses,
    driver: ports.laptop.user(),
    observers: audience.observers,
    atUtcMs: snapshot.at,
    prepared: isPrepared(plan, snapshot),
    cannotLeave: cannotLeave(cockpit),
  };
}

function phaseOf(cockpit: Cockpit, run: Run | null): Phase {
  const isOwn = cockpit.night() !== null;
  if (run === null) return isOwn ? 'go' : 'preflight';
  if (isOwn && run.phase === 'held') return 'go';
  // It stopped where it was, which is not the end of the run.
  if (run.outcome === 'ousted') return 'minute';
  if (run.phase === 'watching') return 'watch';
  return run.phase === 'ended' || run.phase === 'closing' ? 'close' : 'minute';
}

/** Why the window must not be left now; null when it may. From hold to Close. */
export function cannotLeave(cockpit: Cockpit): string | null {
  const run = cockpit.night()?.run() ?? null;
  if (run === null || run.phase === 'ended') return null;
  if (run.ponrAt !== null)
    return 'The target is promoted and the run is not closed: leaving now would leave it unwatched. Close the run first.';
  return 'A run is under way: leaving means Abort and thaw.';
}

function sitesOf(plan: Plan): HeaderView['sites'] {
  const siteOf = (instance: string): string =>
    plan.hosts.find(({ id }) => id === plan.instances.find((each) => each.id === instance)?.host)?.site ?? '';
  const unique = (instances: readonly string[]): readonly string[] => [...new Set(instances.map(siteOf))];
  return {
    source: unique(
      plan.chains.flatMap(({ source }) =>
        [...source.masters, ...source.slaves].map(({ instance }) => instance),
      ),
    ),
    target: unique(
      plan.chains.flatMap(({ target }) =>
        [...target.masters, ...target.replicas].map(({ instance }) => instance),
      ),
    ),
  };
}

function isPrepared(plan: Plan, snapshot: Snapshot): boolean {
  return plan.chains.every(({ source }) =>
    source.masters.every(({ instance }) => {
      const survey = snapshot.instances[instance]?.survey;
      return survey?.kind === 'known' && survey.value.schemaPrepared;
    }),
  );
}

function checklistView(cockpit: Cockpit): readonly ChecklistView[] {
  const { answers } = cockpit.preparation();
  return cockpit.parts.plan.checklists.map(({ id, title, phase, role, blocking }) => ({
    item: id,
    title,
    phase,
    role: role ?? null,
    blocking,
    answer: answers.find(({ item }) => item === id) ?? null,
  }));
}

function hostKeyView(cockpit: Cockpit): readonly HostKeyView[] {
  return Object.values(cockpit.refusals()).flatMap(({ reason, host, fingerprint }) => {
    if (host === undefined || fingerprint === undefined) return [];
    if (reason !== 'unknown-host-key' && reason !== 'changed-host-key') return [];
    return [
      {
        host,
        fingerprint,
        state: reason === 'changed-host-key' ? ('changed' as const) : ('unknown' as const),
      },
    ];
  });
}

function reportView(cockpit: Cockpit): ReportView | null {
  const night = cockpit.night();
  const run = night?.run() ?? null;
  const measured = night?.measured() ?? null;
  const journal = night?.journal() ?? null;
  // What an ousted cockpit measured is not how the run went.
  if (run === null || run.outcome === null || run.outcome === 'ousted' || journal === null) return null;
  return {
    runId: run.id,
    outcome: run.outcome,
    text: outcomeText(run) ?? '',
    chains: (measured?.chains ?? []).map(({ name, lostIds: _ids, ...figures }) => ({
      chain: name,
      ...figures,
    })),
    userVisibleDowntimeMs: measured?.userVisibleDowntimeMs ?? null,
    journalFile: journal.file,
    journalHead: journal.head(),
    journalRecords: journal.count(),
  };
}
