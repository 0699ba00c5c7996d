import type { Chain } from '../plan/plan.ts';
import { lockNode, type Locked } from './lock-again.ts';
import { forwardChannel } from './promote.ts';
import { planNodes, sourceNodes, trouble, type Needs, type StepContext } from './need.ts';

/** Whether every server is this cockpit's; per node what came of it. */
export type Ousting = {
  readonly waiting: readonly string[];
  readonly nodes: Readonly<Record<string, Locked>>;
};

/**
 * A takeover before the point of no return: on every server the sessions of the cockpit before are ended by number and seen
 * gone, and the run lock is taken, before anything is opened anywhere. A cockpit that only slept could otherwise promote
 * with the sessions it still has.
 */
export function oustAll(need: Needs, context: StepContext): Ousting {
  const nodes = Object.fromEntries(
    planNodes(context.plan).map((node) => [node, lockNode(need, context, [node, 'abort'])] as const),
  );
  const waiting = Object.values(nodes).flatMap(({ kind, text }) => (kind === 'waiting' ? [text] : []));
  return { waiting, nodes };
}

/**
 * Why the sources of a chain must stay closed: a target master that is not held here, or that takes writes, may be or
 * become the writable side. Null: each is held and closed.
 */
function targetsHeld(
  need: Needs,
  { nodes }: Ousting,
  chain: Chain,
): 'waiting' | { readonly failed: string } | null {
  for (const { instance } of chain.target.masters) {
    const held = nodes[instance];
    if (held?.kind !== 'ours')
      return {
        failed: `left closed, because ${instance} is not held: ${held?.text ?? 'it was not asked'}. Whoever drove before may open it`,
      };
    const seen = need.mysql('closed', [instance, 'abort'], ['fastFacts', {}]);
    if (seen === undefined) return 'waiting';
    if (seen.kind !== 'ok') return { failed: `left closed: ${trouble(instance, 'seeing it closed', seen)}` };
    if (!seen.value.readOnly)
      return {
        failed: `left closed, because ${instance} takes writes: it was promoted by the cockpit before`,
      };
  }
  return null;
}

/** What keeps a source closed in a takeover; null: it may open. */
export function mayOpen(
  need: Needs,
  { plan }: StepContext,
  [instance, ousting]: readonly [string, Ousting | null],
): 'waiting' | { readonly failed: string } | null {
  const chain = plan.chains.find((each) => sourceNodes(each).includes(instance));
  return ousting === null || chain === undefined ? null : targetsHeld(need, ousting, chain);
}

/** Target masters that follow nobody any more: the cockpit before had begun to promote them, and never did. */
export function detachedTargets(need: Needs, { plan }: StepContext): readonly string[] {
  return plan.chains.flatMap((chain) =>
    chain.target.masters.flatMap(({ instance }) => {
      const channel = forwardChannel(chain, instance);
      const seen = need.mysql('closed', [instance, 'abort'], ['fastFacts', {}]);
      if (channel === null || seen?.kind !== 'ok') return [];
      return seen.value.links.some((link) => link.channel === channel) ? [] : [instance];
    }),
  );
}
