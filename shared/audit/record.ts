import type { Moment, RunEvent } from '../steps/event.ts';
import type { ChangeBatch } from '../steps/change-batch.ts';
import type { TrialBatch } from '../steps/scratch-trial.ts';
import type { Command } from '../steps/command.ts';
import type { RecordSet } from '../observations/record-set.ts';
import type { ResidueSeen } from '../observations/residue-seen.ts';
import type { Plan } from '../plan/plan.ts';
import type { Verdict } from '../gates/gate.ts';

/** What the first record of a run's journal says: with it alone the run can be folded again. */
export type RunHeader = {
  readonly kind: 'run';
  readonly format: 1;
  readonly runId: string;
  readonly plan: Plan;
  readonly planDigest: string;
  /** Head of the plan's own journal when the run began (its preparation), null when there is none. */
  readonly planJournalHead: string | null;
  readonly program: string;
  readonly driver: string;
  /** The run that this one turns round, and the head of its journal when this one was prepared. */
  readonly reverses?: { readonly runId: string; readonly head: string };
  readonly verdicts: readonly Verdict[];
  readonly forecast: readonly {
    readonly chain: string;
    readonly freezeMs: number | null;
    readonly freezeP95Ms: number | null;
  }[];
};

/** What decide made of the event, for readers: the fold derives the same again and checks it. */
export type DecidedRecord = {
  readonly kind: 'event';
  readonly event: RunEvent;
  /** Commands intended because of this event: durable before any of them is performed. */
  readonly intended: readonly Command[];
  /** Steps that changed their state: `fence:orders running`. */
  readonly changed: readonly string[];
  /** True in the one record that is the point of no return. */
  readonly pointOfNoReturn: boolean;
};

/** Figures and conclusions at the end, from the synthetic clients' own logs. */
export type MeasuredRecord = {
  readonly kind: 'measured';
  readonly chains: readonly {
    readonly name: string;
    readonly writeFreezeMs: number | null;
    readonly acknowledged: number;
    /** null: could not be looked for, and `notChecked` says why. */ readonly lost: number | null;
    readonly unknown: number;
    readonly lostIds: readonly string[];
    readonly notChecked?: string;
    /** Looked for on the source behind the point of no return too: the dead-man's switch opened it, and no target was. */
    readonly countedOn?: 'source';
  }[];
  readonly userVisibleDowntimeMs: number | null;
  readonly overlapMs: number;
};

/** Who was seen on the source side behind the minute, as last looked: when that changes, and when the run ends. */
export type ResidueRecord = { readonly kind: 'residue' } & ResidueSeen;

/** Preparation, in the plan's own journal. */
export type PlanRecord =
  | {
      readonly kind: 'plan';
      readonly format: 1;
      readonly planFile: string;
      readonly planDigest: string;
      readonly program: string;
    }
  | {
      readonly kind: 'checklist-answered';
      readonly item: string;
      readonly answer: 'yes' | 'no';
      readonly who: string;
    }
  | { readonly kind: 'gate-overridden'; readonly gate: string; readonly reason: string; readonly who: string }
  | { readonly kind: 'override-withdrawn'; readonly gate: string; readonly who: string }
  | {
      readonly kind: 'host-key-accepted';
      readonly host: string;
      readonly fingerprint: string;
      readonly who: string;
    }
  | {
      readonly kind: 'prepare-intended';
      readonly instance: string;
      readonly statements: readonly string[];
      readonly who: string;
    }
  | {
      readonly kind: 'prepare-answered';
      readonly instance: string;
      readonly outcome: 'ok' | 'refused' | 'none';
      readonly text: string;
    }
  | {
      readonly kind: 'zone-proof-intended';
      readonly zone: string;
      readonly account: string;
      /** Exactly as it stands. */
      readonly set: RecordSet;
      readonly who: string;
    }
  | {
      readonly kind: 'zone-proof-answered';
      readonly zone: string;
      readonly outcome: 'ok' | 'refused' | 'changed' | 'none';
      readonly text: string;
    }
  | {
      readonly kind: 'zone-trial-intended';
      readonly zone: string;
      readonly what: TrialBatch['what'];
      readonly batch: ChangeBatch;
      readonly who: string;
    }
  | {
      readonly kind: 'zone-tried';
      readonly zone: string;
      readonly outcome: 'ok' | 'failed';
      readonly text: string;
    }
  | {
      readonly kind: 'identity-seen';
      readonly instance: string;
      readonly serverUuid: string | null;
      readonly serverId: number;
      readonly datadir: string;
      readonly gtidState: string;
    }
  | { readonly kind: 'run-begun'; readonly runId: string }
  | {
      readonly kind: 'run-ended';
      readonly runId: string;
      readonly outcome: string;
      readonly head: string;
      readonly freezes?: readonly { readonly chain: string; readonly freezeMs: number }[];
    };

export type Payload = RunHeader | DecidedRecord | MeasuredRecord | ResidueRecord | PlanRecord;

/** One line of a journal: RFC 8785 canonical JSON, chained by SHA-256. */
export type JournalRecord = {
  readonly seq: number;
  readonly at: Moment;
  /** Hash of the record before; 64 zeros for the first. */
  readonly prev: string;
  readonly payload: Payload;
  /** SHA-256 (hex) over the canonical JSON of {seq, at, prev, payload}. */
  readonly hash: string;
};
