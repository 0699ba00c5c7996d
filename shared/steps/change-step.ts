import type { Plan } from '../plan/plan.ts';
import { placeOf, type StepId, type StepPlace } from './order.ts';
import type { Run, StepKey, StepState } from './run.ts';

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
    // It stands in the middle of sentences, and a server's own message ends with a full stop.
    abortReason: reason.replace(/\.$/, ''),
    deadlineMonoMs: null,
  };
  // Names of its own for each time: no answer of an earlier one counts.
  const attempt = (run.steps['unwind']?.attempt ?? 0) + 1;
  const step = newStep(placeOf('unwind'), null, plan);
  return setStep(next, { ...step, state: 'running', attempt, startedAt: run.now });
}

/** The run with that step as it is now. */
export function setStep(run: Run, step: StepState): Run {
  return { ...run, steps: { ...run.steps, [step.key]: step } };
}

/** Close begins, for the first time or once more. */
export function beginClosing(run: Run, plan: Plan): Run {
  const attempt = (run.steps['close']?.attempt ?? 0) + 1;
  const step = newStep(placeOf('close'), null, plan);
  return setStep({ ...run, phase: 'closing' }, { ...step, state: 'running', attempt, startedAt: run.now });
}
