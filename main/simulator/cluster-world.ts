import type { Plan } from '../../shared/plan/plan.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import type { RoutingState, RoutingStates } from '../../shared/sessions/zone-answers.ts';

/** The simulated ARC cluster of the plan's flip. Tests let its endpoints fail; what it holds is the truth. */
export type ClusterWorld = {
  readonly states: Map<string, RoutingState>;
  /** URLs of endpoints that answer nobody. */
  readonly silent: Set<string>;
  /** URLs of endpoints that say that they are unavailable. */
  readonly unavailable: Set<string>;
  /** What ARC says to every change while a safety rule forbids it. */
  rule: string | null;
  /** What becomes of the next changes, one after the other. */
  readonly replyFaults: ReplyFault[];
  /** Every call that ARC took: where, and what. */
  readonly taken: { readonly url: string; readonly states: RoutingStates }[];
  /** ARNs of the controls that somebody else turned last. */
  readonly byOthers: Set<string>;
};

type ReplyFault = Pick<Extract<Fault, { readonly kind: 'cluster-reply' }>, 'way' | 'ms'>;

/** A cluster as it stands while the source serves. */
export function buildCluster({ dns }: Plan): ClusterWorld {
  const controls = dns?.flip?.cluster?.controls ?? [];
  return {
    states: new Map(controls.map(({ arn, standsFor }) => [arn, standsFor === 'source' ? 'On' : 'Off'])),
    silent: new Set(),
    unavailable: new Set(),
    rule: null,
    replyFaults: [],
    taken: [],
    byOthers: new Set(),
  };
}
