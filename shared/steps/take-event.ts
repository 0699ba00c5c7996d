import { never } from '../lib/assert.ts';
import type { Plan } from '../plan/plan.ts';
import { beginClosing, beginUnwinding, setStep } from './change-step.ts';
import type { Moment, StampedEvent } from './event.ts';
import { takeResumed } from './resume.ts';
import { withThreads, type Run, type StepKey, type StepState } from './run.ts';
import { entryIn, withEntries } from './ledger.ts';

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
      const issued = entryIn(run.commands, event.key);
      if (issued === undefined || issued.answer !== null) return run;
      return {
        ...run,
        commands: withEntries(run.commands, [
          [event.key, { ...issued, answer: event.answer, answeredAt: moment }],
        ]),
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
    case 'resumed':
      return takeResumed(run, plan, event);
    case 'close-asked':
      return run.phase === 'watching' ? beginClosing(run, plan) : run;
    default:
      return never(event, 'decide');
  }
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
