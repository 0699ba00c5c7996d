import { present } from '../lib/assert.ts';
import { readStates } from './before-fence.ts';
import { memberOf, positionText } from './containment.ts';
import { armedHosts } from '../plan/switches.ts';
import { answerOf } from './given-answer.ts';
import { firstTrouble } from './first-trouble.ts';
import { done, failure, needs, sourceNodes, type Seen, type StepFunction } from './need.ts';
import { provenTarget, provenWrong } from './prove.ts';
import type { Run } from './run.ts';
import { countIn } from './sign-of-life.ts';
import { claimArgv } from './switch-place.ts';

/**
 * Forward coordinates are already in the journal (the proof's reading of each target). Every switch is claimed by the rename
 * that its firing needs too: exactly one of the two happens, so a claim that is not seen to be ours ends the run. Its
 * process then answers with a beat from after the rename: one that died unseen would have no second stage.
 */
export const claim: StepFunction = (context) => {
  const need = needs(context);
  const hosts = armedHosts(context.plan);
  const claims = hosts.map((host) => {
    const argv = claimArgv(context.run.id, host);
    return [host, need.ssh('claim', [host, argv], { effect: true })] as const;
  });
  const lost = firstTrouble("the claim of its dead-man's switch", claims);
  if (lost !== null) return failure(`${lost}. The switch may have fired: nothing is promoted.`);
  if (claims.some(([, answer]) => answer === undefined))
    return need.waiting("every dead-man's switch to be claimed and to answer");
  const silent = claims.find(([, answer]) => answer?.kind === 'ok' && countIn(answer.value.stdout) === null);
  if (silent !== undefined)
    return failure(
      `${silent[0]}: expected a sign of life of its dead-man's switch from after the claim, seen none. Nothing is promoted.`,
    );
  const coordinates = context.plan.chains.flatMap((chain) =>
    chain.target.masters.map(({ instance }) => {
      const facts = provenTarget(context.run, chain, instance);
      const link = facts?.links.find(({ channel }) => channel === memberOf(chain, instance)?.channel);
      return `${instance} ${link === undefined ? 'no link' : `${link.appliedFile}:${link.appliedOffset}`} ${facts === null ? '' : positionText(facts.position)}`;
    }),
  );
  return done(
    `Forward coordinates: ${coordinates.join('; ')}. ${hosts.length === 0 ? "The plan has no dead-man's switch." : `Dead-man's switch claimed on ${hosts.join(', ')}.`}`,
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

/** What the last look saw of a server. */
export function lastSeen(run: Run, node: string): Seen {
  return present(answerOf(run, ['last-look', `look@${node}`, 'state']), `the last look at ${node}`);
}
