import type { FastFacts } from '../sessions/operations.ts';
import type { Chain } from '../plan/plan.ts';
import { reachAll } from './before-fence.ts';
import { finalPositions } from './converge.ts';
import { nodesToFence } from './fence.ts';
import { answerOf, done, needs, type ChainStepFunction } from './need.ts';
import { askSourceRows } from './proof-rows.ts';
import type { Run } from './run.ts';

/** Waits until each target master contains the final position, and reads beside it what the proof wants of the source. */
export const drain: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const sources = finalPositions(context.run, chain);
  // InnoDB refreshes this list only after 100 ms unread: asked here, beside the drain, it costs the minute nothing.
  for (const node of nodesToFence(context.run, chain))
    need.mysql('transactions', [node, 'survey'], ['openTransactions', { ageMs: 0 }]);
  askSourceRows(need, context, chain);
  const lacking = reachAll(need, [context, chain], sources);
  if (lacking !== null) return lacking;
  // Commands that were only just named must still be issued, though nothing here waits for their answers.
  const asked = need.waiting('');
  const unasked =
    asked.kind === 'waiting' && asked.commands.some(({ key }) => context.run.commands[key] === undefined);
  if (unasked) return need.waiting('the list of open transactions to be asked for');
  return done(
    `${chain.target.masters.map(({ instance }) => instance).join(', ')} contain everything the source committed.`,
  );
};

/** The facts with which a target master was seen to contain everything, in `drain`. */
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
