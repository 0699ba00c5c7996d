import { foldRun } from '../../shared/audit/fold.ts';
import type { RunHeader } from '../../shared/audit/record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { reversedPlan, type Turned } from '../../shared/plan/reversed-plan.ts';
import { accountsLocked } from '../../shared/steps/locked-accounts.ts';
import { decide } from '../../shared/steps/decide.ts';
import { notesOnCalls } from '../../shared/steps/flip-controls.ts';
import type { RunEvent } from '../../shared/steps/event.ts';
import { whyNotReversible } from '../../shared/steps/reversible.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { ClockPort, Journal } from '../ports.ts';
import type { Reverses } from './parts.ts';
import { reasonOf } from './troubles.ts';

/** A run that can be turned round, with the plan of the way back. */
export type Reversible = {
  readonly header: RunHeader;
  readonly run: Run;
  readonly turned: Turned;
  readonly head: string;
};

/** Reads from its journal whether a run can be turned round, and how: every reason at once where it cannot. */
export function readReversible(journal: Journal): Result<Reversible, string> {
  const folded = foldRun(journal.read());
  if (!folded.ok) return failed(`The journal ${journal.file} cannot be read as a run: ${folded.error}`);
  const { header, run } = folded.value;
  const why = whyNotReversible(run, header.plan);
  if (why !== null) return failed(`Run ${run.id} cannot be reversed: ${why}.`);
  const schedulersOff = run.undo.flatMap((item) => (item.kind === 'scheduler-on' ? [item.instance] : []));
  const turned = reversedPlan(header.plan, {
    schedulersOff,
    accountsLocked: accountsLocked(run),
    setsChanged: run.steps['announce']?.state === 'done',
  });
  if (!turned.ok) return failed(`Run ${run.id} cannot be reversed: ${turned.error.join(' ')}`);
  const { plan, notes } = turned.value;
  return ok({
    header,
    run,
    turned: { plan, notes: [...notes, ...notesOnCalls(run)] },
    head: journal.head(),
  });
}

/** How the run of the way forth is let go and told the end. */
export type WayForth = {
  readonly clock: ClockPort;
  /** Its journal, for as long as it takes to append to it. */
  readonly journal: () => Result<{ readonly journal: Journal; readonly close: () => void }, string>;
  /** Ends the cockpit that still watches it, sessions and all; resolves when its locks are given back. */
  readonly letGo: () => Promise<void>;
};

/** What a cockpit of the way back is given of the run that it turns round. */
export function reversesOf(
  { runId, head, notes }: Pick<Reverses, 'runId' | 'head' | 'notes'>,
  forth: WayForth,
): Reverses {
  const append = (event: RunEvent): Result<string, string> => {
    const opened = forth.journal();
    if (!opened.ok) return opened;
    try {
      return appendEvent(opened.value.journal, forth.clock, event);
    } catch (error) {
      return failed(`The journal of run ${runId} cannot be written: ${reasonOf(error)}`);
    } finally {
      opened.value.close();
    }
  };
  return {
    runId,
    head,
    notes,
    handOver: async ({ who, runId: by }) => {
      await forth.letGo();
      const asked = append({ kind: 'reverse-asked', who, runId: by });
      return asked.ok ? ok(null) : asked;
    },
    settle: ({ runId: by, outcome }) => append({ kind: 'reverse-ended', runId: by, outcome }),
  };
}

/** One event of a run that no loop drives any more; refused where the run does not take it. */
function appendEvent(journal: Journal, clock: ClockPort, event: RunEvent): Result<string, string> {
  const folded = foldRun(journal.read());
  if (!folded.ok) return failed(`The journal ${journal.file} cannot be read as a run: ${folded.error}`);
  const { run, header } = folded.value;
  const moment = clock.now();
  const { run: after, changed } = decide(run, header.plan, { moment, event });
  if (event.kind === 'reverse-asked' && after.reversing?.runId !== event.runId)
    return failed(
      `Run ${run.id} cannot be reversed: ${whyNotReversible(run, header.plan) ?? 'it did not take it'}.`,
    );
  // Told twice how it ended, as after a crash between the two journals: the second time changes nothing.
  if (after.reversing === run.reversing && after.outcome === run.outcome) return ok(journal.head());
  journal.append(moment, { kind: 'event', event, intended: [], changed, pointOfNoReturn: false }, true);
  return ok(journal.head());
}
