import { present } from '../lib/assert.ts';
import { readStates } from './before-fence.ts';
import { memberOf, positionText } from './containment.ts';
import { drainedFacts } from './drain.ts';
import { nodesToFence } from './fence.ts';
import {
  answerOf,
  done,
  failure,
  needs,
  sourceNodes,
  type ChainStepFunction,
  type Needs,
  type Seen,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { provenWrong } from './prove.ts';
import type { Run } from './run.ts';

/** Forward coordinates are already in the journal (the drain's last reading); without a dead-man's switch nothing is claimed. */
export const claim: StepFunction = (context) => {
  const coordinates = context.plan.chains.flatMap((chain) =>
    chain.target.masters.map(({ instance }) => {
      const facts = drainedFacts(context.run, chain, instance);
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
    sources: readStates(need, chain, ['look', sourceNodes(chain)]),
    targets: readStates(need, chain, ['look', chain.target.masters.map(({ instance }) => instance)]),
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
  const seen = lastSeen(run, node);
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

/** What the last look saw of a server. */
export function lastSeen(run: Run, node: string): Seen {
  return present(answerOf(run, ['last-look', `look@${node}`, 'state']), `the last look at ${node}`);
}
