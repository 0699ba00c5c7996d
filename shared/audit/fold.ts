import type { ChecklistAnswer, Override } from '../gates/gate.ts';
import type { MeasuredFreeze } from '../observations/forecast.ts';
import { decide, emptyRun } from '../steps/decide.ts';
import type { ZoneTrial } from '../steps/scratch-trial.ts';
import type { ZoneProof } from '../steps/zone-proof.ts';
import type { Run } from '../steps/run.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import type { JournalRecord, MeasuredRecord, RunHeader } from './record.ts';

/** A run as its journal tells it. */
export type FoldedRun = {
  readonly header: RunHeader;
  readonly run: Run;
  readonly measured: MeasuredRecord | null;
};

/**
 * The state of a run is the fold of its journal. Each decision is made again; where it intends something else than the
 * record says, the journal was written by another program or changed, and the fold refuses with the exact place.
 */
export function foldRun(records: readonly JournalRecord[]): Result<FoldedRun, string> {
  const [first, ...rest] = records;
  if (first?.payload.kind !== 'run') return failed('record 1 is not the head of a run; expected kind "run"');
  const header = first.payload;
  let run = emptyRun(header.runId, header.plan, first.at);
  let measured: MeasuredRecord | null = null;
  for (const { seq, at, payload } of rest) {
    if (payload.kind === 'measured') measured = payload;
    if (payload.kind !== 'event') continue;
    const decision = decide(run, header.plan, { moment: at, event: payload.event });
    const intended = decision.commands.map(({ key }) => key).join(' ');
    const recorded = payload.intended.map(({ key }) => key).join(' ');
    if (intended !== recorded)
      return failed(`record ${seq} intends "${recorded}", this program would intend "${intended}"`);
    run = decision.run;
  }
  return ok({ header, run, measured });
}

/** What people prepared for a plan, from the plan's own journal. */
export type Preparation = {
  readonly answers: readonly ChecklistAnswer[];
  readonly overrides: readonly Override[];
  readonly runs: readonly { readonly runId: string; readonly outcome: string | null }[];
  /** Write freezes measured by earlier runs of this plan. */
  readonly history: readonly MeasuredFreeze[];
  /** The newest proof that a zone may be changed, by zone. */
  readonly proofs: Readonly<Record<string, ZoneProof>>;
  /** The newest trial of a zone's change under its scratch name, by zone. */
  readonly trials: Readonly<Record<string, ZoneTrial>>;
};

/** The fold of a plan's journal: since the last run that ended, the newest answer of each item and what overrides stand. */
export function foldPreparation(records: readonly JournalRecord[]): Preparation {
  const answers = new Map<string, ChecklistAnswer>();
  const overrides = new Map<string, Override>();
  const runs = new Map<string, string | null>();
  const history: MeasuredFreeze[] = [];
  const proofs: Record<string, ZoneProof> = {};
  const trials: Record<string, ZoneTrial> = {};
  for (const { at, payload } of records) {
    if (payload.kind === 'checklist-answered')
      answers.set(payload.item, {
        item: payload.item,
        answer: payload.answer,
        who: payload.who,
        atUtcMs: at.utcMs,
      });
    if (payload.kind === 'gate-overridden')
      overrides.set(payload.gate, {
        gate: payload.gate,
        who: payload.who,
        reason: payload.reason,
        atUtcMs: at.utcMs,
      });
    if (payload.kind === 'override-withdrawn') overrides.delete(payload.gate);
    if (payload.kind === 'zone-proof-answered') {
      const { zone, outcome, text } = payload;
      proofs[zone] = { zone, outcome, text, atUtcMs: at.utcMs };
    }
    if (payload.kind === 'zone-tried') {
      const { zone, outcome, text } = payload;
      trials[zone] = { zone, outcome, text, atUtcMs: at.utcMs };
    }
    if (payload.kind === 'run-begun') runs.set(payload.runId, null);
    if (payload.kind === 'run-ended') {
      runs.set(payload.runId, payload.outcome);
      // "Everybody is there" was said of that run: who begins another one asks again.
      answers.clear();
      overrides.clear();
      history.push(
        ...(payload.freezes ?? []).map(({ chain, freezeMs }) => ({ chain, freezeMs, atUtcMs: at.utcMs })),
      );
    }
  }
  return {
    answers: [...answers.values()],
    overrides: [...overrides.values()],
    runs: [...runs].map(([runId, outcome]) => ({ runId, outcome })),
    history,
    proofs,
    trials,
  };
}
