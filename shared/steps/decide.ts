import { present } from '../lib/assert.ts';
import { onceFor } from '../lib/once-for.ts';
import type { Plan } from '../plan/plan.ts';
import { beginUnwinding, newStep, setStep, stepKey } from './change-step.ts';
import type { Command } from './command.ts';
import type { Moment, StampedEvent } from './event.ts';
import { order, placeOf } from './order.ts';
import { refenceCommands } from './refence.ts';
import { standDownCommands } from './stand-down.ts';
import { performStep } from './step-functions.ts';
import type { Progress } from './need.ts';
import type { IssuedCommand, Run, StepKey, StepState } from './run.ts';
import { onClockOf } from './resume.ts';
import { takeEvent } from './take-event.ts';
import { emptyLedger, entryIn, withEntries } from './ledger.ts';

/** What one event makes of a run: the next state, and what is to be done. */
export type Decision = {
  readonly run: Run;
  /** Newly intended commands, each issued exactly once. */
  readonly commands: readonly Command[];
  /** Steps that changed, for the journal: `fence:orders running`. */
  readonly changed: readonly string[];
  /** True for the one decision that is the point of no return. */
  readonly pointOfNoReturn: boolean;
};

/** Events that another process than the last one may write, whose monotonic time begins somewhere else. */
const fromAnotherClock: ReadonlySet<string> = new Set(['resumed', 'reverse-asked', 'reverse-ended']);

/** The heart: one event moves one run. Pure; the same journal gives the same run, commands and order again. */
export function decide(run: Run, plan: Plan, stamped: StampedEvent): Decision {
  const { moment, event } = stamped;
  const carried = fromAnotherClock.has(event.kind) ? onClockOf(run, moment) : run;
  const taken = takeEvent({ ...carried, now: moment }, plan, stamped);
  const settled = settle(taken, plan);
  return {
    run: settled.run,
    commands: settled.commands,
    changed: changesBetween(run, settled.run),
    pointOfNoReturn: run.ponrAt === null && settled.run.ponrAt !== null,
  };
}

/** A run before its first event. */
export function emptyRun(id: string, plan: Plan, now: Moment): Run {
  const steps: Record<StepKey, StepState> = {};
  for (const place of order) {
    for (const chain of place.scope === 'run' ? [null] : plan.chains.map((each) => each.id)) {
      const state = newStep(place, chain, plan);
      steps[state.key] = state;
    }
  }
  return {
    id,
    phase: 'held',
    unattended: false,
    driver: { epoch: 0, who: 'nobody' },
    mirror: null,
    ousting: false,
    threads: {},
    identities: {},
    proofTables: {},
    fragileTables: {},
    zones: null,
    overwrites: {},
    switches: {},
    batchAsked: false,
    steps,
    commands: emptyLedger(),
    undo: [],
    releasedBy: {},
    heldAt: plan.holds[0]?.before ?? 'lock',
    begunAt: null,
    deadlineMonoMs: null,
    ponrAt: null,
    abortReason: null,
    abortAskedAt: null,
    reversing: null,
    alarms: [],
    outcome: null,
    endedAt: null,
    now,
    wakeAtMonoMs: null,
  };
}

type Settling = { readonly run: Run; readonly commands: readonly Command[] };

/** Asks steps until nothing moves any more: what one finished step allows begins in the same decision. */
function settle(taken: Run, plan: Plan): Settling {
  let run = react(taken, plan);
  const commands: Command[] = [];
  for (let moved = true; moved;) {
    moved = false;
    run = { ...run, wakeAtMonoMs: null };
    for (const key of Object.keys(run.steps)) {
      const started = startWhenReady(run, plan, key);
      if (started !== null) {
        run = started;
        moved = true;
      }
      if (run.steps[key]?.state !== 'running') continue;
      const asked = ask(run, plan, key);
      moved ||= asked.run.steps[key]?.state !== 'running' || asked.run.phase !== run.phase;
      if (run.phase === 'running' && asked.run.phase === 'unwinding') {
        // What other steps named in this very decision was not sent yet, and nothing new is begun any more.
        commands.length = 0;
        run = { ...asked.run, commands: taken.commands, undo: taken.undo };
        continue;
      }
      commands.push(...asked.commands);
      run = asked.run;
    }
    const concluded = conclude(run);
    moved ||= concluded !== run;
    run = concluded;
  }
  const closing =
    run.outcome === 'ousted' ? [] : [...refenceCommands(run, plan), ...standDownCommands(run, plan)];
  run = issue(run, 'watchdog', closing);
  return { run: { ...run, wakeAtMonoMs: nextWake(run) }, commands: [...commands, ...closing] };
}

/** Alarms and the overall deadline, which no step owns. */
function react(run: Run, plan: Plan): Run {
  if (run.ponrAt !== null || run.phase !== 'running') return run;
  const alarm = run.alarms.at(-1);
  if (alarm !== undefined && alarm.moment === run.now) {
    const { instance, seen, expected } = alarm.alarm;
    return beginUnwinding(run, plan, `the watchdog saw on ${instance}: ${seen}; expected ${expected}`);
  }
  if (run.deadlineMonoMs !== null && run.now.monoMs >= run.deadlineMonoMs) {
    return beginUnwinding(
      run,
      plan,
      `the run did not reach the point of no return within ${plan.limits.runDeadlineMs} ms (limits.runDeadlineMs of the plan)`,
    );
  }
  return run;
}

function startWhenReady(run: Run, plan: Plan, key: StepKey): Run | null {
  if (run.phase !== 'running') return null;
  const step = present(run.steps[key], key);
  if (step.state !== 'waiting') return null;
  const place = placeOf(step.step);
  for (const before of keysBefore(plan, key, step)) if (!isOver(run, before)) return null;
  // A cockpit that takes a run up again has no lock yet: until it has, nothing of the run is begun.
  if (place.id !== 'lock' && !isOver(run, 'lock')) return null;
  const hold = plan.holds.find(({ before }) => before === place.id && run.releasedBy[before] === undefined);
  if (hold !== undefined) return run.heldAt === hold.before ? null : { ...run, heldAt: hold.before };
  // The overall deadline counts from before anything that concerns the source is begun.
  const deadlineMonoMs = place.id === 'arm' ? run.now.monoMs + plan.limits.runDeadlineMs : run.deadlineMonoMs;
  return setStep({ ...run, deadlineMonoMs }, { ...step, state: 'running', startedAt: run.now });
}

/** What stands before each step of a plan, worked out once: it is asked for every waiting step at every event. */
const keysBeforeOf = onceFor<Plan, Map<StepKey, readonly StepKey[]>>(() => new Map());

/** The steps that must be over before this one: of its own chain, for a step of the run of every chain. */
function keysBefore(plan: Plan, key: StepKey, { step, chain }: StepState): readonly StepKey[] {
  const known = keysBeforeOf(plan);
  let keys = known.get(key);
  if (keys === undefined) {
    keys = placeOf(step).after.flatMap((id) => {
      if (placeOf(id).scope === 'run') return [id];
      return chain === null ? plan.chains.map((each) => stepKey(id, each.id)) : [stepKey(id, chain)];
    });
    known.set(key, keys);
  }
  return keys;
}

function isOver(run: Run, key: StepKey): boolean {
  const { state } = present(run.steps[key], key);
  return state === 'done' || state === 'absent';
}

function ask(run: Run, plan: Plan, key: StepKey): Settling {
  const step = present(run.steps[key], key);
  const startedAt = present(step.startedAt, `the start of ${key}`);
  const progress = performStep(
    step.step,
    { plan, run, key, attempt: step.attempt, startedAt, now: run.now },
    step.chain,
  );
  const overrun = run.now.monoMs - startedAt.monoMs >= step.limitMs;
  // Before the PONR a step that finished too late has failed: a laptop that slept must not go on as if nothing had been.
  const strict = run.phase === 'running' && run.ponrAt === null;
  if (overrun && progress.kind !== 'failed' && (strict || progress.kind === 'waiting')) {
    const waitedFor = progress.kind === 'waiting' ? progress.text : 'its last answer';
    const text = `${placeOf(step.step).word} took longer than ${step.limitMs} ms (${step.limitFrom}) while waiting for ${waitedFor}`;
    return { run: finish(run, plan, [step, { kind: 'failed', text }]), commands: [] };
  }
  const asked = 'commands' in progress ? (progress.commands ?? []) : [];
  const fresh = asked.filter((command) => entryIn(run.commands, command.key) === undefined);
  const next =
    progress.kind === 'waiting'
      ? withText(wakeBy(run, progress), step, `Waiting for ${progress.text}.`)
      : finish(run, plan, [step, progress]);
  return { run: issue(next, key, fresh), commands: fresh };
}

/** Mostly a step waits for what it waited for before: then nothing is copied. */
function withText(run: Run, step: StepState, text: string): Run {
  return step.text === text ? run : setStep(run, { ...step, text });
}

function wakeBy(run: Run, progress: Extract<Progress, { kind: 'waiting' }>): Run {
  if (progress.wakeAtMonoMs === undefined) return run;
  return { ...run, wakeAtMonoMs: Math.min(progress.wakeAtMonoMs, run.wakeAtMonoMs ?? Infinity) };
}

function issue(run: Run, step: StepKey, commands: readonly Command[]): Run {
  if (commands.length === 0) return run;
  const issued = commands.map((command): readonly [string, IssuedCommand] => [
    command.key,
    { command, step, issuedAt: run.now, answer: null, answeredAt: null },
  ]);
  const undo = [...run.undo];
  for (const command of commands) {
    if (command.undo === undefined) continue;
    const text = JSON.stringify(command.undo);
    if (!undo.some((item) => JSON.stringify(item) === text)) undo.push(command.undo);
  }
  return { ...run, commands: withEntries(run.commands, issued), undo };
}

function finish(
  run: Run,
  plan: Plan,
  [step, progress]: readonly [StepState, Exclude<Progress, { kind: 'waiting' }>],
): Run {
  const ended = setStep(run, { ...step, state: progress.kind, endedAt: run.now, text: progress.text });
  if (progress.kind !== 'failed') {
    // The one place where a run passes its point of no return.
    return step.step === 'last-look' ? { ...ended, ponrAt: run.now, deadlineMonoMs: null } : ended;
  }
  if (step.step === 'unwind')
    return { ...ended, phase: 'ended', outcome: 'needs-operator', endedAt: run.now };
  if (run.ponrAt !== null) return ended;
  return beginUnwinding(ended, plan, progress.text);
}

/** What the sum of the steps means for the run. */
function conclude(run: Run): Run {
  if (run.phase === 'unwinding' && run.steps['unwind']?.state === 'done')
    return { ...run, phase: 'ended', outcome: 'thawed', endedAt: run.now };
  if (run.phase === 'closing' && run.steps['close']?.state === 'done')
    return { ...run, phase: 'ended', endedAt: run.now };
  if (run.phase === 'closing' && run.steps['close']?.state === 'failed') return { ...run, phase: 'watching' };
  if (run.phase !== 'running') return run;
  const steps = Object.values(run.steps);
  // Mostly something runs: then it is neither over nor stuck.
  if (steps.some(({ state, step }) => state === 'running' && step !== 'close')) return run;
  const over = steps.every(({ state, step }) => state === 'done' || state === 'absent' || step === 'close');
  if (over) return { ...run, phase: 'watching', outcome: 'done' };
  const stuck =
    run.ponrAt !== null &&
    run.outcome === null &&
    steps.some(({ state }) => state === 'failed') &&
    !steps.some(({ state }) => state === 'running');
  return stuck ? { ...run, outcome: 'needs-operator' } : run;
}

function nextWake(run: Run): number | null {
  let next = run.wakeAtMonoMs ?? Infinity;
  if (run.deadlineMonoMs !== null && run.phase === 'running') next = Math.min(next, run.deadlineMonoMs);
  for (const { state, startedAt, limitMs } of Object.values(run.steps))
    if (state === 'running')
      next = Math.min(next, present(startedAt, 'the start of a running step').monoMs + limitMs);
  return next === Infinity ? null : next;
}

function changesBetween(before: Run, after: Run): readonly string[] {
  if (before.steps === after.steps) return [];
  return Object.values(after.steps).flatMap((step) => {
    const was = before.steps[step.key];
    return was?.state === step.state && was.attempt === step.attempt ? [] : [`${step.key} ${step.state}`];
  });
}
