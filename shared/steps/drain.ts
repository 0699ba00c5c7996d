import { present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import { reachAll } from './before-fence.ts';
import { memberOf } from './containment.ts';
import { finalPositions } from './converge.ts';
import { nodesToFence } from './fence.ts';
import { answerOf, done, failure, needs, trouble, type ChainStepFunction, type Needs } from './need.ts';
import type { Run } from './run.ts';

/** The channel of the way back; the name is the cockpit's own, so that nothing else is ever touched by it. */
export const reverseChannel = 'cutover_reverse';

/** Waits until each target master contains the final position, and reads open transactions of the source beside it. */
export const drain: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const sources = finalPositions(context.run, chain);
  // InnoDB refreshes this list only after 100 ms unread: asked here, beside the drain, it costs the minute nothing.
  for (const node of nodesToFence(context.run, chain))
    need.mysql('transactions', [node, 'survey'], ['openTransactions', { ageMs: 0 }]);
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

/** Whether events could circle through the ring once the reverse link runs. */
export function mustOpenRing(chain: Chain, flavor: 'mysql' | 'mariadb'): boolean {
  return chain.source.masters.length > 1 && (flavor === 'mariadb' || chain.gtid === 'off');
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
  const target = present(chain.target.masters[0], 'a target master');
  const { masters } = chain.source;
  let feeder = target.from;
  for (
    let hops = 0;
    feeder !== undefined && hops < 64 && !masters.some(({ instance }) => instance === feeder);
    hops += 1
  ) {
    feeder = memberOf(chain, feeder)?.from;
  }
  const receiver = present(
    masters.find(({ instance }) => instance === feeder) ?? masters[0],
    'a source master',
  );
  return { receiver: receiver.instance, from: target.instance, ringChannel: receiver.channel };
}

/** Opens the ring where events could circle, then configures the reverse link without starting it. */
export const prepareReverse: ChainStepFunction = (context, chain) => {
  if (chain.wayBack !== 'reverse')
    return done(`The plan says there is no way back for this chain: ${chain.wayBack.none}`);
  const need = needs(context);
  const { receiver, from, ringChannel } = reverseEnds(chain);
  const final = present(finalPositions(context.run, chain)[receiver], receiver);
  const ring = mustOpenRing(chain, final.position.flavor);
  if (ring) {
    const opened = openRing(need, [receiver, ringChannel]);
    if (opened !== 'open') return opened;
  }
  // MySQL finds its own place by GTID; everywhere else the end of the target's drained log is where the link begins.
  const byItself = chain.gtid === 'on' && final.position.flavor === 'mysql';
  const target = byItself ? final : drainedFacts(context.run, chain, from);
  if (target === null)
    return need.waiting(`${from} to be drained: the end of its log is where the reverse link begins`);
  const instance = present(
    context.plan.instances.find(({ id }) => id === from),
    from,
  );
  const configured = need.mysql(
    'configure',
    [receiver, 'act'],
    [
      'configureLink',
      {
        channel: reverseChannel,
        sourceAddress: instance.replicationAddress ?? instance.address,
        sourcePort: instance.replicationPort ?? instance.port,
        chain: chain.id,
        direction: 'reverse',
        from: target.position,
      },
      { undo: { kind: 'remove-reverse', instance: receiver, channel: reverseChannel } },
    ],
  );
  if (configured === undefined) return need.waiting(`the reverse link on ${receiver}`);
  if (configured.kind !== 'ok') return failure(trouble(receiver, 'configuring the reverse link', configured));
  const link = linkSeen(need, ['configured', receiver], reverseChannel);
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
  return done(
    `${receiver} can follow ${from}: the link is configured and stopped${ring ? ', the ring is open' : ''}.`,
  );
};

function openRing(
  need: Needs,
  [receiver, channel]: readonly [string, string],
): 'open' | ReturnType<Needs['waiting']> {
  const stopped = need.mysql(
    'open-ring',
    [receiver, 'act'],
    ['stopLink', { channel }, { undo: { kind: 'close-ring', instance: receiver, channel } }],
  );
  if (stopped === undefined) return need.waiting(`${receiver} to stop following its co-master`);
  if (stopped.kind !== 'ok') return failure(trouble(receiver, 'opening the ring', stopped));
  const link = linkSeen(need, ['opened', receiver], channel);
  if (link.kind !== 'seen') return link.progress;
  if (link.link !== null && (link.link.applier !== 'stopped' || link.link.receiver !== 'stopped')) {
    return failure(`${receiver} still follows its co-master; expected the ring to be open`);
  }
  return 'open';
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
  const facts = need.facts(name, instance);
  if (facts === undefined)
    return { kind: 'not-yet', progress: need.waiting(`reading the links of ${instance} back`) };
  if (facts.kind !== 'ok')
    return { kind: 'not-yet', progress: failure(trouble(instance, 'reading its links back', facts)) };
  return { kind: 'seen', link: facts.value.links.find((link) => link.channel === channel) ?? null };
}
