import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { wasOpened } from './again.ts';
import { wrongServer } from './before-fence.ts';
import { memberOf } from './containment.ts';
import { nodesToFence } from './fence.ts';
import { answerOf } from './given-answer.ts';
import {
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  sourceNodes,
  trouble,
  type ChainStepFunction,
  type Needs,
  type StepContext,
} from './need.ts';
import { lastSeen } from './passage.ts';
import { lostThreads } from './run.ts';

/** How often a run lock that a lost session of ours still held is asked for again, ms. */
const lockAgainMs = 20;

/** Takes each target master off its source, by name, and reads that back: a plain stop would re-attach at the next restart. */
export const detach: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const results = chain.target.masters.flatMap(({ instance }) => {
    const channel = forwardChannel(chain, instance);
    return channel === null ? [] : [detachOne(need, context, [instance, channel])];
  });
  const failed = results.find(({ kind }) => kind === 'failed');
  if (failed?.kind === 'failed') return failure(failed.text);
  const waiting = results.flatMap((result) => (result.kind === 'waiting' ? [result.text] : []));
  if (waiting.length > 0) return need.waiting(waiting.join('; '));
  return done(
    `The source is not followed any more by ${chain.target.masters.map(({ instance }) => instance).join(', ')}.`,
  );
};

function detachOne(need: Needs, context: StepContext, [node, channel]: readonly [string, string]): Opened {
  const isThere = (links: FastFacts['links']): boolean => links.some((link) => link.channel === channel);
  // A second attempt acts on what is seen, never on what the first one was told.
  const before = context.attempt > 1 ? whatIs(need, context, ['before', node]) : null;
  if (before !== null && before.kind !== 'seen') return before;
  if (before === null || isThere(before.facts.links)) {
    const removed = need.mysql(
      'detach',
      [node, 'act'],
      ['removeLink', { channel }, { limitMs: context.plan.limits.promoteMs }],
    );
    need.linksBehind('left', node);
    if (removed === undefined) return { kind: 'waiting', text: `${node} to let go of its source` };
    if (removed.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'removing the forward link', removed) };
  }
  const left = need.linksBehind('left', node);
  if (left === undefined) return { kind: 'waiting', text: `the links of ${node} to be read back` };
  if (left.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'reading its links back', left) };
  return isThere(left.value.links)
    ? { kind: 'failed', text: `${node} still has its forward link; expected it removed by name` }
    : { kind: 'done' };
}

/** Opens each target master: guarded by the run lock and the server's own clock, read back. */
export const promote: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  // Between two attempts a person thought, or hours went by: the last look at the sources is no proof any more.
  const other = context.attempt > 1 ? otherSide(need, [context, chain]) : null;
  if (other?.kind === 'failed') return failure(other.text);
  if (other?.kind === 'waiting') return need.waiting(other.text);
  const waiting: string[] = [];
  for (const { instance } of chain.target.masters) {
    const opened = promoteOne(need, [context, chain], instance);
    if (opened.kind === 'failed') return failure(opened.text);
    if (opened.kind === 'waiting') waiting.push(opened.text);
  }
  // Only a second attempt looks again by itself: at a lock that a lost session gives back.
  if (waiting.length > 0)
    return need.waiting(
      waiting.join('; '),
      context.attempt > 1 ? context.now.monoMs + lockAgainMs : undefined,
    );
  return done(
    `${chain.target.masters.map(({ instance }) => instance).join(', ')} open for writes; a plain account's canary went through.`,
  );
};

type Opened = { readonly kind: 'done' } | { readonly kind: 'waiting' | 'failed'; readonly text: string };

function promoteOne(need: Needs, [context, chain]: readonly [StepContext, Chain], node: string): Opened {
  const channel = forwardChannel(chain, node);
  // A second attempt acts on what is seen, never on what the first one was told; and a session that was lost meanwhile
  // has lost the run lock with it, without which the guard refuses.
  const again = context.attempt > 1 ? lookAgain(need, context, node) : null;
  if (again !== null && again.kind !== 'seen') return again;
  let unheard: string | null = null;
  if (again === null || again.facts.readOnly) {
    const opened = need.mysql(
      'open',
      [node, 'act'],
      [
        'promote',
        { notAfterUtc: guardTime(context, chain, node) },
        { limitMs: context.plan.limits.promoteMs },
      ],
    );
    if (opened === undefined) return { kind: 'waiting', text: `${node} to take writes` };
    if (opened.kind === 'refused') return { kind: 'failed', text: trouble(node, 'promote', opened) };
    // Without an answer only the server's own word counts: it may be open already.
    if (opened.kind === 'none') unheard = trouble(node, 'promote', opened);
  }
  return readBack(need, context, { node, channel, unheard });
}

/**
 * Whether no source takes writes; null: none does. A target that was open before is not opened again on a guess: then each
 * source node that took writes must answer. The first opening was proven, and a source that went dark since was closed.
 */
function otherSide(need: Needs, [context, chain]: readonly [StepContext, Chain]): Opened | null {
  const musts = wasOpened(context.run, chain) ? nodesToFence(context.run, chain) : [];
  const seen = sourceNodes(chain).map((node) => [node, need.facts('source', node)] as const);
  const waiting = seen.flatMap(([node, answer]) => (answer === undefined ? [node] : []));
  if (waiting.length > 0)
    return { kind: 'waiting', text: `${waiting.join(', ')} to be seen closed before anything is opened` };
  for (const [node, answer] of seen) {
    if (answer?.kind === 'ok') {
      const wrong = wrongServer(context, node, answer.value);
      if (wrong !== null) return { kind: 'failed', text: wrong };
      if (!answer.value.readOnly)
        return {
          kind: 'failed',
          text: `${node} takes writes; expected every source closed. Nothing was opened: find out who writes there, and have it closed first`,
        };
    } else if (answer !== undefined && musts.includes(node)) {
      return {
        kind: 'failed',
        text: `${trouble(node, 'seeing it closed', answer)}. Nothing was opened: expected every source seen closed. Reach it and try again, or make sure that nobody can write there and open the target by the emergency sheet`,
      };
    }
  }
  return null;
}

type Looked = Opened | { readonly kind: 'seen'; readonly facts: FastFacts };

/** What the server says of itself now, when it is still the one that preflight verified. */
function whatIs(
  need: Needs,
  context: StepContext,
  [name, node]: readonly [name: string, node: string],
): Looked {
  const seen = need.facts(name, node);
  if (seen === undefined) return { kind: 'waiting', text: `the state of ${node}` };
  if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'reading its state', seen) };
  const wrong = wrongServer(context, node, seen.value);
  return wrong === null ? { kind: 'seen', facts: seen.value } : { kind: 'failed', text: wrong };
}

function lookAgain(need: Needs, context: StepContext, node: string): Looked {
  const seen = whatIs(need, context, ['before', node]);
  if (seen.kind !== 'seen' || !seen.facts.readOnly) return seen;
  return takeAgain(need, context, node) ?? seen;
}

/** Takes the run lock for a session that may be new; null: it is ours. A lost session of ours that holds it still is ended. */
function takeAgain(need: Needs, context: StepContext, node: string): Opened | null {
  const nameOf = (round: number): string => `take${round === 0 ? '' : round}`;
  for (let round = newestAsked(context, (each) => `${nameOf(each)}@${node}`); ; round += 1) {
    const name = nameOf(round);
    const lock = need.mysql(name, [node, 'act'], ['takeLock', {}]);
    if (lock === undefined) return { kind: 'waiting', text: `the run lock of ${node}` };
    if (lock.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'taking the run lock', lock) };
    if (lock.value.held) return null;
    const { holder } = lock.value;
    if (holder !== null && !lostThreads(context.run, node).includes(holder)) {
      return {
        kind: 'failed',
        text: `${node}: the run lock is held by thread ${holder}; expected it free or ours`,
      };
    }
    if (holder !== null) {
      const ended = need.mysql('end-lost', [node, 'act'], ['killThreads', { threads: [holder] }]);
      if (ended === undefined)
        return { kind: 'waiting', text: `the end of this run's lost session ${holder} on ${node}` };
      if (ended.kind !== 'ok')
        return { kind: 'failed', text: trouble(node, `ending this run's lost session ${holder}`, ended) };
    }
    if (lookLater(context, `${name}@${node}`, lockAgainMs) !== null)
      return { kind: 'waiting', text: `the run lock of ${node}` };
  }
}

function readBack(
  need: Needs,
  context: StepContext,
  {
    node,
    channel,
    unheard,
  }: { readonly node: string; readonly channel: string | null; readonly unheard: string | null },
): Opened {
  const seen = need.facts('seen', node);
  const canary = need.mysql('canary', [node, 'plain'], ['writeCanary', { id: canaryId(context, node) }]);
  if (seen === undefined || canary === undefined) return { kind: 'waiting', text: `a canary on ${node}` };
  if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'reading the promotion back', seen) };
  const wrong = wrongServer(context, node, seen.value);
  if (wrong !== null) return { kind: 'failed', text: wrong };
  if (seen.value.readOnly) {
    return { kind: 'failed', text: unheard ?? `${node} still refuses writes; expected it open` };
  }
  if (channel !== null && seen.value.links.some((link) => link.channel === channel)) {
    return { kind: 'failed', text: `${node} still has its forward link; expected it removed by name` };
  }
  if (canary.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'the canary write', canary) };
  return { kind: 'done' };
}

/** The name of the link over which the source reaches a target master; null when it follows another target instead. */
export function forwardChannel(chain: Chain, node: string): string | null {
  const member = memberOf(chain, node);
  return member?.from !== undefined && sourceNodes(chain).includes(member.from) ? member.channel : null;
}

/** A canary's id: unique in all runs, at most 64 characters. */
export function canaryId(context: StepContext, node: string): string {
  return `${context.run.id}/${node}/${context.attempt}`.slice(-64);
}

/**
 * The latest moment, by the server's own clock, at which promote may take effect: the narrow passage counted from the
 * last look at that server; for an attempt that a person asked for, the step's limit counted from its first look.
 */
function guardTime(context: StepContext, chain: Chain, node: string): string {
  const again =
    context.attempt > 1
      ? answerOf(context.run, [`promote:${chain.id}`, `before@${node}`, 'fastFacts'])
      : null;
  const seen = again ?? lastSeen(context.run, node);
  const allowedMs = again === null ? context.plan.limits.passageMs : context.plan.limits.promoteMs;
  return utcText(seen.clockUs + allowedMs * 1_000);
}

/** UTC text as MySQL compares it with UTC_TIMESTAMP(6). `us`: microseconds since the epoch. */
export function utcText(us: number): string {
  const text = new Date(Math.floor(us / 1_000)).toISOString().replace('T', ' ').slice(0, 23);
  return `${text}${String(Math.floor(us) % 1_000).padStart(3, '0')}`;
}
