import { present } from '../lib/assert.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';
import type { FastFacts, LinkConfiguration, OperationOutput, Position } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import type { Answer } from '../sessions/session.ts';
import { finalPositions } from './converge.ts';
import { drainedFacts } from './drain.ts';
import {
  done,
  failure,
  instanceOf,
  needs,
  trouble,
  type ChainStepFunction,
  type Needs,
  type Progress,
  type StepContext,
} from './need.ts';

/** Whether events could circle through the ring once the reverse link runs. */
export function mustOpenRing(chain: Chain, flavor: 'mysql' | 'mariadb'): boolean {
  return chain.source.masters.length > 1 && (flavor === 'mariadb' || chain.gtid === 'off');
}

/** Whether a receiver follows its co-master where events could circle through the ring. */
export function ringClosed(
  chain: Chain,
  { links, position }: Pick<FastFacts, 'links' | 'position'>,
): boolean {
  const ring = links.find(({ channel }) => channel === reverseEnds(chain).ringChannel);
  return mustOpenRing(chain, position.flavor) && ring !== undefined && !isOpenRing(ring);
}

/** What is wrong with the reverse link of a receiver: why it carries nothing and will not by itself; null: it runs, or connects. */
export function wayBackStopped(chain: Chain, { links }: Pick<FastFacts, 'links'>): string | null {
  const link = links.find(({ channel }) => channel === reverseChannelOf(chain));
  if (link === undefined) return 'it has no reverse link any more';
  if (link.receiver !== 'stopped' && link.applier === 'running') return null;
  const error = link.receiverError ?? link.applierError;
  return `its reverse link has stopped${error === null ? '' : ` with error ${error.code}: ${error.message}`}`;
}

function isOpenRing({ applier, receiver }: ReplicationLink): boolean {
  return applier === 'stopped' && receiver === 'stopped';
}

/**
 * By GTID the reverse link is configured before it is known where it begins, so that this costs the freeze nothing: it is
 * told when it is started. Without GTID its place is part of the configuration, and that waits for the drain.
 */
export const configureReverse: ChainStepFunction = (context, chain) => {
  if (chain.wayBack !== 'reverse')
    return done(`The plan says there is no way back for this chain: ${chain.wayBack.none}`);
  if (chain.gtid === 'off')
    return done('Without GTID the reverse link is configured once the target is drained.');
  return configured(needs(context), context, { chain, begin: null }) ?? configuredText(chain);
};

/** Opens the ring where events could circle; without GTID it then configures the reverse link, from the drained target. */
export const prepareReverse: ChainStepFunction = (context, chain) => {
  if (chain.wayBack !== 'reverse')
    return done(`The plan says there is no way back for this chain: ${chain.wayBack.none}`);
  const need = needs(context);
  const { receiver, from, ringChannel } = reverseEnds(chain);
  const { flavor } = present(finalPositions(context.run, chain)[receiver], receiver).position;
  const ring = mustOpenRing(chain, flavor);
  if (ring) {
    const opened = openRing(need, [receiver, ringChannel]);
    if (opened !== 'open') return opened;
  }
  if (chain.gtid === 'on')
    return done(
      ring ? `The ring is open at ${receiver}.` : 'Events cannot circle here: the ring stays as it is.',
    );
  const target = drainedFacts(context.run, chain, from);
  if (target === null)
    return need.waiting(`${from} to be drained: the end of its log is where the reverse link begins`);
  return configured(need, context, { chain, begin: target.position }) ?? configuredText(chain);
};

function configuredText(chain: Chain): Progress {
  const { receiver, from } = reverseEnds(chain);
  return done(`${receiver} can follow ${from}: the link is configured and stopped.`);
}

/** The reverse link as its receiver is told of it; `begin` as in `LinkConfiguration.from`. */
export function reverseConfiguration(plan: Plan, chain: Chain, begin: Position | null): LinkConfiguration {
  const { from } = reverseEnds(chain);
  const instance = instanceOf(plan, from);
  return {
    channel: reverseChannelOf(chain),
    sourceAddress: instance.replicationAddress ?? instance.address,
    sourcePort: instance.replicationPort ?? instance.port,
    chain: chain.id,
    direction: 'reverse',
    from: begin,
  };
}

/** Configures the reverse link and reads it back; null when it is there and stopped. */
function configured(
  need: Needs,
  { plan }: StepContext,
  { chain, begin }: { readonly chain: Chain; readonly begin: Position | null },
): Progress | null {
  const { receiver } = reverseEnds(chain);
  const channel = reverseChannelOf(chain);
  const changed = need.mysql(
    'configure',
    [receiver, 'act'],
    [
      'configureLink',
      reverseConfiguration(plan, chain, begin),
      {
        limitMs: plan.limits.reverseMs,
        undo: { kind: 'remove-reverse', instance: receiver, channel },
      },
    ],
  );
  if (changed === undefined) return need.waiting(`the reverse link on ${receiver}`);
  if (changed.kind !== 'ok') return failure(trouble(receiver, 'configuring the reverse link', changed));
  const link = linkSeen(need, ['configured', receiver], channel);
  if (link.kind !== 'seen') return link.progress;
  if (link.link === null)
    return failure(
      `${receiver} accepted the reverse link but does not show it; expected it configured and stopped`,
    );
  if (link.link.receiver !== 'stopped' || link.link.applier !== 'stopped') {
    return failure(
      `the reverse link of ${receiver} runs already; expected it configured and stopped until the target is promoted`,
    );
  }
  return null;
}

function openRing(
  need: Needs,
  [receiver, channel]: readonly [string, string],
): 'open' | ReturnType<Needs['waiting']> {
  const stopped = need.mysql(
    'open-ring',
    [receiver, 'act'],
    ['stopLink', { channel }, { undo: { kind: 'close-ring', instance: receiver, channel } }],
  );
  const behind = need.linksBehind('opened', receiver);
  if (stopped === undefined) return need.waiting(`${receiver} to stop following its co-master`);
  if (stopped.kind !== 'ok') return failure(trouble(receiver, 'opening the ring', stopped));
  const link = linkIn(need, [receiver, channel], behind);
  if (link.kind !== 'seen') return link.progress;
  if (link.link !== null && !isOpenRing(link.link)) {
    return failure(`${receiver} still follows its co-master; expected the ring to be open`);
  }
  return 'open';
}

/**
 * A server that started again follows its co-master again by itself: before its reverse link is started once more the ring
 * is seen open there, or opened. What came over that link would come back round the ring and be applied twice.
 */
export function openRingAgain(
  need: Needs,
  { run }: StepContext,
  chain: Chain,
): 'open' | ReturnType<Needs['waiting']> {
  const { receiver, ringChannel } = reverseEnds(chain);
  const { flavor } = present(finalPositions(run, chain)[receiver], receiver).position;
  if (!mustOpenRing(chain, flavor)) return 'open';
  const ring = linkSeen(need, ['ring', receiver], ringChannel);
  if (ring.kind !== 'seen') return ring.progress;
  return ring.link === null || isOpenRing(ring.link) ? 'open' : openRing(need, [receiver, ringChannel]);
}

type LinkSeen =
  | { readonly kind: 'seen'; readonly link: ReplicationLink | null }
  | { readonly kind: 'not-yet'; readonly progress: ReturnType<Needs['waiting']> };

/** Reads one link of an instance back. */
export function linkSeen(
  need: Needs,
  [name, instance]: readonly [string, string],
  channel: string,
): LinkSeen {
  return linkIn(need, [instance, channel], need.mysql(name, [instance, 'look'], ['links', {}]));
}

function linkIn(
  need: Needs,
  [instance, channel]: readonly [string, string],
  links: Answer<OperationOutput<'links'>> | undefined,
): LinkSeen {
  if (links === undefined)
    return { kind: 'not-yet', progress: need.waiting(`the links of ${instance} to be read back`) };
  if (links.kind !== 'ok')
    return { kind: 'not-yet', progress: failure(trouble(instance, 'reading its links back', links)) };
  return { kind: 'seen', link: links.value.links.find((link) => link.channel === channel) ?? null };
}
