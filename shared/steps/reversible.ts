import type { Plan } from '../plan/plan.ts';
import type { Run } from './run.ts';

/** Why a run cannot be turned round as it stands, from its own record; null when it can. */
export function whyNotReversible(run: Run, plan: Plan): string | null {
  const without = (step: string): readonly string[] =>
    plan.chains.flatMap(({ id }) => (run.steps[`${step}:${id}`]?.state === 'done' ? [] : [id]));
  if (run.ponrAt === null)
    return 'it did not pass its point of no return: its source takes writes, and Abort takes it back';
  if (run.outcome === 'ousted') return 'another cockpit drives it';
  if (run.outcome === 'reversed') return 'it was reversed already';
  if (run.outcome === 'thawed') return 'its source takes writes again: the run was concluded there';
  if (run.reversing !== null) return `run ${run.reversing.runId} reverses it already`;
  const closed = without('promote');
  if (closed.length > 0)
    return `the target of ${closed.join(', ')} was not seen to take writes; expected every chain promoted`;
  const none = plan.chains.flatMap(({ id, wayBack }) => (wayBack === 'reverse' ? [] : [id]));
  if (none.length > 0) return `${none.join(', ')} has no way back, as the plan says`;
  const unlinked = without('reverse');
  if (unlinked.length > 0)
    return `the source of ${unlinked.join(', ')} does not follow its target yet: expected a running reverse link`;
  const running = Object.values(run.steps).find(({ state }) => state === 'running');
  return running === undefined ? null : `its step ${running.key} is still under way`;
}
