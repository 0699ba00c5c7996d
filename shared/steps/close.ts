import { present } from '../lib/assert.ts';
import { endLostAtClose, lookAgainAtCloseMs } from './end-lost-at-close.ts';
import { dropEpoch } from './epoch.ts';
import { giveLocksBack } from './give-lock-back.ts';
import { stayLocked } from './locked-accounts.ts';
import { done, failure, needs, trouble, type Needs, type StepContext, type StepFunction } from './need.ts';

/** Ends the night: the cockpit's schema is dropped where writes go now and follows to every node by replication. */
export const close: StepFunction = (context) => {
  const need = needs(context);
  const targets = context.plan.chains.map(
    (chain) => present(chain.target.masters[0], 'a target master').instance,
  );
  const removed = targets.map(
    (node) => [node, need.mysql('remove-schema', [node, 'act'], ['removeSchema', {}])] as const,
  );
  for (const [node, answer] of removed) {
    if (answer !== undefined && answer.kind !== 'ok')
      return failure(trouble(node, "removing the cockpit's schema", answer));
  }
  if (removed.some(([, answer]) => answer === undefined))
    return need.waiting("the cockpit's schema to be gone");
  // The night is over for every host it changed; one that does not answer keeps a file that lets nobody through again.
  const dropped = context.run.undo.flatMap((item) =>
    item.kind === 'epoch' ? [dropEpoch(need, context.plan, item.host)] : [],
  );
  if (dropped.includes('waiting')) return need.waiting("the run's epoch to be gone from every host");
  const lost = endLostAtClose(need, context);
  if (lost === 'waiting')
    return need.waiting("this run's lost sessions to be gone", context.now.monoMs + lookAgainAtCloseMs);
  const held = giveLocksBack(need, context.run);
  if (held !== null) return need.waiting(held);
  // Behind everything else: from here on nobody watches, and a target that starts again closed refuses everybody's writes.
  const unopened = whyNotOpen(need, context);
  if (unopened === 'waiting') return need.waiting('a last look at every target');
  if (unopened !== null) return failure(unopened);
  const left = dropped.flatMap((result) => (typeof result === 'object' ? [result.left] : []));
  const behind = left.length === 0 ? '' : ` Left behind, and harmless: ${left.join('; ')}.`;
  const locked = stayLocked(context.run);
  const told = locked.length === 0 ? '' : ` Still locked by this run on the source: ${locked.join(' ')}`;
  return done(
    `The cutover schema is removed on ${targets.join(', ')} and, by replication, behind them.${behind}${lost}${told}`,
  );
};

/** What a target that was opened says now instead of taking writes; null: each takes them. By the session that comes back by itself. */
function whyNotOpen(need: Needs, { plan }: StepContext): 'waiting' | string | null {
  const seen = plan.chains.flatMap(({ target }) =>
    target.masters.map(
      ({ instance }) => [instance, need.mysql('open', [instance, 'watch'], ['fastFacts', {}])] as const,
    ),
  );
  if (seen.some(([, facts]) => facts === undefined)) return 'waiting';
  const wrong = seen.flatMap(([node, facts]) => {
    if (facts?.kind !== 'ok') return facts === undefined ? [] : [trouble(node, 'the last look at it', facts)];
    if (!facts.value.readOnly) return [];
    return [
      `${node} refuses writes (up ${facts.value.uptimeSeconds} s); expected it open. Have it opened again by the press beside its alarm`,
    ];
  });
  return wrong.length === 0 ? null : `${wrong.join('; ')}. The night is watched on; then close it again.`;
}
