import { actionText, changeText } from '../../shared/audit/command-text.ts';
import type { RunView, StepView } from '../../shared/contract/view.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Command } from '../../shared/steps/command.ts';
import { order, placeOf } from '../../shared/steps/order.ts';
import type { IssuedCommand, Run, StepState } from '../../shared/steps/run.ts';
import { judgeStopHere } from '../../shared/steps/stop-here.ts';
import { changeSeenText, type ChangeSeen } from '../../shared/steps/taken-changes.ts';
import { alarmText, doingText } from '../../shared/steps/wording.ts';
import { wayBackTrouble } from '../../shared/gates/way-back-now.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import { reverseEnds } from '../../shared/plan/reverse-ends.ts';
import { whyNotReversible } from '../../shared/steps/reversible.ts';
import type { MysqlPort } from '../ports.ts';
import { againView } from './again-view.ts';
import { entriesOf } from '../../shared/steps/ledger.ts';

/** The run as the screen shows it, but for where its files are. `mysql` gives the exact statements. */
export function runView(
  run: Run,
  plan: Plan,
  {
    mysql,
    snapshot,
    changes = [],
  }: {
    readonly mysql: MysqlPort;
    readonly snapshot: Snapshot;
    readonly changes?: readonly ChangeSeen[];
  },
): Omit<RunView, 'sheetFile'> {
  const utc = (monoMs: number | null): number | null =>
    monoMs === null ? null : run.now.utcMs + (monoMs - run.now.monoMs);
  const retry = againView(run, plan, snapshot);
  return {
    id: run.id,
    phase: run.phase,
    heldAt: run.heldAt,
    passedPointOfNoReturn: run.ponrAt !== null,
    steps: stepsInOrder(run).map((step) => withChanges(stepView(step), changes)),
    now: nowView(
      run,
      mysql,
      retry.some(({ alarm }) => alarm !== null),
    ),
    deadlineUtcMs: utc(run.deadlineMonoMs),
    stopHere: judgeStopHere(run, plan),
    control: controlView(run, plan, snapshot),
    retry,
    // Newest first, as in the log: what happened last is what asks for a press.
    alarms: run.alarms.toReversed().map(({ alarm, moment }) => ({
      text: alarmText(alarm),
      atUtcMs: moment.utcMs,
    })),
    outcome: run.outcome,
    outcomeText: outcomeText(run),
  };
}

function stepsInOrder(run: Run): readonly StepState[] {
  const ids = [...order.map(({ id }) => id), 'unwind' as const, 'close' as const];
  return ids.flatMap((id) => Object.values(run.steps).filter(({ step }) => step === id));
}

function stepView(step: StepState): StepView {
  const place = placeOf(step.step);
  const tookMs =
    step.startedAt === null || step.endedAt === null ? null : step.endedAt.monoMs - step.startedAt.monoMs;
  return {
    key: step.key,
    step: step.step,
    chain: step.chain,
    word: place.word,
    state: step.state,
    text: step.text,
    startedAtUtcMs: step.startedAt?.utcMs ?? null,
    tookMs,
    limitMs: step.limitMs,
    limitFrom: step.limitFrom,
    side: place.side,
  };
}

/** What became of the changes since *announce* was done stands with it: nothing in the run waited for that. */
function withChanges(step: StepView, changes: readonly ChangeSeen[]): StepView {
  if (step.step !== 'announce' || step.state !== 'done' || changes.length === 0) return step;
  return { ...step, text: `${step.text} Now: ${changes.map(changeSeenText).join(' ')}` };
}

function nowView(run: Run, mysql: MysqlPort, undone: boolean): RunView['now'] {
  const running = Object.values(run.steps).filter(({ state }) => state === 'running');
  // The chain that is furthest behind is the one that everybody waits for.
  const current = running[0];
  if (current === undefined)
    return {
      title: undone ? 'It is not as this run left it' : resting(run),
      // The outcome stands beside it.
      detail: '',
      statement: null,
      where: null,
      sinceUtcMs: null,
      limitMs: null,
    };
  const pending = entriesOf(run.commands)
    .filter(({ answer, step }) => answer === null && step === current.key)
    .at(-1);
  const said = pending === undefined ? null : statementOf(pending, mysql, run);
  return {
    title: doingText(current.step, current.chain),
    detail: running.map(({ chain, text }) => (chain === null ? text : `${chain}: ${text}`)).join(' '),
    statement: said?.statement ?? null,
    where: said?.where ?? null,
    sinceUtcMs: current.startedAt?.utcMs ?? null,
    limitMs: current.limitMs,
  };
}

function resting(run: Run): string {
  if (run.phase === 'held') return `Waiting for a person to release the run (${run.heldAt ?? ''})`;
  if (run.heldAt !== null) return `Holding before ${run.heldAt}`;
  if (run.phase === 'watching') return 'Watching';
  if (run.outcome === 'ousted') return 'This cockpit no longer drives';
  if (run.outcome === 'needs-operator') return 'Waiting for you';
  return run.phase === 'ended' ? 'The run has ended' : 'Between two steps';
}

function statementOf(
  { command }: IssuedCommand,
  mysql: MysqlPort,
  run: Run,
): { readonly statement: string; readonly where: string } {
  return { statement: commandText(command, mysql), where: whereOf(command, run) };
}

/** A command as people read it: its exact statements, or its argument list. */
export function commandText({ action }: Command, mysql: MysqlPort): string {
  if (action.kind === 'mysql')
    return mysql.statements(action.instance, action.operation, action.input as never).join(';\n');
  if (action.kind === 'ssh') return action.argv.join(' ');
  if (action.kind === 'ssh-file')
    return action.content === null ? `remove ${action.path}` : `write ${action.path}`;
  if (action.kind === 'ssh-move') return `rename ${action.from} to ${action.to}`;
  if (action.kind === 'ssh-epoch') return `${action.order} this run's epoch`;
  if (action.kind === 'mirror') return 'the journal so far on its mirror';
  if (action.kind === 'zone')
    return action.ask === 'change' ? action.batch.changes.map(changeText).join(';\n') : actionText(action);
  if (action.kind === 'routing') return actionText(action);
  return `write ${action.id} through ${action.client}`;
}

function whereOf({ action }: Command, run: Run): string {
  if (action.kind === 'mysql')
    return `on ${action.instance}, thread ${run.threads[action.instance]?.[action.session] ?? 'not known'}`;
  if (action.kind === 'zone') return `in zone ${action.zone}, on the control plane of Route 53`;
  if (action.kind === 'routing')
    return `at the cluster endpoint in ${action.endpoint.region}, on the data plane of ARC`;
  return action.kind === 'app-canary' ? `through ${action.client}` : `on ${action.host} over SSH`;
}

function controlView(run: Run, plan: Plan, snapshot: Snapshot): RunView['control'] {
  if (run.outcome === 'ousted')
    return {
      kind: 'none',
      label: 'Ousted',
      detail: 'Another cockpit drives: nothing is sent from here any more.',
      enabled: false,
    };
  if (run.ponrAt !== null) {
    const why = whyNotReversible(run, plan) ?? wayBackTrouble(plan, snapshot);
    const sides = plan.chains.map((chain) => reverseEnds(chain));
    return {
      kind: 'reverse',
      label: 'Reverse',
      detail:
        why === null
          ? `to the go/no-go of the way back, from ${sides.map(({ from }) => from).join(', ')} to ${sides.map(({ receiver }) => receiver).join(', ')}; nothing is changed before its own release`
          : `There is no thaw any more, and Reverse is not open: ${why}.`,
      enabled: why === null,
    };
  }
  if (run.phase === 'unwinding')
    return { kind: 'abort', label: 'Thawing', detail: run.abortReason ?? '', enabled: false };
  if (run.phase === 'ended')
    return { kind: 'none', label: 'Nothing to abort', detail: 'The run has ended.', enabled: false };
  const fenced = run.undo.some(({ kind }) => kind === 'thaw');
  return {
    kind: 'abort',
    label: fenced ? 'Abort and thaw' : 'Abort',
    detail: fenced
      ? `source writable again in about 0.3 s, at most ${plan.limits.abortMs / 1_000} s`
      : 'nothing is fenced; what was changed is set back',
    enabled: true,
  };
}

/** The outcome as one sentence; null while there is none. */
export function outcomeText(run: Run): string | null {
  if (run.outcome === 'done') return 'Every chain takes writes at its target, and the source is closed.';
  if (run.outcome === 'thawed')
    return `${run.ponrAt === null ? 'Taken back' : 'Concluded at the source'}: ${run.abortReason ?? 'no reason recorded'}. ${run.steps['unwind']?.text ?? ''}`;
  if (run.outcome === 'ousted') return run.abortReason;
  if (run.outcome === 'needs-operator') {
    const failed = Object.values(run.steps).filter(({ state }) => state === 'failed');
    return `A person is needed: ${failed.map(({ key, text }) => `${key}: ${text}`).join(' ')}`;
  }
  if (run.outcome === 'reversed') return 'The run was reversed: its source takes writes again.';
  return run.outcome === null ? null : `The run ended as ${run.outcome}.`;
}
