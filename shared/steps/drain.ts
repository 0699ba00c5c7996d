import type { FastFacts } from '../sessions/operations.ts';
import type { Chain } from '../plan/plan.ts';
import { reachAll } from './before-fence.ts';
import { holdsAll, type FactsByInstance } from './containment.ts';
import { finalPositions } from './converge.ts';
import { aheadLook } from './end-sessions.ts';
import { nodesToFence } from './fence.ts';
import { answerOf } from './given-answer.ts';
import { needs, type ChainStepFunction, type StepContext } from './need.ts';
import { askSourceRows } from './proof-rows.ts';
import type { Run } from './run.ts';

/**
 * Waits until each target master contains the final position, and asks beside it what the proof wants of the source.
 * Mostly a target was seen to have it all already, when the last sessions of the source were ended.
 */
export const drain: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const sources = finalPositions(context.run, chain);
  askSourceRows(need, context, chain);
  // InnoDB refreshes this list only after 100 ms unread: asked here, beside the drain, it costs the minute nothing.
  for (const node of nodesToFence(context.run, chain))
    need.mysql('transactions', [node, 'look'], ['openTransactions', { ageMs: 0 }]);
  const targets = chain.target.masters.map(({ instance }) => instance);
  const behind = targets.filter((instance) => !wasAhead(context, chain, [instance, sources]));
  const lacking = reachAll(need, [context, chain], { holders: behind, sources });
  return lacking ?? need.done(`Everything the source committed is on ${targets.join(', ')}.`);
};

/** Whether the look at a target beside the ended sessions saw everything that the final position asks for. */
function wasAhead(
  { run }: StepContext,
  chain: Chain,
  [instance, sources]: readonly [string, FactsByInstance],
): boolean {
  const seen = answerOf(run, [`end-sessions:${chain.id}`, `${aheadLook}@${instance}`, 'state']);
  if (seen === null) return false;
  const held = holdsAll(chain, [instance, seen], sources);
  return held.ok && held.value.holds;
}

/** Without GTID: the facts with which a target master was seen to contain everything, in `drain`. */
export function drainedFacts(run: Run, chain: Chain, instance: string): FastFacts | null {
  const step = `drain:${chain.id}`;
  if (run.steps[step]?.state !== 'done') return null;
  let last: FastFacts | null = null;
  for (let round = 0; ; round += 1) {
    const seen = answerOf(run, [step, `see${round}@${instance}`, 'fastFacts']);
    if (seen === null) return last;
    last = seen;
  }
}
