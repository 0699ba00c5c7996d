import type { Chain } from '../plan/plan.ts';
import type { Position } from '../sessions/operations.ts';
import {
  commandKey,
  done,
  failure,
  lookLater,
  needs,
  newestAsked,
  trouble,
  type ChainStepFunction,
  type Judged,
  type Needs,
  type StepContext,
} from './need.ts';
import { waitingTogether } from './waiting-together.ts';
import { entryIn } from './ledger.ts';
import { unlockAgain } from './locked-accounts.ts';
import { provenTarget } from './prove.ts';
import { linkSeen } from './way-back.ts';
import { startsOpen } from './starts-open.ts';

/** How often a link that is on its way is looked at again, ms. */
const lookAgainMs = 50;

/** A link of the ring that the way forth had stopped. */
export type Ring = { readonly instance: string; readonly from: string; readonly channel: string };

const none: Judged = { kind: 'done', text: '' };

/**
 * Makes the promoted side what it was before it was ever left: it starts writable, its event schedulers run, its accounts
 * are unlocked, its ring is closed. Only behind the promotion, and the ring only because the link from the other side is gone: events could circle.
 */
export const restore: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const parts = [
    ...chain.target.masters.map(({ instance }) => startsOpen(need, context, [instance, 'act'])),
    ...(chain.target.restore?.eventSchedulers ?? []).map((node) => schedulerOn(need, node)),
    ...(chain.target.restore?.lockedAccounts ?? []).map((locked) => unlockAgain(need, locked)),
    ringClosed(need, context, chain),
  ];
  const failed = parts.flatMap(({ kind, text }) => (kind === 'failed' || kind === 'silent' ? [text] : []));
  if (failed.length > 0) return failure(failed.join('; '));
  const waiting = waitingTogether(parts);
  if (waiting !== null) return need.waiting(waiting.text, waiting.wakeAtMonoMs);
  const said = parts.flatMap(({ text }) => (text === '' ? [] : [text]));
  return done(said.length === 0 ? 'Nothing of the target waits to be set back.' : `${said.join('. ')}.`);
};

function schedulerOn(need: Needs, node: string): Judged {
  const on = need.mysql('scheduler-on', [node, 'act'], ['setEventScheduler', { on: true }]);
  const waiting = { kind: 'waiting', text: `the event scheduler of ${node}` } as const;
  if (on === undefined) return waiting;
  if (on.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'event scheduler on', on) };
  const seen = need.facts('scheduler', node);
  if (seen === undefined) return waiting;
  if (seen.kind !== 'ok')
    return { kind: 'failed', text: trouble(node, 'reading its event scheduler back', seen) };
  return seen.value.eventScheduler
    ? { kind: 'done', text: `event scheduler of ${node} on` }
    : { kind: 'failed', text: `the event scheduler of ${node} is still off; expected it on` };
}

/** Starts the ring link that the way forth had stopped, looked at first: where events could not circle it still runs. */
function ringClosed(need: Needs, context: StepContext, chain: Chain): Judged {
  const ring = chain.target.restore?.ring;
  if (ring === undefined) return none;
  const { instance, from, channel } = ring;
  const before = linkSeen(need, ['ring', instance], channel);
  if (before.kind === 'not-yet') return asJudged(before.progress);
  if (before.link === null)
    return {
      kind: 'failed',
      text: `${instance} has no link "${channel}" to ${from} any more; expected the ring's own link, stopped`,
    };
  const runs = `${instance} follows ${from} again: the ring is closed`;
  if (before.link.receiver === 'running' && before.link.applier === 'running')
    return { kind: 'done', text: runs };
  const to = ringPlace(context, chain, ring);
  if (typeof to === 'string') return { kind: 'failed', text: to };
  if (to !== null && chain.gtid === 'off') {
    const moved = need.mysql('place-ring', [instance, 'act'], ['moveLink', { channel, to }]);
    if (moved === undefined)
      return { kind: 'waiting', text: `the place in the log of ${from} where the ring goes on` };
    if (moved.kind !== 'ok')
      return { kind: 'failed', text: trouble(instance, 'pointing the ring link at its place', moved) };
  }
  const begin = to === null || chain.gtid === 'off' ? {} : { from: to };
  const started = need.mysql('close-ring', [instance, 'act'], ['startLink', { channel, ...begin }]);
  if (started === undefined) return { kind: 'waiting', text: `${instance} to follow ${from} again` };
  if (started.kind !== 'ok') return { kind: 'failed', text: trouble(instance, 'closing the ring', started) };
  return closedAgain(need, context, ring);
}

function closedAgain(need: Needs, context: StepContext, { instance, from, channel }: Ring): Judged {
  for (let look = newestAsked(context, (each) => `closed${each}@${instance}`); ; look += 1) {
    const seen = linkSeen(need, [`closed${look}`, instance], channel);
    if (seen.kind === 'not-yet') return asJudged(seen.progress);
    const { link } = seen;
    if (link?.receiver === 'running' && link.applier === 'running')
      return { kind: 'done', text: `${instance} follows ${from} again: the ring is closed` };
    const error = link?.applierError ?? link?.receiverError ?? null;
    if (link === null || (error !== null && link.receiver !== 'connecting'))
      return {
        kind: 'failed',
        text: `the ring link of ${instance} to ${from} does not run${error === null ? '' : ` (error ${error.code}: ${error.message})`}; expected the ring closed`,
      };
    const again = lookLater(context, `closed${look}@${instance}`, lookAgainMs);
    if (again !== null)
      return { kind: 'waiting', text: `${instance} to connect to ${from}`, wakeAtMonoMs: again };
  }
}

/**
 * Where the ring goes on: behind what was proven. Left to itself the link would go on where the ring was opened, and apply
 * once more what came round by the other side since. Null: a start may have taken effect, and the link knows how far it
 * came; a text: it is not known.
 */
export function ringPlace(
  context: Pick<StepContext, 'run' | 'key' | 'attempt'>,
  chain: Chain,
  { instance, from }: Ring,
): Position | string | null {
  if (mayHaveStarted(context, instance)) return null;
  return (
    provenTarget(context.run, chain, from)?.position ??
    `where the log of ${from} ended when it was proven is not known; expected the run to have read it`
  );
}

function mayHaveStarted(
  { run, key, attempt }: Pick<StepContext, 'run' | 'key' | 'attempt'>,
  instance: string,
): boolean {
  return Array.from({ length: attempt - 1 }, (_, index) => index + 1).some((earlier) => {
    const answer = entryIn(run.commands, commandKey(key, earlier, `close-ring@${instance}`));
    if (answer === undefined) return false;
    const said = answer.answer;
    return !(said?.kind === 'refused' || (said?.kind === 'none' && said.why === 'not-connected'));
  });
}

/** A look that is still on its way, or was refused, as a part of this step. */
function asJudged(progress: { readonly kind: string; readonly text: string }): Judged {
  return { kind: progress.kind === 'failed' ? 'failed' : 'waiting', text: progress.text };
}
