import type { Chain, Credential, Plan } from '../plan/plan.ts';
import type { LinkWords } from './dialect-links.ts';
import { UnsafeValue } from './dialect-quote.ts';
import type { LinkConfiguration, OperationInput } from './operations.ts';

/**
 * What the plan says of replication links, and whose password goes where.
 *
 * Reverse: CHANGE gets no account at all and the start brings it, so that a link that was prepared and not started
 * connects to nobody when its server restarts; its removal stands in the undo list all the same. Forward (only ever
 * restored by an undo): in CHANGE, because it must come up by itself again.
 */
export function linkFacts(
  plan: Plan,
  instance: string,
): {
  readonly ownChannel: string | null;
  readonly wordsWith: (link: LinkConfiguration) => {
    readonly words: Omit<LinkWords, 'account'>;
    readonly account: Credential | null;
  };
  readonly startsWith: (input: OperationInput<'startLink'>) => Credential | null;
} {
  const member = plan.chains
    .flatMap(membersOf)
    .find((one) => one.instance === instance && one.from !== undefined);
  return {
    ownChannel: member?.channel ?? null,
    wordsWith: (link) => {
      const chain = chainOf(plan, link.chain);
      const way = directionOf(chain, link.direction);
      return {
        words: {
          channel: link.channel,
          sourceAddress: link.sourceAddress,
          sourcePort: link.sourcePort,
          from: link.from,
          usesGtid: chain.gtid === 'on' && link.from?.gtid !== '',
          tls: { mode: way.tls.mode, ca: way.tls.ca },
        },
        account: link.direction === 'reverse' ? null : way.account,
      };
    },
    startsWith: (input) => {
      if (input.account !== undefined)
        return directionOf(chainOf(plan, input.account.chain), input.account.direction).account;
      // Not told: a link of the plan has its account; any other on a source master is the reverse link of its chain.
      if (member?.channel === input.channel) return null;
      const chain = plan.chains.find(({ source }) => source.masters.some((one) => one.instance === instance));
      return chain?.replication.reverse?.account ?? null;
    },
  };
}

function membersOf({ source, target }: Chain): readonly Chain['source']['masters'][number][] {
  return [...source.masters, ...source.slaves, ...target.masters, ...target.replicas];
}

function chainOf(plan: Plan, id: string): Chain {
  const chain = plan.chains.find((one) => one.id === id);
  if (chain === undefined) throw new UnsafeValue(`The plan has no chain ${id}.`);
  return chain;
}

function directionOf(
  chain: Chain,
  direction: LinkConfiguration['direction'],
): NonNullable<Chain['replication']['reverse']> {
  const way = chain.replication[direction];
  if (way === undefined)
    throw new UnsafeValue(`The plan names no ${direction} replication account for chain ${chain.id}.`);
  return way;
}
