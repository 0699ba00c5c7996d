import type { Chain } from '../plan/plan.ts';
import { notOurLock, wrongServer } from './before-fence.ts';
import { afterTimeout, waitForFence, wasCut } from './blocked-fence.ts';
import { censusBehind, letsSomeThrough } from './bypass-accounts.ts';
import { answerOf } from './given-answer.ts';
import {
  done,
  failure,
  needs,
  trouble,
  type ChainStepFunction,
  type Judged,
  type Needs,
  type StepContext,
} from './need.ts';
import type { Run } from './run.ts';

/** ER_LOCK_WAIT_TIMEOUT: the fence did not get its lock in time, and nothing changed. */
const lockWaitTimeout = 1205;
/** ER_OPTION_PREVENTS_STATEMENT: the one answer that proves a fence. */
const preventedByReadOnly = 1290;
/** ER_QUERY_INTERRUPTED: the answer to a fence that was given up from another session. */
const interrupted = 1317;
const attempts = 3;
/** The list of sessions from before the fence, asked for the moment it is shut. */
export const sessionsBefore = 'who';
/** Source nodes that must be fenced: every master, and any slave that was seen to take writes. */
export function nodesToFence(run: Run, chain: Chain): readonly string[] {
  const masters = chain.source.masters.map(({ instance }) => instance);
  const slaves = chain.source.slaves
    .map(({ instance }) => instance)
    .filter((node) => answerOf(run, ['quiet', `before@${node}`, 'fastFacts'])?.readOnly === false);
  return [...masters, ...slaves];
}

/** Both co-masters and whatever else takes writes; each on its own session, bounded on the server, then proven. */
export const fence: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const nodes = nodesToFence(context.run, chain);
  const waiting: string[] = [];
  const wakes: number[] = [];
  for (const node of nodes) {
    const fenced = fenceNode(need, [context, chain], node);
    if (fenced.kind === 'failed') return failure(fenced.text);
    if (fenced.kind !== 'waiting') continue;
    waiting.push(fenced.text);
    if (fenced.wakeAtMonoMs !== undefined) wakes.push(fenced.wakeAtMonoMs);
  }
  if (waiting.length > 0)
    return need.waiting(waiting.join('; '), wakes.length === 0 ? undefined : Math.min(...wakes));
  return done(
    `Writes are refused by ${nodes.join(' and ')}: a plain account's DELETE got error 1290 on each.`,
  );
};

type NodeProgress = Exclude<Judged, { readonly kind: 'done' }> | { readonly kind: 'done' };

function fenceNode(need: Needs, [context, chain]: readonly [StepContext, Chain], node: string): NodeProgress {
  const lockWaitSeconds = Math.max(1, Math.ceil(context.plan.limits.fenceAttemptMs / 1_000));
  const fenceThread = context.run.threads[node]?.['act'] ?? 0;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const of = { node, attempt, attempts, lockWaitSeconds, fenceThread };
    const answer = need.mysql(
      `fence${attempt}`,
      [node, 'act'],
      [
        'fence',
        { lockWaitSeconds },
        { limitMs: lockWaitSeconds * 1_000 + 1_000, undo: { kind: 'thaw', instance: node, fenceThread } },
      ],
    );
    if (answer === undefined) return waitForFence(need, [context, chain], of);
    if (answer.kind === 'ok') return proven(need, [context, chain], node);
    const timedOut = answer.kind === 'refused' && answer.code === lockWaitTimeout;
    const cut = answer.kind === 'refused' && answer.code === interrupted && wasCut(context, of);
    if (!timedOut && !cut) return { kind: 'failed', text: trouble(node, 'the fence', answer) };
    const blocked = afterTimeout(need, [context, chain], of);
    if (blocked !== null) return blocked;
  }
  return {
    kind: 'failed',
    text: `${node} could not be fenced in ${attempts} attempts of ${lockWaitSeconds} s each; nothing changed there`,
  };
}

function proven(need: Needs, [context, chain]: readonly [StepContext, Chain], node: string): NodeProgress {
  const seen = need.state('fenced', node, chain);
  const proof = need.mysql('proof', [node, 'plain'], ['proveFence', {}]);
  // Whoever connects from here on cannot write: the next step ends the sessions of this list.
  const before = need.mysql(sessionsBefore, [node, 'survey'], ['clientSessions', {}]);
  // Judged by the proof, so that the fence waits for nothing that the drain does not need.
  if (letsSomeThrough(context.run, node)) need.mysql(censusBehind, [node, 'survey'], ['accounts', {}]);
  if (seen === undefined || proof === undefined || before === undefined)
    return { kind: 'waiting', text: `proof that ${node} refuses writes` };
  if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'reading the fence back', seen) };
  if (before.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'listing sessions', before) };
  if (proof.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'the proof of the fence', proof) };
  const wrong = wrongServer(context, node, seen.value) ?? notOurLock(context, node, seen.value);
  if (wrong !== null) return { kind: 'failed', text: wrong };
  if (!seen.value.readOnly || seen.value.superReadOnly === false) {
    return {
      kind: 'failed',
      text: `${node} accepted the fence but says it still takes writes; expected read_only on`,
    };
  }
  if (proof.value.errorNumber !== preventedByReadOnly) {
    const saw = proof.value.errorNumber === null ? 'it went through' : `error ${proof.value.errorNumber}`;
    return {
      kind: 'failed',
      text: `${node}: a plain account's zero-row DELETE must fail with exactly 1290; seen: ${saw}`,
    };
  }
  return { kind: 'done' };
}
