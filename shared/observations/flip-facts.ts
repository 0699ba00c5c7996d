import type { RoutingStates } from '../sessions/zone-answers.ts';
import type { Observation } from './observation.ts';

/** What is seen of that which the flip will turn. */
export type FlipFacts = {
  /** By the URL of each endpoint of the cluster: the states of the plan's routing controls as it says them. */
  readonly endpoints: Readonly<Record<string, Observation<RoutingStates>>>;
};
