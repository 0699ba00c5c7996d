import type { Plan } from '../plan/plan.ts';
import type { Run } from './run.ts';
import { openedBySwitch } from './stand-down.ts';

/** Chains behind the point of no return that did not come the same way. */
export type Apart = {
  readonly promoted: readonly string[];
  /** Back at their source, by the second stage of their switch. */
  readonly back: readonly string[];
  /** Not promoted yet. */
  readonly closed: readonly string[];
  /** Those of them whose promotion failed, so that only a press goes on. */
  readonly stuck: readonly string[];
};

/** Which chains of a run were promoted, and which were not. */
export function promotedApart(run: Run, plan: Plan): Apart {
  const back = openedBySwitch(run, plan).map(({ id }) => id);
  const stateOf = (step: string, id: string) => run.steps[`${step}:${id}`]?.state;
  const ids = plan.chains.map(({ id }) => id).filter((id) => !back.includes(id));
  const promoted = ids.filter((id) => stateOf('promote', id) === 'done');
  const closed = ids.filter((id) => !promoted.includes(id));
  const stuck = closed.filter((id) =>
    ['persist-fence', 'detach', 'promote'].some((step) => stateOf(step, id) === 'failed'),
  );
  return { promoted, back, closed, stuck };
}

/**
 * Why a run of which not every chain was promoted is not turned round, and what to do instead. The way back closes, drains
 * and opens all its chains behind one barrier, over their reverse links: a chain whose target never opened has no such
 * link, and nothing to drain. Its safe way is forward, because its target is proven to contain everything.
 */
function whyApart(run: Run, plan: Plan): string | null {
  const { promoted, back, closed, stuck } = promotedApart(run, plan);
  if (back.length > 0)
    return `${back.join(', ')} is back at its source, by its dead-man's switch${promoted.length + closed.length === 0 ? '' : `; the emergency sheet says what to do with ${[...promoted, ...closed].join(', ')}`}`;
  if (closed.length === 0) return null;
  const failed = Object.values(run.steps).flatMap(({ key, state, chain }) =>
    state === 'failed' && chain !== null && closed.includes(chain) ? [key] : [],
  );
  const forward =
    failed.length === 0
      ? 'it is promoted by the run itself'
      : `mend what ${failed.join(', ')} says and press Retry: the target is proven to contain everything, and only has to be opened`;
  const never =
    stuck.length === 0
      ? ''
      : `. Where that can never be, the emergency sheet says when and how ${stuck.join(', ')} goes back to its source by hand${promoted.length === 0 ? '' : `; ${promoted.join(', ')} stays forward until then`}`;
  return `the target of ${closed.join(', ')} was not seen to take writes${promoted.length === 0 ? '' : `, while that of ${promoted.join(', ')} does`}; a run is turned round with all its chains or not at all. First ${forward}${never}`;
}

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
  const apart = whyApart(run, plan);
  if (apart !== null) return apart;
  const none = plan.chains.flatMap(({ id, wayBack }) => (wayBack === 'reverse' ? [] : [id]));
  if (none.length > 0) return `${none.join(', ')} has no way back, as the plan says`;
  const unlinked = without('reverse');
  if (unlinked.length > 0)
    return `the source of ${unlinked.join(', ')} does not follow its target yet: expected a running reverse link`;
  const running = Object.values(run.steps).find(({ state }) => state === 'running');
  return running === undefined ? null : `its step ${running.key} is still under way`;
}
