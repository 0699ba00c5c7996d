import { present } from '../lib/assert.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { notOurLock, readAll, readStates, transactionsUnreadMs, wrongServer } from './before-fence.ts';
import { nobodyPasses } from './bypass-accounts.ts';
import { changedSince, filterTrouble, holdsAll, notClosed, type FactsByInstance } from './containment.ts';
import { finalPositions } from './converge.ts';
import { nodesToFence } from './fence.ts';
import { answerOf, givenAnswer } from './given-answer.ts';
import {
  commandKey,
  done,
  failure,
  needs,
  sourceNodes,
  trouble,
  type ChainStepFunction,
  type Judged,
  type Needs,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { compareRows } from './proof-rows.ts';
import type { Run } from './run.ts';
import { entryIn } from './ledger.ts';

const provenLook = 'target';

/** A target master as it was proven to contain everything; null before that. */
export function provenTarget(run: Run, chain: Chain, instance: string): FastFacts | null {
  const step = `prove:${chain.id}`;
  if (run.steps[step]?.state !== 'done') return null;
  return answerOf(run, [step, `${provenLook}@${instance}`, 'fastFacts']);
}

/** Everything that must be true before anything is promoted, read afresh and all at once. */
export const prove: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const targets = chain.target.masters.map(({ instance }) => instance);
  const sources = readStates(need, chain, ['second', sourceNodes(chain)]);
  // With its links: where the target stands now is where it would go on from, the forward coordinates.
  const targetFacts = readAll(need, provenLook, targets);
  const rows = compareRows(need, context, chain);
  const transactions = noneOpen(need, context, chain);
  const passing = nobodyPasses(need, [context, chain], nodesToFence(context.run, chain));
  if (sources.kind === 'failed') return failure(sources.text);
  if (targetFacts.kind === 'failed') return failure(targetFacts.text);
  if (targetFacts.kind === 'read') {
    // Preflight's gate was judged before the release; a filter that came since is seen here, with the links.
    const filtered = Object.entries(targetFacts.facts).map(([node, facts]) =>
      filterTrouble(chain, node, facts),
    );
    const first = filtered.find((trouble) => trouble !== null);
    if (first !== undefined) return failure(first);
  }
  if (sources.kind === 'read' && targetFacts.kind === 'read') {
    const wrong = provenWrong(context, chain, [sources.facts, targetFacts.facts]);
    if (wrong !== null) return failure(wrong);
  }
  if (rows.kind === 'failed') return failure(rows.text);
  if (transactions.kind === 'failed') return failure(transactions.text);
  if (passing.kind === 'failed') return failure(passing.text);
  if (sources.kind === 'waiting' || targetFacts.kind === 'waiting')
    return need.waiting('the second reading of every position');
  if (rows.kind === 'waiting') return need.waiting(rows.text);
  if (transactions.kind === 'waiting') return need.waiting(transactions.text, transactions.wakeAtMonoMs);
  if (passing.kind === 'waiting') return need.waiting(passing.text);
  return done(
    `Second reading equals the first; all of it is on ${targets.join(', ')}; ${rows.text}; no transaction from before the fence is left.`,
  );
};

/**
 * What contradicts the proof, as a sentence; null when nothing does. The same look serves `prove` and `last-look`:
 * sources unmoved, unchanged, closed and ours; targets closed, ours and containing everything.
 */
export function provenWrong(
  context: StepContext,
  chain: Chain,
  [sources, targets]: readonly [FactsByInstance, FactsByInstance],
): string | null {
  const first = finalPositions(context.run, chain);
  for (const [node, facts] of Object.entries(sources)) {
    const before = first[node];
    const changed = before === undefined ? notClosed(node, facts) : changedSince(node, before, facts);
    const wrong = changed ?? wrongServer(context, node, facts) ?? notOurLock(context, node, facts);
    if (wrong !== null) return wrong;
  }
  const written = writtenSources(context, chain, sources);
  if (!written.ok) return written.error;
  for (const [node, facts] of Object.entries(targets)) {
    const wrong = wrongServer(context, node, facts) ?? notOurLock(context, node, facts);
    if (wrong !== null) return wrong;
    if (!facts.readOnly) return `${node} takes writes before it was promoted; expected it read-only`;
    // Without GTID a target behind another target is proven by that one's log, which was drained before it was read here.
    const feeders = chain.gtid === 'off' ? { ...targets, ...written.value } : written.value;
    const held = holdsAll(chain, [node, facts], feeders);
    if (!held.ok) return `${node}: ${held.error}`;
    if (!held.value.holds) return `${node} lacks ${held.value.lacks}; expected it to contain everything`;
  }
  return null;
}

/**
 * Every source node that took writes until the fence: the masters, and slaves that had to be fenced. Without GTID what
 * a slave wrote cannot be looked for on the target, so that nothing can be proven.
 */
function writtenSources(
  context: StepContext,
  chain: Chain,
  sources: FactsByInstance,
): Result<FactsByInstance, string> {
  const nodes = nodesToFence(context.run, chain);
  const slave = chain.source.slaves.find(({ instance }) => nodes.includes(instance))?.instance;
  if (slave !== undefined && chain.gtid === 'off') {
    return failed(
      `${slave} took writes before the fence; expected it read-only: without GTID nothing can prove that its writes are on the target`,
    );
  }
  return ok(Object.fromEntries(nodes.map((node) => [node, present(sources[node], node)])));
}

function noneOpen(need: Needs, context: StepContext, chain: Chain): Judged {
  const drainStep = `drain:${chain.id}`;
  for (const node of nodesToFence(context.run, chain)) {
    const own = new Set(Object.values(context.run.threads[node] ?? {}));
    let answer = givenAnswer(context.run, [drainStep, `transactions@${node}`, 'openTransactions']);
    let name = commandKey(drainStep, context.run.steps[drainStep]?.attempt ?? 1, `transactions@${node}`);
    for (let look = 0; ; look += 1) {
      if (answer === undefined) return { kind: 'waiting', text: `the list of open transactions of ${node}` };
      if (answer.kind !== 'ok')
        return { kind: 'failed', text: trouble(node, 'listing open transactions', answer) };
      const left = answer.value.transactions.filter(
        ({ thread, rowsModified }) => !own.has(thread) && rowsModified > 0,
      );
      if (left.length === 0) break;
      const askedAt = entryIn(context.run.commands, name)?.answeredAt?.monoMs ?? context.now.monoMs;
      const wakeAtMonoMs = askedAt + transactionsUnreadMs;
      if (context.now.monoMs < wakeAtMonoMs) {
        return {
          kind: 'waiting',
          text: `${left.length} transactions from before the fence on ${node} to end (thread ${left[0]?.thread})`,
          wakeAtMonoMs,
        };
      }
      name = commandKey(context.key, context.attempt, `transactions${look}@${node}`);
      answer = need.mysql(`transactions${look}`, [node, 'survey'], ['openTransactions', { ageMs: 0 }]);
    }
  }
  return { kind: 'done', text: '' };
}

/** All chains are proven: the order itself waits for each, so that here nothing is left to do but to say it. */
export const barrier: StepFunction = ({ plan }) =>
  done(`${plan.chains.length} of ${plan.chains.length} chains are proven.`);
