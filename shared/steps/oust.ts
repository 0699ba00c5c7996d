import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { Answer, SessionPurpose } from '../sessions/session.ts';
import { lockNode, type Locked } from './lock-again.ts';
import { forwardChannel } from './promote.ts';
import { planNodes, sourceNodes, trouble, type Needs, type StepContext } from './need.ts';

/** Whether every server is this cockpit's; per node what came of it. */
export type Ousting = {
  readonly waiting: readonly string[];
  readonly nodes: Readonly<Record<string, Locked>>;
};

/** A session that ran out of its time is lost, and another one of this cockpit may still be heard on the same server. */
const doors: readonly SessionPurpose[] = ['abort', 'look', 'watch'];

/** Where the first door needs no name of its own. */
const nameBy = (session: SessionPurpose): string => (session === doors[0] ? '' : `-${session}`);

/**
 * A takeover before the point of no return: on every server the sessions of the cockpit before are ended by number and seen
 * gone, and the run lock is taken, before anything is opened anywhere. A cockpit that only slept could otherwise promote
 * with the sessions it still has.
 */
export function oustAll(need: Needs, context: StepContext): Ousting {
  const nodes = Object.fromEntries(
    planNodes(context.plan).map((node) => [node, lockThroughDoors(need, context, node)] as const),
  );
  const waiting = Object.values(nodes).flatMap(({ kind, text }) => (kind === 'waiting' ? [text] : []));
  return { waiting, nodes };
}

function lockThroughDoors(need: Needs, context: StepContext, node: string): Locked {
  let locked: Locked = { kind: 'dark', text: `${node} was not asked` };
  for (const session of doors) {
    locked = lockNode(need, context, [node, session, nameBy(session)]);
    if (locked.kind !== 'dark') return locked;
  }
  return locked;
}

/** The facts of a server by the first session that is answered; undefined: not yet. */
export function factsThroughDoors(need: Needs, name: string, node: string): Answer<FastFacts> | undefined {
  let seen: Answer<FastFacts> | undefined;
  for (const session of doors) {
    seen = need.mysql(`${name}${nameBy(session)}`, [node, session], ['fastFacts', {}]);
    if (seen?.kind !== 'none') return seen;
  }
  return seen;
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
    const seen = factsThroughDoors(need, 'closed', instance);
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
      const seen = factsThroughDoors(need, 'closed', instance);
      if (channel === null || seen?.kind !== 'ok') return [];
      return seen.value.links.some((link) => link.channel === channel) ? [] : [instance];
    }),
  );
}
