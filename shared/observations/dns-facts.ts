import type { Runway } from '../gates/ttl-runway.ts';
import type { HealthCheckFacts, HealthVote, ZoneFacts } from '../sessions/zone-answers.ts';
import type { ZoneTrial } from '../steps/scratch-trial.ts';
import type { ZoneProof } from '../steps/zone-proof.ts';
import { countsAsHealthy, type HealthLook } from './health-check.ts';
import type { Observation } from './observation.ts';
import type { RecordSet } from './record-set.ts';

/** Whose credentials reach a zone, and until when. */
export type ZoneAccess = { readonly account: string; readonly credentialsEndAt: number | null };

/** One zone of the plan as Route 53 shows it. */
export type ZoneSeen = {
  readonly zone: string;
  readonly access: Observation<ZoneAccess>;
  readonly facts: Observation<ZoneFacts>;
  readonly sets: Observation<readonly RecordSet[]>;
  /** What is known of the lowering of its TTLs. */
  readonly runway: Observation<Runway>;
};

/** One health check of the plan as Route 53 shows it. */
export type HealthSeen = {
  readonly check: string;
  /** Null: there is none of this id. */
  readonly facts: Observation<HealthCheckFacts | null>;
  readonly votes: Observation<readonly HealthVote[]>;
  /** UTC ms since which every look saw every checker's vote healthy; null: the newest did not. */
  readonly healthySince: number | null;
  /** The last looks, oldest first. */
  readonly looks: readonly HealthLook[];
};

/** What is seen of DNS, by the plan's own ids of zones and health checks. */
export type DnsFacts = {
  readonly zones: Readonly<Record<string, ZoneSeen>>;
  readonly checks: Readonly<Record<string, HealthSeen>>;
  /** The newest proof that a zone may be changed, by zone; none where it was not tried. */
  readonly proofs: Readonly<Record<string, ZoneProof>>;
  /** The newest trial of a zone's change under its scratch name, by zone. */
  readonly trials: Readonly<Record<string, ZoneTrial>>;
};

/** Which checks Route 53 takes for dead by the newest votes; of what was not seen nothing is claimed. */
export function isUnhealthyIn(facts: DnsFacts | undefined): (check: string) => boolean {
  return (check) => {
    const votes = facts?.checks[check]?.votes;
    return votes?.kind === 'known' && !countsAsHealthy(votes.value);
  };
}

/** Whether every checker says healthy; no vote at all is no proof. */
export function allHealthy(votes: readonly HealthVote[]): boolean {
  return votes.length > 0 && votes.every(({ healthy }) => healthy);
}
