import { never } from '../lib/assert.ts';
import type { Plan } from '../plan/plan.ts';
import type { OperationOutput } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { stepsToTryAgain, withoutOtherPlane } from './again.ts';
import { concludableAt } from './at-source.ts';
import { beginClosing, beginUnwinding, setStep } from './change-step.ts';
import type { Command } from './command.ts';
import { driverAfter } from './driver.ts';
import type { Moment, RunEvent, StampedEvent, Who } from './event.ts';
import { changedZones } from './overwrite.ts';
import { whyNotReversible } from './reversible.ts';
import { takeResumed } from './resume.ts';
import { withThreads, type Run, type StepKey, type StepState } from './run.ts';
import { entryIn, withEntries } from './ledger.ts';

type RetryAsked = Extract<RunEvent, { readonly kind: 'retry-asked' }>;

/**
 * A session that came back by itself, as the watchdog's does, tells its thread when it takes the lock. It is the run's own
 * from then on: when its cockpit is gone, the next one ends it by that number, and the sheet names it.
 */
function knowsHolder(run: Run, { action }: Command, answer: Answer<unknown>): Run {
  if (action.kind !== 'mysql' || action.operation !== 'takeLock' || answer.kind !== 'ok') return run;
  const { held, holder } = answer.value as OperationOutput<'takeLock'>;
  const known = Object.values(run.threads[action.instance] ?? {});
  if (!held || holder === null || known.includes(holder)) return run;
  return withThreads(run, { [action.instance]: { [action.session]: holder } });
}

/** What the event itself changes, before any step is asked. */
export function takeEvent(run: Run, plan: Plan, { event, moment }: StampedEvent): Run {
  // What a person still asks of this run would be asked of servers that another one drives.
  if (run.reversing !== null && asksForMore(event)) return run;
  switch (event.kind) {
    case 'begun':
      return {
        ...run,
        unattended: event.unattended,
        driver: event.driver ?? driverAfter(run.driver, event.who),
        mirror: event.mirror ?? null,
        threads: event.threads,
        identities: event.identities,
        proofTables: event.proofTables,
        fragileTables: event.fragileTables ?? {},
        zones: event.zones ?? null,
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
      const heard = {
        ...run,
        commands: withEntries(run.commands, [
          [event.key, { ...issued, answer: event.answer, answeredAt: moment }],
        ]),
      };
      return event.answer.kind === 'refused' && event.answer.ousted === true
        ? oust(heard, event.answer.message)
        : knowsHolder(heard, issued.command, event.answer);
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
      return retryStep(
        {
          ...overwriting(withThreads(run, event.threads ?? {}), event),
          switches: event.switches ?? run.switches,
        },
        [plan, event],
        moment,
      );
    case 'resumed':
      return takeResumed(run, plan, event);
    case 'mirror-lost':
      return run.mirror === null ? run : { ...run, mirror: { ...run.mirror, lost: event.why } };
    case 'ousted':
      return oust(run, `${event.seen}: ${event.by}`);
    case 'close-asked':
      return closeFromWatch(run, plan);
    case 'reverse-asked':
      if (whyNotReversible(run, plan) !== null) return run;
      return { ...run, reversing: { runId: event.runId, who: event.who } };
    case 'reverse-ended':
      return endReverse(run, event, moment);
    default:
      return never(event, 'decide');
  }
}

function asksForMore({ kind }: RunEvent): boolean {
  return kind === 'retry-asked' || kind === 'close-asked' || kind === 'abort-asked' || kind === 'resumed';
}

/** Once the other run is done this one is reversed; where that one changed nothing in the end, this one is as it was. */
function endReverse(
  run: Run,
  { runId, outcome }: Extract<RunEvent, { readonly kind: 'reverse-ended' }>,
  moment: Moment,
): Run {
  if (run.reversing?.runId !== runId || outcome === 'needs-operator') return run;
  return outcome === 'done'
    ? { ...run, reversing: null, phase: 'ended', outcome: 'reversed', endedAt: moment }
    : { ...run, reversing: null };
}

/** Another cockpit drives: this one stops where it is and sends nothing more. What became of the run, the other one knows. */
function oust(run: Run, seen: string): Run {
  // One that waits for a person is not over: its buttons would press into the other one's run.
  if (run.phase === 'ended' && run.outcome !== 'needs-operator') return run;
  const text = `Ousted: ${seen}. This cockpit has stopped and sends nothing more; look at the other one.`;
  const steps = Object.values(run.steps).map((step): readonly [StepKey, StepState] => [
    step.key,
    step.state === 'running' ? { ...step, state: 'undone', endedAt: run.now, text } : step,
  ]);
  return {
    ...run,
    steps: Object.fromEntries(steps),
    phase: 'ended',
    outcome: 'ousted',
    abortReason: text,
    heldAt: null,
    deadlineMonoMs: null,
    endedAt: run.now,
  };
}

function closeFromWatch(run: Run, plan: Plan): Run {
  return run.phase === 'watching' ? beginClosing(run, plan) : run;
}

function overwriting(run: Run, { step, overwrite = [] }: RetryAsked): Run {
  return step === 'announce' ? withOverwrites(run, overwrite) : run;
}

/** Only what the failed step showed as different may be overwritten, and only by the one attempt that now begins. */
function withOverwrites(run: Run, zones: readonly string[]): Run {
  const attempt = (run.steps['announce']?.attempt ?? 0) + 1;
  const shown = changedZones(run).filter(({ zone }) => zones.includes(zone));
  return { ...run, overwrites: Object.fromEntries(shown.map(({ zone }) => [zone, attempt])) };
}

/** The data is back on the source, by the switch's second stage: one press ends the run there. */
function concludeAtSource(run: Run, plan: Plan, who: Who): Run {
  if (concludableAt(run, plan).length === 0) return run;
  const reason = `the second stage of the dead-man's switch had opened the source again; ${who} concluded the run there`;
  return beginUnwinding({ ...run, outcome: null, endedAt: null }, plan, reason);
}

/** A step is tried again with names of its own, so that no answer of the first time counts. */
function retryStep(run: Run, [plan, { step: key, who }]: readonly [Plan, RetryAsked], moment: Moment): Run {
  const step = run.steps[key];
  if (key === 'unwind' && run.ponrAt !== null) return concludeAtSource(run, plan, who);
  if (step === undefined || !stepsToTryAgain(run, plan).some((again) => again.step === key)) return run;
  // Close is a phase of its own: beside the watch it would end without anybody noticing.
  if (step.step === 'close') return closeFromWatch(run, plan);
  const again = {
    ...step,
    attempt: step.attempt + 1,
    startedAt: moment,
    endedAt: null,
    text: 'Trying again.',
  };
  const running: StepState = { ...again, state: 'running' };
  // A thaw that failed is tried again; the run itself stays over.
  if (run.ponrAt === null)
    return setStep({ ...run, outcome: null, endedAt: null, phase: 'unwinding' }, running);
  const batchAsked = run.batchAsked || key === 'announce';
  const begun = withoutOtherPlane({ ...run, batchAsked }, plan, key);
  return setStep({ ...begun, outcome: null, phase: 'running' }, running);
}
