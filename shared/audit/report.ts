import { order, placeOf } from '../steps/order.ts';
import type { Run, StepState } from '../steps/run.ts';
import { answerText, isEffect, linesOf, placeOfAction } from './command-text.ts';
import { foldRun } from './fold.ts';
import type { JournalRecord, MeasuredRecord, Payload, ResidueRecord, RunHeader } from './record.ts';
import { noPrevious } from './chain.ts';
import { entriesOf } from '../steps/ledger.ts';

/** A step as the report tells it; times in ms since the hold was released (negative before). */
export type ReportStep = {
  readonly key: string;
  readonly word: string;
  readonly state: StepState['state'];
  readonly startedAtMs: number | null;
  readonly tookMs: number | null;
  readonly limitMs: number;
  readonly limitFrom: string;
  readonly text: string;
};

/** A command with what was sent and what came back. */
export type ReportCommand = {
  readonly step: string;
  readonly place: string;
  readonly issuedAtMs: number;
  readonly effect: boolean;
  readonly lines: readonly string[];
  readonly answer: string;
  readonly good: boolean;
};

/** Everything a reader of the night wants first, folded from the journal alone. */
export type AuditReport = {
  readonly header: RunHeader | null;
  /** Null with a reason when the journal is no run's, or another version of the program wrote it. */
  readonly run: Run | null;
  readonly notFolded: string | null;
  readonly measured: MeasuredRecord | null;
  /** Who was last seen on the source side; null: nobody looked. */
  readonly residue: ResidueRecord | null;
  readonly releasedUtcMs: number | null;
  readonly ponrUtcMs: number | null;
  readonly steps: readonly ReportStep[];
  readonly commands: readonly ReportCommand[];
  readonly head: string;
  readonly count: number;
  readonly firstUtcMs: number | null;
  readonly lastUtcMs: number | null;
};

/** Folds a journal into a report. What cannot be folded is left out and said; the records themselves are always told. */
export function reportOf(records: readonly JournalRecord[]): AuditReport {
  const first = records[0];
  const last = records.at(-1);
  const header = first?.payload.kind === 'run' ? first.payload : null;
  const folded = header === null ? null : foldRun(records);
  const run = folded?.ok === true ? folded.value.run : null;
  const released = records.find(
    ({ payload }) => payload.kind === 'event' && payload.event.kind === 'released',
  );
  const zeroMs = (released ?? first)?.at.monoMs ?? 0;
  return {
    header,
    run,
    notFolded: folded === null || folded.ok ? null : folded.error,
    measured: lastOf(records, 'measured'),
    residue: lastOf(records, 'residue'),
    releasedUtcMs: released?.at.utcMs ?? null,
    ponrUtcMs:
      records.find(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn)?.at.utcMs ?? null,
    steps: run === null ? [] : stepsOf(run, zeroMs),
    commands: run === null || header === null ? [] : commandsOf(run, header, zeroMs),
    head: last?.hash ?? noPrevious,
    count: records.length,
    firstUtcMs: first?.at.utcMs ?? null,
    lastUtcMs: last?.at.utcMs ?? null,
  };
}

function lastOf<K extends Payload['kind']>(
  records: readonly JournalRecord[],
  kind: K,
): Extract<Payload, { readonly kind: K }> | null {
  for (const { payload } of records.toReversed()) if (isOf(payload, kind)) return payload;
  return null;
}

function isOf<K extends Payload['kind']>(
  payload: Payload,
  kind: K,
): payload is Extract<Payload, { readonly kind: K }> {
  return payload.kind === kind;
}

function stepsOf(run: Run, zeroMs: number): readonly ReportStep[] {
  const ids = [...order.map(({ id }) => id), 'unwind' as const, 'close' as const];
  const sorted = ids.flatMap((id) => Object.values(run.steps).filter(({ step }) => step === id));
  return sorted.map((step) => ({
    key: step.key,
    word: placeOf(step.step).word,
    state: step.state,
    startedAtMs: step.startedAt === null ? null : step.startedAt.monoMs - zeroMs,
    tookMs:
      step.startedAt === null || step.endedAt === null ? null : step.endedAt.monoMs - step.startedAt.monoMs,
    limitMs: step.limitMs,
    limitFrom: step.limitFrom,
    text: step.text,
  }));
}

function commandsOf(run: Run, header: RunHeader, zeroMs: number): readonly ReportCommand[] {
  const ground = { plan: header.plan, identities: run.identities };
  return entriesOf(run.commands).map(({ command, step, issuedAt, answer }) => ({
    step,
    place: placeOfAction(command.action),
    issuedAtMs: issuedAt.monoMs - zeroMs,
    effect: isEffect(command.action),
    lines: linesOf(command.action, ground),
    answer: answer === null ? 'not answered' : answerText(answer),
    good: answer?.kind === 'ok',
  }));
}

/** What the outcome means, in a sentence that says where writes go now. */
export function outcomeSentence(run: Run | null): string {
  switch (run?.outcome) {
    case 'done':
      return 'Every chain takes writes at its target, and the source is closed.';
    case 'thawed':
      return `${run.ponrAt === null ? 'Taken back before the point of no return' : 'Concluded at the source, behind the point of no return'}: ${run.abortReason ?? 'no reason recorded'}. ${run.steps['unwind']?.text ?? ''}`.trim();
    case 'reversed':
      return 'The chains were reversed: their source takes writes again.';
    case 'not-started':
      return 'Nothing was begun.';
    case 'ousted':
      return run.abortReason ?? 'Another cockpit drives this run now.';
    case 'needs-operator': {
      const failed = Object.values(run.steps).filter(({ state }) => state === 'failed');
      return `A person is needed: ${failed.map(({ key, text }) => `${key}: ${text}`).join(' ')}`;
    }
    case null:
    case undefined:
      return run === null ? 'The journal tells no outcome.' : 'The run has not ended in this journal.';
  }
}
