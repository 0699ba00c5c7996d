import { callerReference } from '../../shared/audit/health-record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { differingFields, type CheckField } from '../../shared/observations/health-check.ts';
import type { PlannedHealthCheck } from '../../shared/plan/plan-dns.ts';
import type { HealthVote } from '../../shared/sessions/zone-answers.ts';
import type { ClockPort, HealthFile, ZoneChannel } from '../ports.ts';

const callLimitMs = 20_000;

/** What looking at the health checks of a plan, and making those that are missing, needs. */
export type HealthWork = {
  readonly channel: ZoneChannel;
  readonly clock: ClockPort;
  readonly file: HealthFile;
  readonly plan: string;
  readonly planDigest: string;
};

/** How one check of the plan stands in Route 53. */
export type CheckStanding =
  | {
      readonly kind: 'as-planned' | 'differs';
      readonly healthCheckId: string;
      /** False: it was made from here, and the plan does not name its id yet. */
      readonly named: boolean;
      readonly differing: readonly CheckField[];
      readonly votes: readonly HealthVote[];
    }
  /** There is none; null: none was ever made. */
  | { readonly kind: 'missing'; readonly healthCheckId: string | null; readonly named: boolean };

/** Looks at one check: by the plan's id, or by that of one which was made from here. Reads only. */
export async function lookAtCheck(
  { channel, file }: HealthWork,
  planned: PlannedHealthCheck,
): Promise<Result<CheckStanding, string>> {
  const made = file.read();
  if (!made.ok) return made;
  const healthCheckId = planned.healthCheckId ?? made.value.get(planned.id)?.at(-1) ?? null;
  const named = planned.healthCheckId !== undefined;
  if (healthCheckId === null) return ok({ kind: 'missing', healthCheckId, named });
  const facts = await channel.healthCheck(healthCheckId, callLimitMs);
  if (facts.kind !== 'ok') return failed(facts.message);
  if (facts.value === null) return ok({ kind: 'missing', healthCheckId, named });
  const votes = await channel.healthVotes(healthCheckId, callLimitMs);
  if (votes.kind !== 'ok') return failed(votes.message);
  const differing = differingFields(planned, facts.value);
  const kind = differing.length === 0 ? 'as-planned' : 'differs';
  return ok({ kind, healthCheckId, named, differing, votes: votes.value });
}

/**
 * Makes one check that is missing, once: what is intended is on disk before, and Route 53 knows the request again, so that
 * a reply that was lost is settled by asking for the same once more. One that is there is never changed. Answers with its id.
 */
export async function makeCheck(
  work: HealthWork,
  planned: PlannedHealthCheck,
  standing: Extract<CheckStanding, { readonly kind: 'missing' }>,
): Promise<Result<string, string>> {
  const { channel, clock, file, plan, planDigest } = work;
  if (planned.type === 'EXISTING')
    return failed('It is of a kind that the cockpit does not make. Make it, or correct its healthCheckId.');
  if (standing.named)
    return failed(
      `The plan names ${standing.healthCheckId ?? ''}, which Route 53 does not have in account ${channel.account}. Correct its healthCheckId, or take it out of the plan to have the check made.`,
    );
  const made = file.read();
  if (!made.ok) return made;
  const reference = callerReference(plan, planned.id, made.value.get(planned.id)?.length ?? 0);
  const about = { check: planned.id, callerReference: reference };
  const intended = file.add({
    kind: 'intended',
    at: clock.now().utcMs,
    ...about,
    account: channel.account,
    planDigest,
    planned: JSON.stringify(planned),
  });
  if (!intended.ok) return failed(`${intended.error}. Nothing was sent.`);
  const answer = await channel.createHealthCheck(planned, reference, callLimitMs);
  if (answer.kind !== 'ok') {
    const { kind: outcome, message } = answer;
    const kept = file.add({ kind: 'not-created', at: clock.now().utcMs, ...about, outcome, message });
    const then = whatToDo(answer, reference);
    return failed(`${message} ${then}${kept.ok ? '' : ` And ${kept.error}.`}`);
  }
  const { healthCheckId } = answer.value;
  const kept = file.add({ kind: 'created', at: clock.now().utcMs, ...about, healthCheckId });
  return kept.ok
    ? ok(healthCheckId)
    : failed(`${kept.error}. It was made as ${healthCheckId}: write that into the plan.`);
}

function whatToDo(
  answer: { readonly kind: 'refused'; readonly code: number | null } | { readonly kind: 'none' },
  reference: string,
): string {
  if (answer.kind === 'none')
    return 'Whether it was made is not known. Run the command again: Route 53 knows the request again, and gives the one that is there.';
  // HealthCheckAlreadyExists: another one of this reference is there, or was (Route 53 API Reference, CreateHealthCheck).
  return answer.code === 409
    ? `A check of reference ${reference} is there with other settings, or was deleted. Find it (aws route53 list-health-checks), correct it or the plan and write its id as healthCheckId; or give the check another id in the plan.`
    : 'Nothing was made.';
}
