import { present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import type { Answer } from '../sessions/session.ts';
import { readStates } from './before-fence.ts';
import { nodesToFence, sessionsBefore } from './fence.ts';
import { answerOf } from './given-answer.ts';
import {
  commandKey,
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  trouble,
  type ChainStepFunction,
  type Needs,
  type Seen,
  type StepContext,
} from './need.ts';
import type { Run } from './run.ts';
import { entryIn } from './ledger.ts';

/** The look at each target beside the sessions that are ended. */
export const aheadLook = 'ahead';
/** How often sessions that are being ended are looked for, ms. */
const lookAgainMs = 20;

/** A killed session is mostly gone after a millisecond or two: the first looks come sooner. */
function lookPaceMs(look: number): number {
  return Math.min(lookAgainMs, 2 * 2 ** look);
}

function isMaster(chain: Chain, node: string): boolean {
  return chain.source.masters.some(({ instance }) => instance === node);
}

/** Ends the application's sessions from before the fence, sees them gone, then looks for prepared XA transactions. */
export const endSessions: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const waiting: string[] = [];
  let ended = 0;
  const nodes = nodesToFence(context.run, chain);
  for (const node of nodes) {
    const progress = endSessionsOf(need, [context, chain], node);
    if (progress.kind === 'failed') return failure(progress.text);
    if (progress.kind === 'done') ended += progress.ended;
    else waiting.push(progress.text);
  }
  // Nothing was written since the fence: a target seen here to have it all needs no look of its own in the drain.
  if (chain.gtid === 'on' && nodes.every((node) => isKilled(context, chain, node))) {
    const ahead = readStates(need, chain, [aheadLook, chain.target.masters.map(({ instance }) => instance)]);
    if (ahead.kind === 'failed') return failure(ahead.text);
    if (ahead.kind === 'waiting') waiting.push('a look at what the target has already');
  }
  if (waiting.length > 0) return need.waiting(waiting.join('; '), context.now.monoMs + lookPaceMs(0));
  return done(
    `${ended} sessions from before the fence are gone; no XA transaction is prepared on any of ${nodes.length} nodes.`,
  );
};

/** Not sooner: a target applies what was in flight at the fence in about the time that this takes. */
function isKilled({ run, key, attempt }: StepContext, chain: Chain, node: string): boolean {
  const issued = entryIn(run.commands, commandKey(key, attempt, `end@${node}`));
  return (issued?.answer ?? null) !== null || sessionsFromBefore({ run }, chain, node).length === 0;
}

type Ended =
  | { readonly kind: 'done'; readonly ended: number }
  | { readonly kind: 'waiting' | 'failed'; readonly text: string };

/**
 * Each look is one breath on one session, which answers in the order in which it was asked: what stands behind the look
 * for the ended sessions was read after they were gone, once that look saw none of them.
 */
function endSessionsOf(need: Needs, [context, chain]: readonly [StepContext, Chain], node: string): Ended {
  const threads = sessionsFromBefore(context, chain, node);
  const killed =
    threads.length === 0 ? null : need.mysql('end', [node, 'look'], ['killThreads', { threads }]);
  if (killed !== null && killed !== undefined && killed.kind !== 'ok')
    return { kind: 'failed', text: trouble(node, 'ending sessions', killed) };
  // Bounded by the step's own limit, and paced: looking without a pause would only load the server that must end them.
  for (let look = newestAsked(context, (each) => `xa${each}@${node}`); ; look += 1) {
    const alive =
      threads.length === 0 ? null : need.mysql(`alive${look}`, [node, 'look'], ['threadsAlive', { threads }]);
    const position = isMaster(chain, node) ? need.state(positionLook(look), node, chain) : null;
    const prepared = need.mysql(`xa${look}`, [node, 'look'], ['preparedTransactions', {}]);
    if (killed === undefined || alive === undefined)
      return { kind: 'waiting', text: `${threads.length} sessions on ${node} to end` };
    if (alive !== null && alive.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'looking for ended sessions', alive) };
    const left = alive === null ? [] : alive.value.alive;
    if (left.length > 0) {
      if (lookLater(context, `alive${look}@${node}`, lookPaceMs(look)) === null) continue;
      return { kind: 'waiting', text: `sessions ${left.slice(0, 5).join(', ')} on ${node} to be gone` };
    }
    if (position === undefined) return { kind: 'waiting', text: `the position of ${node}` };
    if (position !== null && position.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'reading its position', position) };
    const unprepared = nonePrepared(node, prepared);
    return unprepared ?? { kind: 'done', ended: threads.length };
  }
}

function sessionsFromBefore(
  { run }: Pick<StepContext, 'run'>,
  chain: Chain,
  node: string,
): readonly number[] {
  const { sessions } = present(
    answerOf(run, [`fence:${chain.id}`, `${sessionsBefore}@${node}`, 'clientSessions']),
    `the sessions of ${node} from before the fence`,
  );
  const own = new Set(Object.values(run.threads[node] ?? {}));
  return sessions.map(({ thread }) => thread).filter((thread) => !own.has(thread));
}

function nonePrepared(
  node: string,
  prepared: Answer<{ readonly xids: readonly string[] }> | undefined,
): Exclude<Ended, { kind: 'done' }> | null {
  if (prepared === undefined) return { kind: 'waiting', text: `prepared XA transactions on ${node}` };
  if (prepared.kind !== 'ok')
    return { kind: 'failed', text: trouble(node, 'listing prepared XA transactions', prepared) };
  const { xids } = prepared.value;
  if (xids.length === 0) return null;
  return {
    kind: 'failed',
    text: `${node} holds ${xids.length} prepared XA transactions (${xids.slice(0, 3).join(', ')}); expected none, because XA COMMIT passes the fence`,
  };
}

function positionLook(look: number): string {
  return `position${look}`;
}

/** A master's position as read behind the look that saw its sessions from before the fence gone, which was the last one. */
export function firstPosition(run: Run, chain: Chain, master: string): Seen | null {
  const step = `end-sessions:${chain.id}`;
  const name = (look: number): string => `${positionLook(look)}@${master}`;
  const attempt = run.steps[step]?.attempt ?? 1;
  return answerOf(run, [step, name(newestAsked({ run, key: step, attempt }, name)), 'state']);
}
