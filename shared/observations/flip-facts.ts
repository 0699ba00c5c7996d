import type { RoutingStates } from '../sessions/zone-answers.ts';
import type { FileSeen } from './file-seen.ts';
import type { Observation } from './observation.ts';

/** One file of the flip as its host shows it to the login of the run. */
export type FlipFileSeen = {
  readonly host: string;
  readonly path: string;
  readonly seen: Observation<FileSeen>;
};

/** What is seen of that which the flip will turn. */
export type FlipFacts = {
  /** In the order of the plan. */
  readonly files: readonly FlipFileSeen[];
  /** By the URL of each endpoint of the cluster: the states of the plan's routing controls as it says them. */
  readonly endpoints: Readonly<Record<string, Observation<RoutingStates>>>;
};
