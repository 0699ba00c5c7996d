import { never } from '../lib/assert.ts';
import type { Plan } from '../plan/plan.ts';
import type { Moment, StampedEvent } from './event.ts';
import { placeOf, type StepId, type StepPlace } from './order.ts';
import { lostPrefix, type Run, type StepKey, type StepState } from './run.ts';

/** The key of a step: of the run, or of one chain. */
export function stepKey(id: StepId, chain: string | null): StepKey {
  return chain === null ? id : `${id}:${chain}`;
}

/** A step before it begins, with its limit and where that comes from. */
export function newStep(place: StepPlace, chain: string | null, plan: Plan): StepState {
  return {
    key: stepKey(place.id, chain),
    step: place.id,
    chain,
    state: 'waiting',
    attempt: 1,
    startedAt: null,
    endedAt: null,
    limitMs: plan.limits[place.limit],
    limitFrom: `limits.${place.limit} of the plan`,
    text: place.says,
  };
}

/** What the event itself changes, before any step is asked. */
export function takeEvent(run: Run, plan: Plan, { event, moment }: StampedEvent): Run {
  switch (event.kind) {
    case 'begun':
      return {
        ...run,
        unattended: event.unattended,
        threads: event.threads,
        identities: event.identities,
        proofTables: event.proofTables,
        begunAt: moment,
      };
    case 'released':
      // Before it has begun a run knows no threads and no identities: there is nothing yet that could be released.
      if (run.heldAt !== event.hold || run.begunAt === null) return run;
      return {
        ...run,
        phase: 'running',
        heldAt: null,
        releasedBy: { ...run.releasedBy, [event.hold]: event.who },
      };
    case 'answered': {
      const issued = run.commands[event.key];
      if (issued === undefined || issued.answer !== null) return run;
      return {
        ...run,
        commands: { ...run.commands, [event.key]: { ...issued, answer: event.answer, answeredAt: moment } },
      };
    }
    case 'time':
      return run;
    case 'alarmed':
      return { ...run, alarms: [...run.alarms, { alarm: event.alarm, moment }] };
    case 'abort-asked': {
      if (run.ponrAt !== null || run.outcome !== null || run.phase === 'unwinding') return run;
      return beginUnwinding(
        { ...run, abortAskedAt: moment },
        plan,
        `${event.who} asked for it${event.reason === '' ? '' : `: ${event.reason}`}`,
      );
    }
    case 'retry-asked':
      return retryStep(withThreads(run, event.threads ?? {}), event.step, moment);
    case 'close-asked':
      return run.phase === 'watching' ? beginClosing(run, plan) : run;
    default:
      return never(event, 'decide');
  }
}

/** Sessions that came back have new threads; the lost ones are still the run's own, and may still hold its lock. */
function withThreads(run: Run, fresh: Run['threads']): Run {
  const threads: Record<string, Readonly<Record<string, number>>> = { ...run.threads };
  for (const [instance, own] of Object.entries(fresh)) {
    const known = run.threads[instance] ?? {};
    const lost = Object.keys(own).flatMap((purpose) => {
      const thread = known[purpose];
      return thread === undefined ? [] : [[`${lostPrefix}${purpose} ${thread}`, thread] as const];
    });
    threads[instance] = { ...known, ...Object.fromEntries(lost), ...own };
  }
  return { ...run, threads };
}

/** A failed step is tried again with names of its own, so that no answer of the first time counts. */
function retryStep(run: Run, key: StepKey, moment: Moment): Run {
  const step = run.steps[key];
  if (step?.state !== 'failed') return run;
  const again = {
    ...step,
    attempt: step.attempt + 1,
    startedAt: moment,
    endedAt: null,
    text: 'Trying again.',
  };
  const running: StepState = { ...again, state: 'running' };
  // A thaw that failed is the one thing that may be tried again before the PONR; the run itself stays over.
  if (run.ponrAt === null) {
    return step.step === 'unwind'
      ? setStep({ ...run, outcome: null, endedAt: null, phase: 'unwinding' }, running)
      : run;
  }
  return setStep({ ...run, outcome: null, phase: 'running' }, running);
}

function beginClosing(run: Run, plan: Plan): Run {
  const attempt = (run.steps['close']?.attempt ?? 0) + 1;
  const step = newStep(placeOf('close'), null, plan);
  return setStep({ ...run, phase: 'closing' }, { ...step, state: 'running', attempt, startedAt: run.now });
}

/** Before the PONR anything that goes wrong ends here: nothing new is begun, everything is taken back. */
export function beginUnwinding(run: Run, plan: Plan, reason: string): Run {
  const steps: Record<StepKey, StepState> = {};
  for (const [key, step] of Object.entries(run.steps)) {
    steps[key] = step.state === 'running' ? { ...step, state: 'undone', endedAt: run.now } : step;
  }
  const next: Run = {
    ...run,
    phase: 'unwinding',
    steps,
    heldAt: null,
    abortReason: reason,
    deadlineMonoMs: null,
  };
  return setStep(next, { ...newStep(placeOf('unwind'), null, plan), state: 'running', startedAt: run.now });
}

/** The run with that step as it is now. */
export function setStep(run: Run, step: StepState): Run {
  return { ...run, steps: { ...run.steps, [step.key]: step } };
}
