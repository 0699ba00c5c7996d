import { present } from '../lib/assert.ts';
import type { Chain, Member } from './plan.ts';

/** The channel of the way back where the plan names none: the cockpit's own, so that nothing else is ever touched by it. */
export const reverseChannel = 'cutover_reverse';

/** Channel or connection name of the link over which the source follows the target. */
export function reverseChannelOf(chain: Chain): string {
  return chain.replication.reverse?.channel ?? reverseChannel;
}

/** A channel as `replication.reverse` says it: the usual one is not said. */
export function saidChannel(channel: string): { readonly channel?: string } {
  return channel === reverseChannel ? {} : { channel };
}

/**
 * The source master that will follow the target, and the target master it follows. It is the master whose log the
 * target's own log repeats, in the same order: what comes after the last event of the one, comes after it in the other.
 */
export function reverseEnds(chain: Chain): {
  readonly receiver: string;
  readonly from: string;
  readonly ringChannel: string;
} {
  const { masters, slaves } = chain.source;
  const fed = chain.target.masters.find(({ from }) =>
    [...masters, ...slaves].some(({ instance }) => instance === from),
  );
  const target = present(fed ?? chain.target.masters[0], 'a target master');
  const receiver = present(masterAbove(chain, target) ?? masters[0], 'a source master');
  return { receiver: receiver.instance, from: target.instance, ringChannel: receiver.channel };
}

function masterAbove({ source, target }: Chain, below: Member): Member | undefined {
  const members = [...source.masters, ...source.slaves, ...target.masters, ...target.replicas];
  let feeder = below.from;
  for (let hops = 0; feeder !== undefined && hops < 64; hops += 1) {
    const master = source.masters.find(({ instance }) => instance === feeder);
    if (master !== undefined) return master;
    feeder = members.find(({ instance }) => instance === feeder)?.from;
  }
  return undefined;
}
