import type { Chain, Credential, Plan } from '../plan/plan.ts';
import type { Dialect } from './dialect.ts';
import type { LinkWords } from './dialect-links.ts';
import { UnsafeValue } from './dialect-quote.ts';
import type { LinkConfiguration, OperationInput } from './operations.ts';

/**
 * What the plan says of replication links, and whose password goes where.
 *
 * MySQL, reverse: CHANGE gets no account at all and START brings it, so a link that was prepared and not started stays
 * down when its server restarts. MySQL, forward (only ever restored by an undo): in CHANGE, because it must come up by
 * itself again. MariaDB takes the account in CHANGE only; there a prepared reverse link would start with its server,
 * and its removal stands in the undo list from the moment it is configured.
 */
export function linkFacts(
  plan: Plan,
  instance: string,
): {
  readonly ownChannel: string | null;
  readonly wordsWith: (
    link: LinkConfiguration,
    dialect: Dialect,
  ) => { readonly words: Omit<LinkWords, 'account'>; readonly account: Credential | null };
  readonly startsWith: (input: OperationInput<'startLink'>, dialect: Dialect) => Credential | null;
} {
  const member = plan.chains
    .flatMap(membersOf)
    .find((one) => one.instance === instance && one.from !== undefined);
  return {
    ownChannel: member?.channel ?? null,
    wordsWith: (link, dialect) => {
      const chain = chainOf(plan, link.chain);
      const way = directionOf(chain, link.direction);
      const atStart = dialect.version.flavor === 'mysql' && link.direction === 'reverse';
      return {
        words: {
          channel: link.channel,
          sourceAddress: link.sourceAddress,
          sourcePort: link.sourcePort,
          from: link.from,
          usesGtid: chain.gtid === 'on' && link.from?.gtid !== '',
          tls: { mode: way.tls.mode, ca: way.tls.ca },
        },
        account: atStart ? null : way.account,
      };
    },
    startsWith: (input, dialect) => {
      if (dialect.version.flavor === 'mariadb') return null;
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
