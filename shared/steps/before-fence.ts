import { present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { takeEpochs } from './epoch.ts';
import { holdsAll, linkTrouble, type FactsByInstance } from './containment.ts';
import { firstTrouble } from './first-trouble.ts';
import {
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  planNodes,
  type ChainStepFunction,
  type Needs,
  type Progress,
  type Seen,
  type StepContext,
  type StepFunction,
} from './need.ts';

/**
 * InnoDB refreshes its list of open transactions only when that was unread for 100 ms, and the observer reads it until the
 * release. Waited for here, where everything is writable still; a stale list would cost the freeze this time instead.
 */
export const transactionsUnreadMs = 120;

/** One slice of waiting for an applier, ms: short enough that an abort is prompt. */
export const sliceMs = 1_000;

/** GET_LOCK on every database by the session that will act there; then seen from a second session. */
export const lock: StepFunction = (context) => {
  const need = needs(context);
  const nodes = planNodes(context.plan);
  const taken = nodes.map((node) => [node, need.mysql('take', [node, 'act'], ['takeLock', {}])] as const);
  const broken = firstTrouble('take the run lock', taken);
  if (broken !== null) return failure(broken);
  for (const [node, answer] of taken) {
    if (answer?.kind === 'ok' && !answer.value.held) {
      return failure(
        `${node}: the run lock is held by thread ${answer.value.holder ?? 'unknown'}; expected it free. Another cockpit drives, or one was not ended: end that session, then begin again.`,
      );
    }
  }
  if (taken.some(([, answer]) => answer === undefined)) return need.waiting('the run lock on every database');
  const seen = nodes.map((node) => [node, need.facts('seen', node)] as const);
  const blind = firstTrouble('read the run lock back', seen);
  if (blind !== null) return failure(blind);
  for (const [node, answer] of seen) {
    if (answer?.kind !== 'ok') continue;
    const wrong = wrongServer(context, node, answer.value) ?? notOurLock(context, node, answer.value);
    if (wrong !== null) return failure(wrong);
  }
  if (seen.some(([, answer]) => answer === undefined)) return need.waiting('the run lock to be read back');
  const epochs = takeEpochs(need, context.plan);
  if (epochs !== null) return 'failed' in epochs ? failure(epochs.failed) : need.waiting(epochs.waiting);
  return done(
    `Run lock held and read back on ${nodes.length} databases; epoch ${context.run.driver.epoch} on every host.`,
  );
};

/** Why a server is not the one that was verified when the run began; null when it is. */
export function wrongServer({ run }: StepContext, node: string, facts: Seen): string | null {
  const identity = present(run.identities[node], `the identity of ${node}`);
  if (facts.serverId === identity.serverId && facts.serverUuid === identity.serverUuid) return null;
  return `${node} is another server than preflight verified: server id ${facts.serverId}, uuid ${facts.serverUuid ?? 'none'}; expected ${identity.serverId}, ${identity.serverUuid ?? 'none'}`;
}

/** Why the run lock of a server is not ours; null when it is. */
export function notOurLock({ run }: StepContext, node: string, facts: Seen): string | null {
  const ours = run.threads[node]?.['act'];
  return facts.lockHolder === ours
    ? null
    : `${node}: the run lock is held by ${facts.lockHolder ?? 'nobody'}; expected our thread ${ours}`;
}

/**
 * Each target reaches a snapshot of its source while everything is still writable, and so does each co-master of the
 * other: what the ring is behind is waited for behind the fence as much as what the target is behind.
 */
export const preDrain: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const masters = chain.source.masters.map(({ instance }) => instance);
  const bases = readAll(need, 'base', masters);
  if (bases.kind !== 'read')
    return bases.kind === 'failed'
      ? failure(bases.text)
      : need.waiting('the positions of the source masters');
  const targets = chain.target.masters.map(({ instance }) => instance);
  const ring = masters.length > 1 ? masters : [];
  const lacking = reachAll(need, [context, chain], { holders: [...targets, ...ring], sources: bases.facts });
  if (lacking !== null) return lacking;
  return done(
    `Every target master${ring.length > 0 ? ' and every co-master' : ''} reached a snapshot of its source.`,
  );
};

type AllRead<T> =
  | { readonly kind: 'read'; readonly facts: Readonly<Record<string, T>> }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly text: string };

/** Fast facts of several instances at once. */
export function readAll(need: Needs, name: string, instances: readonly string[]): AllRead<FastFacts> {
  return collected(instances, (instance) => need.facts(name, instance));
}

/** What a proof of this chain needs of several instances, at once. */
export function readStates(
  need: Needs,
  chain: Chain,
  [name, instances]: readonly [name: string, instances: readonly string[]],
): AllRead<Seen> {
  return collected(instances, (instance) => need.state(name, instance, chain));
}

function collected<T>(
  instances: readonly string[],
  ask: (instance: string) => Answer<T> | undefined,
): AllRead<T> {
  const answers = instances.map((instance) => [instance, ask(instance)] as const);
  const broken = firstTrouble('read its state', answers);
  if (broken !== null) return { kind: 'failed', text: broken };
  const facts: Record<string, T> = {};
  for (const [instance, answer] of answers) {
    if (answer?.kind !== 'ok') return { kind: 'waiting' };
    facts[instance] = answer.value;
  }
  return { kind: 'read', facts };
}

/** Waits until every holder contains what those sources had; null when all do. */
export function reachAll(
  need: Needs,
  at: readonly [StepContext, Chain],
  { holders, sources }: { readonly holders: readonly string[]; readonly sources: FactsByInstance },
): Progress | null {
  const lacking: string[] = [];
  const wakes: number[] = [];
  const known: Record<string, Seen> = { ...sources };
  for (const instance of feedersFirst(at[1], holders)) {
    const feeder = feederAmong(at[1], instance, holders);
    if (feeder !== null && known[feeder] === undefined) {
      lacking.push(`${feeder}, which ${instance} follows, to be read`);
      continue;
    }
    const reached = reach(need, at, { instance, sources: feeder === null ? sources : known });
    if (reached.kind === 'failed') return failure(reached.text);
    if (reached.kind === 'waiting') {
      lacking.push(reached.text);
      if (reached.wakeAtMonoMs !== undefined) wakes.push(reached.wakeAtMonoMs);
      continue;
    }
    if (!holders.some((other) => feederAmong(at[1], other, holders) === instance)) continue;
    // Read once more: the end of its log must stand behind everything that it was seen to have.
    const end = need.facts('end', instance);
    if (end !== undefined && end.kind !== 'ok')
      return failure(firstTrouble('read its state', [[instance, end]]) ?? '');
    if (end !== undefined) known[instance] = end.value;
  }
  if (lacking.length === 0) return null;
  return need.waiting(lacking.join('; '), wakes.length === 0 ? undefined : Math.min(...wakes));
}

/** Without GTID a holder that follows another one is waited for by that one's log, so its feeder comes first. */
function feedersFirst(chain: Chain, holders: readonly string[]): readonly string[] {
  const sorted: string[] = [];
  for (let left = [...holders]; left.length > 0;) {
    const next = left.find((each) => {
      const feeder = feederAmong(chain, each, holders);
      return feeder === null || sorted.includes(feeder);
    });
    // A ring has no first one: whoever is left is taken as it stands.
    const taken = present(next ?? left[0], 'a holder');
    sorted.push(taken);
    left = left.filter((each) => each !== taken);
  }
  return sorted;
}

/** The holder that a target follows by file and position; null: its place is told by a source, or by GTID. */
function feederAmong(chain: Chain, instance: string, holders: readonly string[]): string | null {
  const from = chain.target.masters.find((member) => member.instance === instance)?.from;
  return chain.gtid === 'off' && from !== undefined && holders.includes(from) ? from : null;
}

/**
 * How long to pause after a wait on the server that brought nothing, ms. The first rounds lose no time; later ones must
 * not spin, because a server may say at once that it has applied what it has not.
 */
export function pauseMs(round: number): number {
  return round < 3 ? 0 : Math.min(50, 2 * round);
}

type Reached =
  | { readonly kind: 'reached'; readonly facts: FastFacts }
  | { readonly kind: 'waiting'; readonly text: string; readonly wakeAtMonoMs?: number }
  | { readonly kind: 'failed'; readonly text: string };

/**
 * Look, and when something is missing sleep on the server for one slice, then look again: until the holder contains
 * everything the sources had. The applier's health is judged in each round, because waits do not notice a stopped one.
 */
function reach(
  need: Needs,
  [context, chain]: readonly [StepContext, Chain],
  { instance, sources }: { readonly instance: string; readonly sources: FactsByInstance },
): Reached {
  for (let round = newestAsked(context, (each) => `see${each}@${instance}`); ; round += 1) {
    const seen = need.facts(`see${round}`, instance);
    if (seen === undefined) return { kind: 'waiting', text: `${instance} to say where it stands` };
    if (seen.kind !== 'ok')
      return { kind: 'failed', text: firstTrouble('read its state', [[instance, seen]]) ?? '' };
    const wrong = wrongServer(context, instance, seen.value);
    if (wrong !== null) return { kind: 'failed', text: wrong };
    const held = holdsAll(chain, [instance, seen.value], sources);
    if (!held.ok) return { kind: 'failed', text: `${instance}: ${held.error}` };
    if (held.value.holds) return { kind: 'reached', facts: seen.value };
    const sick = linkTrouble(chain, instance, seen.value);
    if (sick !== null) return { kind: 'failed', text: sick };
    const from = memberFrom(chain, instance, sources);
    const slept = need.mysql(
      `wait${round}`,
      [instance, 'look'],
      [
        'waitApplied',
        { position: from.position, sliceMs: round === 0 ? 50 : sliceMs },
        { limitMs: sliceMs + 1_000 },
      ],
    );
    const text = `${instance} to apply ${held.value.lacks}`;
    if (slept === undefined) return { kind: 'waiting', text };
    if (slept.kind !== 'ok')
      return { kind: 'failed', text: firstTrouble('wait for its applier', [[instance, slept]]) ?? '' };
    const later = lookLater(context, `wait${round}@${instance}`, pauseMs(round));
    if (later !== null) return { kind: 'waiting', text, wakeAtMonoMs: later };
  }
}

function memberFrom(chain: Chain, instance: string, sources: FactsByInstance): Seen {
  const member = [...chain.source.masters, ...chain.target.masters].find(
    (candidate) => candidate.instance === instance,
  );
  const direct = member?.from === undefined ? undefined : sources[member.from];
  return present(direct ?? Object.values(sources)[0], 'a source to wait for');
}
