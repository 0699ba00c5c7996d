import type { HealthCheckFacts, HealthVote } from '../../shared/sessions/zone-answers.ts';

/** One health check of the emulated account. */
export type EmulatedCheck = {
  facts: HealthCheckFacts;
  /** What its checkers are told to say; null: what they see. */
  votes: readonly HealthVote[] | null;
  readonly reference: string;
  /** UTC ms. */
  readonly madeAt: number;
};

/** Where Route 53 looks from when a check names no regions (API Reference, HealthCheckConfig). */
const allRegions = [
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-west-1',
  'sa-east-1',
  'us-east-1',
  'us-west-1',
  'us-west-2',
] as const;

/**
 * What the checkers last said of an endpoint. They connect to nothing: each sees it healthy from its first look on, an
 * interval after the check was made, until they are told what to say.
 */
export function votesNow({ facts, votes, madeAt }: EmulatedCheck, now: number): readonly HealthVote[] {
  if (votes !== null) return votes;
  // Nobody looks at what follows a routing control.
  if (facts.routingControl !== undefined) return [];
  const intervalMs = (facts.intervalSeconds ?? 30) * 1_000;
  const looks = Math.floor((now - madeAt) / intervalMs);
  if (looks < 1) return [];
  const regions = facts.regions.length === 0 ? allRegions : facts.regions;
  return regions.map((region, at) => ({
    region,
    checker: `198.18.177.${at + 1}`,
    checkedAt: madeAt + looks * intervalMs,
    healthy: true,
    status: 'Success: HTTP Status Code 200, OK',
  }));
}
