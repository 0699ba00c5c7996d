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

/**
 * Everything that happens in a night and that the plan does not say. A crash of the cockpit is to be one more kind here:
 * `playNight` would end the life it plays (`life.ts`) and begin the next one over the same world and the same journal.
 */
export type Happening =
  { readonly kind: 'fault'; readonly fault: ScriptedFault } | { readonly kind: 'act'; readonly act: Act };

/** A whole night as data: with it alone the night is played again, event by event. */
export type NightScript = {
  readonly seed: number;
  readonly mode: Mode;
  readonly plan: Plan;
  readonly happenings: readonly Happening[];
};

/** The faults of a night. */
export function faultsOf({ happenings }: NightScript): readonly ScriptedFault[] {
  return happenings.flatMap((each) => (each.kind === 'fault' ? [each.fault] : []));
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
