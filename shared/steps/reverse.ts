import type { Chain } from '../plan/plan.ts';
import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';
import type { Position } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import {
  commandKey,
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  trouble,
  type ChainStepFunction,
  type StepContext,
} from './need.ts';
import { provenTarget } from './prove.ts';
import { linkSeen, openRingAgain } from './way-back.ts';
import { entryIn } from './ledger.ts';

/** How often a link that is on its way is looked at again, ms. */
const lookAgainMs = 50;

/** Starts the reverse link on the closed source and sees it run. */
export const reverse: ChainStepFunction = (context, chain) => {
  if (chain.wayBack !== 'reverse') return done(`No way back for this chain: ${chain.wayBack.none}`);
  const need = needs(context);
  const { receiver, from } = reverseEnds(chain);
  const channel = reverseChannelOf(chain);
  const account = { chain: chain.id, direction: 'reverse' } as const;
  if (context.attempt > 1) {
    const ring = openRingAgain(need, context, chain);
    if (ring !== 'open') return ring;
  }
  // A second attempt looks first: what runs is not started again.
  const before = context.attempt > 1 ? linkSeen(need, ['before', receiver], channel) : null;
  if (before?.kind === 'not-yet') return before.progress;
  if (before?.link?.applier !== 'running' || before.link.receiver === 'stopped') {
    const started = need.mysql(
      'start',
      [receiver, 'act'],
      [
        'startLink',
        { channel, account, ...beginning(context, chain, before?.link ?? null) },
        { limitMs: context.plan.limits.reverseMs },
      ],
    );
    if (started === undefined) return need.waiting(`${receiver} to follow ${from}`);
    if (started.kind !== 'ok') return failure(trouble(receiver, 'starting the reverse link', started));
  }
  for (let look = newestAsked(context, (each) => `running${each}@${receiver}`); ; look += 1) {
    const seen = linkSeen(need, [`running${look}`, receiver], channel);
    if (seen.kind !== 'seen') return seen.progress;
    const { link } = seen;
    if (link === null) return failure(`${receiver} has no reverse link any more; expected it running`);
    if (link.receiver === 'running' && link.applier === 'running')
      return done(`${receiver} follows ${from}.`);
    const error = link.receiverError ?? link.applierError;
    if (error !== null && link.receiver !== 'connecting')
      return failure(`the reverse link of ${receiver} stopped with error ${error.code}: ${error.message}`);
    const again = lookLater(context, `running${look}@${receiver}`, lookAgainMs);
    if (again !== null)
      return need.waiting(
        `${receiver} to connect to ${from}${error === null ? '' : ` (error ${error.code}: ${error.message})`}`,
        again,
      );
  }
};

/**
 * Where a link by GTID begins: behind the last event of the proven target's log. Not said again once a start may have
 * taken effect: the link knows by itself how far it came. One that has never connected has come nowhere.
 */
function beginning(
  context: StepContext,
  chain: Chain,
  before: ReplicationLink | null,
): { readonly from?: Position } {
  const { receiver, from } = reverseEnds(chain);
  const attempts = Array.from({ length: context.attempt - 1 }, (_, index) => index + 1);
  const maySayAgain = attempts.every((attempt) => {
    const issued = entryIn(context.run.commands, commandKey(context.key, attempt, `start@${receiver}`));
    if (issued === undefined) return true;
    const { answer } = issued;
    return answer?.kind === 'refused' || (answer?.kind === 'none' && answer.why === 'not-connected');
  });
  const proven = provenTarget(context.run, chain, from);
  const fresh = maySayAgain || before?.sourceServerId === 0;
  return chain.gtid === 'on' && fresh && proven !== null ? { from: proven.position } : {};
}
