import type { Plan } from '../plan/plan.ts';
import { beginUnwinding, setStep } from './change-step.ts';
import { driverAfter } from './driver.ts';
import type { Moment, RunEvent } from './event.ts';
import { order, placeOf } from './order.ts';
import { withoutSessions, withThreads, type IssuedCommand, type Run, type StepState } from './run.ts';
import { mapEntries } from './ledger.ts';

type Resumed = Extract<RunEvent, { readonly kind: 'resumed' }>;

/** Time that passed at least between the last record and the resume, ms: what was issued then came before it. */
const leastGapMs = 1;

/** Why there is nothing to take up again; null when there is. */
export function whyOver(run: Run): string | null {
  if (run.reversing !== null)
    return `run ${run.reversing.runId} reverses it: that one is taken up again, with "cockpit resume ${run.reversing.runId}"`;
  if (run.phase !== 'ended' || run.outcome === 'needs-operator') return null;
  return `the run ended: ${run.outcome ?? 'without an outcome'}${run.abortReason === null ? '' : ` (${run.abortReason})`}`;
}

/**
 * Carries a run over to the clock of another process, whose monotonic time begins somewhere else. What passed in between
 * is told by UTC alone, which may have been set back meanwhile: then it counts as next to nothing, so that time never goes
 * backwards. Nothing that was measured across the gap is used to go forward: every step after it looks first.
 */
export function onClockOf(run: Run, moment: Moment): Run {
  const gapMs = Math.max(leastGapMs, moment.utcMs - run.now.utcMs);
  const shiftMs = moment.monoMs - gapMs - run.now.monoMs;
  const at = ({ utcMs, monoMs }: Moment): Moment => ({ utcMs, monoMs: monoMs + shiftMs });
  const maybe = (when: Moment | null): Moment | null => (when === null ? null : at(when));
  return {
    ...run,
    steps: mapValues(run.steps, (step) => ({
      ...step,
      startedAt: maybe(step.startedAt),
      endedAt: maybe(step.endedAt),
    })),
    commands: mapEntries(run.commands, (issued) => ({
      ...issued,
      issuedAt: at(issued.issuedAt),
      answeredAt: maybe(issued.answeredAt),
    })),
    alarms: run.alarms.map((each) => ({ ...each, moment: at(each.moment) })),
    begunAt: maybe(run.begunAt),
    deadlineMonoMs: run.deadlineMonoMs === null ? null : run.deadlineMonoMs + shiftMs,
    ponrAt: maybe(run.ponrAt),
    abortAskedAt: maybe(run.abortAskedAt),
    endedAt: maybe(run.endedAt),
    now: at(run.now),
    wakeAtMonoMs: null,
  };
}

/**
 * What a resume makes of a run that another process left: nothing it had asked will be answered any more, its sessions are
 * lost, and what it began is unknown until observed. Before the PONR everything is taken back; after it the way is
 * forward, each unfinished step with names of its own, so that it looks before it acts.
 */
export function takeResumed(run: Run, plan: Plan, event: Resumed): Run {
  if (whyOver(run) !== null) return run;
  const { now } = run;
  if (run.phase === 'held') {
    // Nothing was released, so nothing was sent to any server.
    return { ...run, phase: 'ended', heldAt: null, outcome: 'not-started', endedAt: now };
  }
  const driver = event.driver ?? driverAfter(run.driver, event.who);
  const overtaken =
    event.takeover === undefined ? {} : { ousting: true, undo: [...run.undo, ...event.takeover.found] };
  const taken = withThreads(
    unheard(
      withoutSessions(
        { ...run, driver, mirror: event.mirror ?? null, switches: event.switches ?? {}, ...overtaken },
        event.restarted,
      ),
    ),
    event.threads,
  );
  if (taken.ponrAt === null) {
    const reason =
      event.takeover === undefined
        ? `the cockpit ended before the point of no return; ${event.who} started it again`
        : `${driver.who} took the run over before the point of no return from ${run.driver.who}`;
    return beginUnwinding({ ...taken, outcome: null, endedAt: null }, plan, taken.abortReason ?? reason);
  }
  // A conclusion at the source that was under way: it looks at everything once more before it does anything.
  if (taken.phase === 'unwinding')
    return beginUnwinding({ ...taken, outcome: null, endedAt: null }, plan, taken.abortReason ?? '');
  if (taken.phase === 'watching') return lockAgain(taken);
  // Whether the schema is gone nobody heard: Close is pressed once more.
  const close = taken.steps['close'];
  if (taken.phase === 'closing' && close !== undefined)
    return lockAgain(setStep({ ...taken, phase: 'watching' }, { ...close, state: 'waiting' }));
  return lockAgain(forward({ ...taken, outcome: null, phase: 'running' }));
}

/** Whether it took effect nobody knows: the process that would have heard the answer is gone. */
function unheard(run: Run): Run {
  const answer = {
    kind: 'none',
    why: 'session-lost',
    message: 'the cockpit ended before it heard the answer',
    takenAt: run.now.utcMs,
    tookMs: 0,
  } as const;
  const heard = (issued: IssuedCommand): IssuedCommand =>
    issued.answer === null ? { ...issued, answer, answeredAt: run.now } : issued;
  return { ...run, commands: mapEntries(run.commands, heard) };
}

/** Every step that is not over waits once more, under a new attempt: a step that never began must look first, too. */
function forward(run: Run): Run {
  const unfinished = order
    .filter(({ side }) => side !== 'before')
    .flatMap(({ id }) => Object.values(run.steps).filter(({ step }) => step === id));
  // One that failed stands beside the order; the run is asked anew where it stands.
  const unwind = run.steps['unwind'];
  const cleared = unwind === undefined ? run : setStep(run, { ...unwind, state: 'absent' });
  return unfinished
    .filter(({ state }) => state === 'waiting' || state === 'running' || state === 'failed')
    .reduce((next, step) => setStep(next, again(step)), cleared);
}

function again(step: StepState): StepState {
  const { says } = placeOf(step.step);
  return { ...step, state: 'waiting', attempt: step.attempt + 1, startedAt: null, endedAt: null, text: says };
}

/** Nothing is driven without the run lock, and the sessions that held it are lost. */
function lockAgain(run: Run): Run {
  const step = run.steps['lock'];
  if (step === undefined) return run;
  return setStep(run, { ...again(step), state: 'running', startedAt: run.now });
}

function mapValues<T>(from: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
}
