import type { Chain, Plan } from '../plan/plan.ts';
import { samePosition } from '../observations/gtid-set.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { positionText } from './containment.ts';
import { finalPositions } from './converge.ts';
import type { Alarm } from './event.ts';
import type { IssuedCommand, Run } from './run.ts';
import { reverseEnds } from '../plan/reverse-ends.ts';
import { ringClosed, wayBackStopped } from './way-back.ts';
import { entryIn, sieve } from './ledger.ts';

/** One reading by the watchdog's own session. `askedAt`: UTC ms when it was asked, so that older readings accuse nobody. */
export type Watched = { readonly instance: string; readonly facts: FastFacts; readonly askedAt: number };

/** What a fresh reading of one server contradicts, from the fence until Close; null when all is as it must be. */
export function judgeWatch(run: Run, plan: Plan, watched: Watched): Alarm | null {
  const identity = run.identities[watched.instance];
  if (identity === undefined || run.phase === 'held' || run.phase === 'ended') return null;
  if (run.reversing !== null) return null;
  const { instance, facts } = watched;
  if (facts.serverId !== identity.serverId || facts.serverUuid !== identity.serverUuid) {
    return alarm('identity-changed', instance, [
      `server id ${facts.serverId}, uuid ${facts.serverUuid ?? 'none'}`,
      `server id ${identity.serverId}, uuid ${identity.serverUuid ?? 'none'}`,
    ]);
  }
  return (
    sourceAlarm(run, plan, watched) ??
    // Ahead of the lock, which a server that started again has lost too: what it came back as matters more.
    closedTargetAlarm(run, plan, watched) ??
    closedRingAlarm(run, plan, watched) ??
    stoppedWayBackAlarm(run, plan, watched) ??
    lockAlarm(run, watched) ??
    targetAlarm(run, plan, watched)
  );
}

function alarm(kind: Alarm['alarm'], instance: string, [seen, expected]: readonly [string, string]): Alarm {
  return { alarm: kind, instance, seen, expected };
}

function lockAlarm(run: Run, { instance, facts, askedAt }: Watched): Alarm | null {
  const lock = run.steps['lock'];
  const attempt = lock?.attempt ?? 1;
  // A cockpit that took the run up again may find its lost sessions' lock there until the step is done.
  if (attempt > 1 && lock?.state !== 'done') return null;
  const taken = answered(run, `lock#${attempt}/take@${instance}`);
  if (taken === null || askedAt < taken || run.phase === 'unwinding') return null;
  const ours = run.threads[instance]?.['act'] ?? -1;
  if (facts.lockHolder === ours) return null;
  const seen = `run lock held by ${facts.lockHolder ?? 'nobody'}`;
  // Nobody takes it again by itself: through a whole watch it would be told each second.
  if (run.ponrAt !== null && run.alarms.some(isToldAs(instance, seen, taken))) return null;
  return alarm('lock-lost', instance, [seen, `run lock held by our thread ${ours}`]);
}

function isToldAs(instance: string, seen: string, since: number): (told: Run['alarms'][number]) => boolean {
  return ({ alarm: old, moment }) =>
    old.alarm === 'lock-lost' && old.instance === instance && old.seen === seen && moment.utcMs > since;
}

function sourceAlarm(run: Run, plan: Plan, { instance, facts, askedAt }: Watched): Alarm | null {
  const chain = plan.chains.find(({ source }) =>
    [...source.masters, ...source.slaves].some((member) => member.instance === instance),
  );
  if (chain === undefined || run.phase === 'unwinding') return null;
  const closedAt = closedSince(run, chain, instance);
  if (closedAt === null || askedAt <= closedAt) return null;
  if (!facts.readOnly)
    return alarm('fence-lost', instance, [`it takes writes (up ${facts.uptimeSeconds} s)`, 'the fence']);
  const settled = run.steps[`converge:${chain.id}`];
  if (run.ponrAt !== null || settled?.state !== 'done' || askedAt <= (settled.endedAt?.utcMs ?? Infinity))
    return null;
  const final = finalPositions(run, chain)[instance];
  if (final === undefined || samePosition(final.position, facts.position)) return null;
  return alarm('position-moved', instance, [positionText(facts.position), positionText(final.position)]);
}

/** UTC ms since when a source node must be closed: its fence; for a slave that needed none, the fence of its chain. */
function closedSince(run: Run, chain: Chain, instance: string): number | null {
  const fencedAt = fences(run.commands).reduce<number | null>(
    (latest, { command: { action }, answeredAt }) =>
      'instance' in action && action.instance === instance ? (answeredAt?.utcMs ?? latest) : latest,
    null,
  );
  if (fencedAt !== null || !chain.source.slaves.some((slave) => slave.instance === instance)) return fencedAt;
  const step = run.steps[`fence:${chain.id}`];
  return step?.state === 'done' ? (step.endedAt?.utcMs ?? null) : null;
}

function targetAlarm(run: Run, plan: Plan, { instance, facts }: Watched): Alarm | null {
  const isTarget = plan.chains.some(({ target }) =>
    [...target.masters, ...target.replicas].some((member) => member.instance === instance),
  );
  if (!isTarget || run.ponrAt !== null || facts.readOnly) return null;
  return alarm('target-writable', instance, ['it takes writes', 'read-only until promote']);
}

/** A promoted target that restarts may come back closed by its own option file: nobody's writes arrive anywhere then. */
function closedTargetAlarm(run: Run, plan: Plan, { instance, facts, askedAt }: Watched): Alarm | null {
  const chain = plan.chains.find(({ target }) =>
    target.masters.some((master) => master.instance === instance),
  );
  const promoted = chain === undefined ? undefined : run.steps[`promote:${chain.id}`];
  const openSince = promoted?.state === 'done' ? (promoted.endedAt?.utcMs ?? null) : null;
  if (openSince === null || askedAt <= openSince || !facts.readOnly) return null;
  if (wasTold(run, ['target-closed', openSince], { instance, facts, askedAt })) return null;
  return alarm('target-closed', instance, [
    `it refuses writes (up ${facts.uptimeSeconds} s)`,
    `that it takes writes since its promotion. Find out what closed it, take read_only out of its option file, and have it opened again by "Open ${instance} again": nothing opens it by itself`,
  ]);
}

/**
 * A receiver that restarts follows its co-master again by itself: what comes over the reverse link then comes back round the
 * ring, and a table without a key gets it over and over.
 */
function closedRingAlarm(run: Run, plan: Plan, { instance, facts, askedAt }: Watched): Alarm | null {
  const [chain, openSince] = followsSince(run, plan, instance);
  if (chain === null || askedAt <= openSince || !ringClosed(chain, facts)) return null;
  if (wasTold(run, ['ring-closed', openSince], { instance, facts, askedAt })) return null;
  return alarm('ring-closed', instance, [
    `it follows its co-master again (up ${facts.uptimeSeconds} s)`,
    `the ring of ${chain.id} open while the reverse link is there: what was written since would circle. Open it again now, and compare tables without a primary key before anything is reversed`,
  ]);
}

/**
 * A receiver that stops, because its server has forgotten the account that came with the start, or because an event cannot
 * be applied: what is written from then on does not reach the source, and nobody can go back.
 */
function stoppedWayBackAlarm(run: Run, plan: Plan, { instance, facts, askedAt }: Watched): Alarm | null {
  const [chain, since] = followsSince(run, plan, instance);
  if (chain === null || askedAt <= since) return null;
  const stopped = wayBackStopped(chain, facts);
  if (stopped === null || wasTold(run, ['way-back-stopped', since], { instance, facts, askedAt }))
    return null;
  return alarm('way-back-stopped', instance, [
    `${stopped} (up ${facts.uptimeSeconds} s)`,
    `that it follows ${reverseEnds(chain).from} until Close: without it what is written now does not reach the source, and ${chain.id} cannot be reversed. Have it started by "Start the way back of ${chain.id} again": nothing starts it by itself`,
  ]);
}

/** The chain whose reverse link an instance receives, and since when its step is done (UTC ms). */
function followsSince(
  run: Run,
  plan: Plan,
  instance: string,
): readonly [chain: Chain, since: number] | readonly [chain: null, since: null] {
  const chain = plan.chains.find(
    (each) => each.wayBack === 'reverse' && reverseEnds(each).receiver === instance,
  );
  const reverse = chain === undefined ? undefined : run.steps[`reverse:${chain.id}`];
  const since = reverse?.state === 'done' ? (reverse.endedAt?.utcMs ?? null) : null;
  return chain === undefined || since === null ? [null, null] : [chain, since];
}

/** Told once for each start of the server since the step ended: a person acts, and until then it stays as it is. */
function wasTold(
  run: Run,
  [kind, since]: readonly [Alarm['alarm'], number],
  { instance, facts, askedAt }: Watched,
): boolean {
  const startedAt = askedAt - (facts.uptimeSeconds + 1) * 1_000;
  return run.alarms.some(
    ({ alarm: old, moment }) =>
      old.alarm === kind && old.instance === instance && moment.utcMs > since && moment.utcMs >= startedAt,
  );
}

/** Asked for at every reading of a source. */
const fences = sieve(isFence);

function isFence({ command: { action }, answer }: IssuedCommand): boolean {
  return action.kind === 'mysql' && action.operation === 'fence' && answer?.kind === 'ok';
}

function answered(run: Run, key: string): number | null {
  const issued = entryIn(run.commands, key);
  return issued?.answer?.kind === 'ok' ? (issued.answeredAt?.utcMs ?? null) : null;
}
