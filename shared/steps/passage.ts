import { present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { readAll, wrongServer } from './before-fence.ts';
import { memberOf, positionText } from './containment.ts';
import { drainedFacts } from './drain.ts';
import { nodesToFence } from './fence.ts';
import {
  answerOf,
  done,
  failure,
  lookLater,
  needs,
  sourceNodes,
  trouble,
  type ChainStepFunction,
  type Needs,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { provenWrong } from './prove.ts';
import { lostThreads } from './run.ts';

/** How often a run lock that a lost session of ours still held is asked for again, ms. */
const lockAgainMs = 20;

/** Forward coordinates are already in the journal (the proof's reading); without a dead-man's switch nothing is claimed. */
export const claim: StepFunction = (context) => {
  const coordinates = context.plan.chains.flatMap((chain) =>
    chain.target.masters.map(({ instance }) => {
      const facts =
        answerOf(context.run, [`prove:${chain.id}`, `target@${instance}`, 'fastFacts']) ??
        drainedFacts(context.run, chain, instance);
      const link = facts?.links.find(({ channel }) => channel === memberOf(chain, instance)?.channel);
      return `${instance} ${link === undefined ? 'no link' : `${link.appliedFile}:${link.appliedOffset}`} ${facts === null ? '' : positionText(facts.position)}`;
    }),
  );
  return done(
    `Forward coordinates: ${coordinates.join('; ')}. No dead-man's switch to claim in this version.`,
  );
};

/** Every source and target once more, after the last claim. When this is done, the point of no return is recorded. */
export const lastLook: StepFunction = (context) => {
  const need = needs(context);
  const looks = context.plan.chains.map((chain) => ({
    chain,
    sources: readAll(need, 'look', sourceNodes(chain)),
    targets: readAll(
      need,
      'look',
      chain.target.masters.map(({ instance }) => instance),
    ),
  }));
  for (const { chain, sources, targets } of looks) {
    if (sources.kind === 'failed') return failure(sources.text);
    if (targets.kind === 'failed') return failure(targets.text);
    if (sources.kind === 'waiting' || targets.kind === 'waiting') continue;
    const wrong = provenWrong(context, chain, [sources.facts, targets.facts]);
    if (wrong !== null) return failure(wrong);
  }
  if (looks.some(({ sources, targets }) => sources.kind !== 'read' || targets.kind !== 'read'))
    return need.waiting('the last look at every source and target');
  return done('Every source is closed and unmoved, every target is closed and contains it all.');
};

/**
 * Makes the fence outlive a restart. A source that cannot be made durable does not stop the promotion (the PONR is
 * behind us, and standing still is worse): the watchdog fences it again, and this text says so.
 */
export const persistFence: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const results = nodesToFence(context.run, chain).map((node) => persisted(need, context, node));
  const giveUpAt = context.startedAt.monoMs + context.plan.limits.passageMs / 2;
  if (results.includes('waiting') && context.now.monoMs < giveUpAt)
    return need.waiting('the fence to be written down on the source', giveUpAt);
  const soft = results.filter((result) => result !== 'durable').length;
  if (soft === 0) return done('The fence outlives a restart of every source node.');
  return done(
    `${soft} of ${results.length} source nodes would come back writable after a crash; the watchdog fences them again at once and alarms.`,
  );
};

function persisted(
  need: Needs,
  { plan, run }: StepContext,
  node: string,
): 'durable' | 'not-durable' | 'waiting' {
  const instance = present(
    plan.instances.find(({ id }) => id === node),
    node,
  );
  const seen = present(answerOf(run, ['last-look', `look@${node}`, 'fastFacts']), `the last look at ${node}`);
  // MySQL keeps it by itself (SET PERSIST), super_read_only included; the file is for servers that cannot.
  if (seen.position.flavor === 'mariadb' && instance.fenceDropIn !== undefined) {
    const put = need.sshFile('drop-in', [instance.host, instance.fenceDropIn, '[mysqld]\nread_only=1\n'], {});
    if (put === undefined) return 'waiting';
    return put.kind === 'ok' && put.value.sha256 !== null ? 'durable' : 'not-durable';
  }
  const set = need.mysql('persist', [node, 'act'], ['persistFence', {}]);
  if (set === undefined) return 'waiting';
  return set.kind === 'ok' && set.value.durable ? 'durable' : 'not-durable';
}

/** Opens each target master: detached by name first, guarded by the run lock and the server's own clock, read back. */
export const promote: ChainStepFunction = (context, chain) => {
  const need = needs(context);
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
  const linked =
    channel !== null && (again === null || again.facts.links.some((link) => link.channel === channel));
  if (linked) {
    const detached = need.mysql('detach', [node, 'act'], ['removeLink', { channel }]);
    if (detached === undefined) return { kind: 'waiting', text: `${node} to let go of its source` };
    if (detached.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'removing the forward link', detached) };
  }
  let unheard: string | null = null;
  if (again === null || again.facts.readOnly) {
    const opened = need.mysql(
      'open',
      [node, 'act'],
      ['promote', { notAfterUtc: guardTime(context, chain, node) }],
    );
    if (opened === undefined) return { kind: 'waiting', text: `${node} to take writes` };
    if (opened.kind === 'refused') return { kind: 'failed', text: trouble(node, 'promote', opened) };
    // Without an answer only the server's own word counts: it may be open already.
    if (opened.kind === 'none') unheard = trouble(node, 'promote', opened);
  }
  return readBack(need, context, { node, channel, unheard });
}

type LookedAgain = Opened | { readonly kind: 'seen'; readonly facts: FastFacts };

function lookAgain(need: Needs, context: StepContext, node: string): LookedAgain {
  const seen = need.facts('before', node);
  if (seen === undefined) return { kind: 'waiting', text: `the state of ${node}` };
  if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'reading its state', seen) };
  const wrong = wrongServer(context, node, seen.value);
  if (wrong !== null) return { kind: 'failed', text: wrong };
  if (!seen.value.readOnly) return { kind: 'seen', facts: seen.value };
  return takeAgain(need, context, node) ?? { kind: 'seen', facts: seen.value };
}

/** Takes the run lock for a session that may be new; null: it is ours. A lost session of ours that holds it still is ended. */
function takeAgain(need: Needs, context: StepContext, node: string): Opened | null {
  for (let round = 0; ; round += 1) {
    const name = `take${round === 0 ? '' : round}`;
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
function forwardChannel(chain: Chain, node: string): string | null {
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
  const seen: FastFacts =
    again ??
    present(answerOf(context.run, ['last-look', `look@${node}`, 'fastFacts']), `the last look at ${node}`);
  const allowedMs = again === null ? context.plan.limits.passageMs : context.plan.limits.promoteMs;
  return utcText(seen.clockUs + allowedMs * 1_000);
}

/** UTC text as MySQL compares it with UTC_TIMESTAMP(6). `us`: microseconds since the epoch. */
export function utcText(us: number): string {
  const text = new Date(Math.floor(us / 1_000)).toISOString().replace('T', ' ').slice(0, 23);
  return `${text}${String(Math.floor(us) % 1_000).padStart(3, '0')}`;
}
