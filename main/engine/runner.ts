import type { DecidedRecord } from '../../shared/audit/record.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Answer, NoAnswer } from '../../shared/sessions/session.ts';
import type { Command } from '../../shared/steps/command.ts';
import { decide, type Decision } from '../../shared/steps/decide.ts';
import type { Moment, RunEvent } from '../../shared/steps/event.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Journal, Timer } from '../ports.ts';
import { isEffect, perform, type Hands } from './perform.ts';
import { reasonOf } from './troubles.ts';
import { entryIn } from '../../shared/steps/ledger.ts';

export type Runner = {
  readonly run: () => Run;
  /** Moves the run by one event: decide, append (durable when it matters), then perform. */
  readonly post: (event: RunEvent) => void;
  /** Called after every event. */
  readonly onChange: (call: (run: Run) => void) => void;
  /** Why the journal can no longer be written; null while it can. */
  readonly journalLost: () => string | null;
  readonly stop: () => void;
};

/** After an event that could not be judged time moves the run again this much later, not at once. */
const afterDefectMs = 1_000;

/**
 * The one loop of a run: take an event, decide, append the record, perform the commands, post their answers.
 *
 * Events are taken one at a time in the order they came. Records are synced before anything is done when they
 * intend an effect or hold a person's act: an unsynced intent would be an effect nobody knows of. An effect's answer is
 * synced beside the reads that follow it, and always before the next effect: lost in a crash it is an intent without a
 * result, which is looked at again in any case. A reading that was lost is simply read again.
 *
 * `tell` hears what is wrong with the cockpit itself: a journal that is lost, an event that could not be judged.
 */
export function startRunner(
  plan: Plan,
  hands: Hands,
  begin: { readonly run: Run; readonly journal: Journal; readonly tell: (text: string) => void },
): Runner {
  let run = begin.run;
  let timer: Timer | null = null;
  let lost: string | null = null;
  let stopped = false;
  let busy = false;
  const queue: RunEvent[] = [];
  const listeners: ((run: Run) => void)[] = [];

  const append = (record: DecidedRecord, moment: Moment): boolean => {
    if (lost !== null) return false;
    try {
      begin.journal.append(moment, record, isDurable(record, run));
      return true;
    } catch (error) {
      lost = `the journal ${begin.journal.file} cannot be written: ${reasonOf(error)}`;
      begin.tell(
        run.ponrAt === null
          ? `${lost}. Nothing goes forward without it: everything is being taken back.`
          : `${lost}. Past the point of no return nothing more is begun by itself; the watchdog still closes sources. Free the disk, keep the journal, and finish by hand.`,
      );
      return false;
    }
  };

  /** A defect must not leave a source fenced: an event that cannot be judged is told, and the run is taken back. */
  const judged = (event: RunEvent, moment: Moment): Decision | null => {
    try {
      return decide(run, plan, { moment, event });
    } catch (error) {
      const what = 'key' in event ? `the answer to ${event.key}` : `the event "${event.kind}"`;
      begin.tell(`The program is wrong: ${what} could not be judged (${reasonOf(error)}).`);
      const instead = insteadOf(event, hands.clock.now().utcMs, reasonOf(error));
      if (instead !== null) queue.unshift(instead);
      else run = { ...run, wakeAtMonoMs: moment.monoMs + afterDefectMs };
      return null;
    }
  };

  const takeOne = (event: RunEvent): void => {
    const moment = hands.clock.now();
    if (isLoss(event)) hands.doubt?.();
    const decision = judged(event, moment);
    if (decision === null) return;
    if (event.kind === 'time' && changesNothing(run, decision)) {
      run = decision.run;
      return;
    }
    const written = append(
      {
        kind: 'event',
        event,
        intended: decision.commands,
        changed: decision.changed,
        pointOfNoReturn: decision.pointOfNoReturn,
      },
      moment,
    );
    if (!written && run.ponrAt === null && (run.phase === 'running' || run.phase === 'held')) {
      // Without a journal nothing may go forward; taking everything back is done from memory.
      const reason = lost ?? 'journal lost';
      const abort = judged({ kind: 'abort-asked', who: 'cockpit', reason }, moment);
      if (abort === null) return;
      run = abort.run;
      send(abort.commands);
      return;
    }
    run = decision.run;
    for (const command of decision.commands) {
      if (written || mayGoUnrecorded(run, command)) send([command]);
      else
        queue.push(unanswered(command.key, hands.clock.now().utcMs, ['not-connected', lost ?? 'no journal']));
    }
  };

  const send = (commands: readonly Command[]): void => {
    for (const command of commands) {
      const leave = isEffect(command.action) ? (hands.leave?.() ?? null) : null;
      const performing =
        leave === null ? perform(hands, command, run) : leave.then(() => afterDoubt(command));
      void performing.then((answer) => post({ kind: 'answered', key: command.key, answer }));
    }
  };

  const afterDoubt = (command: Command): Promise<Answer<unknown>> => {
    if (run.outcome !== 'ousted') return perform(hands, command, run);
    const { answer } = unanswered(command.key, hands.clock.now().utcMs, ['not-connected', 'ousted']);
    return Promise.resolve(answer);
  };

  const arrange = (): void => {
    timer?.cancel();
    timer = null;
    if (stopped || run.wakeAtMonoMs === null) return;
    timer = hands.clock.after(Math.max(1, run.wakeAtMonoMs - hands.clock.now().monoMs), () =>
      post({ kind: 'time' }),
    );
  };

  const tellListeners = (): void => {
    for (const call of listeners) {
      try {
        call(run);
      } catch (error) {
        begin.tell(`The program is wrong: a listener of the run failed (${reasonOf(error)}).`);
      }
    }
  };

  const post = (event: RunEvent): void => {
    if (stopped) return;
    queue.push(event);
    if (busy) return;
    busy = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) takeOne(next);
    busy = false;
    arrange();
    tellListeners();
  };

  return {
    run: () => run,
    post,
    onChange: (call) => listeners.push(call),
    journalLost: () => lost,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** Somebody ended a session of this run, or has its lock: it may be a cockpit that took over. */
function isLoss(event: RunEvent): boolean {
  return (
    event.kind === 'alarmed' && (event.alarm.alarm === 'session-lost' || event.alarm.alarm === 'lock-lost')
  );
}

type Answered = Extract<RunEvent, { readonly kind: 'answered' }>;

function unanswered(key: string, utcMs: number, [why, message]: readonly [NoAnswer, string]): Answered {
  return { kind: 'answered', key, answer: { kind: 'none', why, message, takenAt: utcMs, tookMs: 0 } };
}

/** What is taken in place of an event that could not be judged; null: nothing more can be done by itself. */
function insteadOf(event: RunEvent, utcMs: number, why: string): RunEvent | null {
  // An answer that cannot be understood is no answer: its effect is unknown, and that is judged like any other.
  if (event.kind === 'answered' && event.answer.kind !== 'none')
    return unanswered(event.key, utcMs, ['session-lost', `the answer could not be understood: ${why}`]);
  if (event.kind === 'abort-asked') return null;
  return { kind: 'abort-asked', who: 'cockpit', reason: `the program is wrong: ${why}` };
}

function changesNothing(before: Run, { run, commands, changed }: Decision): boolean {
  return commands.length === 0 && changed.length === 0 && run.outcome === before.outcome;
}

/** With the journal lost: looking, taking back, and closing a source again are the only things that are still done. */
function mayGoUnrecorded(run: Run, { key, action }: Command): boolean {
  return !isEffect(action) || run.phase === 'unwinding' || entryIn(run.commands, key)?.step === 'watchdog';
}

function isDurable({ event, intended, pointOfNoReturn }: DecidedRecord, run: Run): boolean | 'soon' {
  if (pointOfNoReturn || event.kind !== 'answered') return true;
  if (intended.some(({ action }) => isEffect(action))) return true;
  const answered = entryIn(run.commands, event.key);
  return answered !== undefined && isEffect(answered.command.action) ? 'soon' : false;
}
