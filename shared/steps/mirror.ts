import type { Plan } from '../plan/plan.ts';
import { done, needs, type StepFunction } from './need.ts';

/** How much of the narrow passage the mirror may cost at most. */
function shareMs(plan: Plan): number {
  return plan.limits.passageMs / 2;
}

/**
 * The point of no return on the mirror's disk, beside the durable fence and the forward link's end, before anything is
 * promoted: whoever takes over from the mirror knows that it was passed. A mirror that is lost keeps no promotion waiting:
 * the sources are closed, and whoever takes over ends this cockpit's sessions on every target before it opens anything.
 */
export const mirror: StepFunction = (context) => {
  const { run, plan, startedAt, now } = context;
  if (run.mirror === null) return { kind: 'absent', text: 'The plan keeps no mirror of the journal.' };
  const { host, lost } = run.mirror;
  if (lost !== null)
    return done(`The mirror was declared lost: ${lost}. The journal on this laptop is the only one.`);
  const limitMs = shareMs(plan);
  const need = needs(context);
  const kept = need.mirror('point-of-no-return', host, { limitMs });
  const giveUpAt = startedAt.monoMs + limitMs;
  if (kept === undefined && now.monoMs < giveUpAt)
    return need.waiting(
      `the point of no return on the mirror at ${host}, at most ${limitMs} ms (half of limits.passageMs)`,
      giveUpAt,
    );
  if (kept?.kind === 'ok')
    return done(`The point of no return is on the mirror at ${host}, flushed to its disk.`);
  const why = kept === undefined ? `no answer within ${limitMs} ms` : kept.message;
  return done(`Lost in the passage: ${host} did not say that it keeps the point of no return (${why}).`);
};
