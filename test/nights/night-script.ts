import type { Plan } from '../../shared/plan/plan.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import type { StepId } from '../../shared/steps/order.ts';

/**
 * safety: anything may go wrong, and no rule may break. liveness: at most one thing goes wrong and heals, and the night
 * must end done or thawed within its budget.
 */
export type Mode = 'safety' | 'liveness';

/** What a person at the screen does beyond the release; each is one thing that a shorter script can leave out. */
export type Act =
  /** Lets the run wait at its hold. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Presses Abort a moment after a step began. */
  | { readonly kind: 'abort'; readonly step: StepId; readonly delayMs: number; readonly twice: boolean }
  /** Presses Retry on whatever failed, so many times. */
  | { readonly kind: 'retry'; readonly pauseMs: number; readonly times: number }
  /** Presses Close a moment after the figures are there; without it, at once. */
  | { readonly kind: 'close-later'; readonly ms: number };

/** The cockpit dies as by kill -9, once, and somebody starts another one that takes the run up again. */
export type Crash = {
  /** It dies at a record of the journal: so many records after this step began. */
  readonly step: StepId;
  readonly records: number;
  /** Before the record is there (or torn in the middle of it, which is the same), or before anything is done because of it. */
  readonly edge: 'before' | 'after';
  /** Whether its system still closed its connections; otherwise each server goes on believing in them. */
  readonly noticed: boolean;
  /** How long nobody is there, ms; null: nobody ever comes, and only the dead-man's switches are left to act. */
  readonly goneMs: number | null;
};

/** The laptop falls asleep; another one takes its run over; then it wakes and believes that it drives. */
export type Sleep = Pick<Crash, 'step' | 'records' | 'edge'> & {
  /** As the other one begins to act, or once that one is over. */
  readonly wakes: 'at-once' | 'afterwards';
};

/** Everything that happens in a night and that the plan does not say. */
export type Happening =
  | { readonly kind: 'fault'; readonly fault: ScriptedFault }
  | { readonly kind: 'act'; readonly act: Act }
  | { readonly kind: 'crash'; readonly crash: Crash }
  | { readonly kind: 'sleep'; readonly sleep: Sleep };

/** A whole night as data: with it alone the night is played again, event by event. */
export type NightScript = {
  readonly seed: number;
  readonly mode: Mode;
  readonly plan: Plan;
  readonly happenings: readonly Happening[];
  /** Once the night is done somebody presses Reverse, and this happens on the way back; null: nobody does. */
  readonly back: WayBack | null;
};

export type WayBack = {
  /** How long the target's writes go on before that, ms. */
  readonly afterMs: number;
  readonly happenings: readonly Happening[];
};

/** The faults of a night. */
export function faultsOf({ happenings }: NightScript): readonly ScriptedFault[] {
  return happenings.flatMap((each) => (each.kind === 'fault' ? [each.fault] : []));
}

/** The crash of a night; null: its cockpit lives. */
export function crashOf({ happenings }: NightScript): Crash | null {
  return happenings.flatMap((each) => (each.kind === 'crash' ? [each.crash] : []))[0] ?? null;
}

/** When the laptop of a night falls asleep; null: it stays awake. */
export function sleepOf({ happenings }: NightScript): Sleep | null {
  return happenings.flatMap((each) => (each.kind === 'sleep' ? [each.sleep] : []))[0] ?? null;
}

/** What the operator does in a night, one kind of act. */
export function actsOf<K extends Act['kind']>(
  { happenings }: NightScript,
  kind: K,
): readonly Extract<Act, { readonly kind: K }>[] {
  return happenings.flatMap((each) => (each.kind === 'act' && isKind(each.act, kind) ? [each.act] : []));
}

function isKind<K extends Act['kind']>(act: Act, kind: K): act is Extract<Act, { readonly kind: K }> {
  return act.kind === kind;
}
