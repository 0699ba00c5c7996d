import { firstFew } from '../lib/first-few.ts';
import { blockersOf, blockerText, policyEnds, type Blocker } from '../observations/blockers.ts';
import type { Chain } from '../plan/plan.ts';
import type { Activity } from '../sessions/operations.ts';
import { entryIn } from './ledger.ts';
import { commandKey, lookLater, trouble, type Judged, type Needs, type StepContext } from './need.ts';

/** A fence that is not through after this has somebody in its way: mostly it takes a few milliseconds. */
const blockedAfterMs = 250;
/** How long after lock_wait_timeout a fence is given up from another session: the server counts it anew for each lock. */
const cutAfterMs = 400;
/** Statements that queued behind a fence run on when it gives up; looked at too soon they pass for what kept it waiting. */
const victimsThroughMs = 60;
/** How often a statement that was given up is looked for, ms. */
const lookAgainMs = 20;

/** One attempt to fence one node. */
export type FenceAttempt = {
  readonly node: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly lockWaitSeconds: number;
  readonly fenceThread: number;
};

type At = readonly [StepContext, Chain];
type Waiting = Extract<Judged, { kind: 'waiting' }>;

/** While a fence waits: who is in its way is asked for and shown, and it is ended when the server does not end it in time. */
export function waitForFence(need: Needs, [context, chain]: At, of: FenceAttempt): Waiting {
  const { node, attempt, attempts, lockWaitSeconds, fenceThread } = of;
  const name = `${node} to take the fence (attempt ${attempt} of ${attempts})`;
  const key = commandKey(context.key, context.attempt, `fence${attempt}@${node}`);
  const issuedAt = entryIn(context.run.commands, key)?.issuedAt.monoMs;
  if (issuedAt === undefined) return { kind: 'waiting', text: name };
  const { monoMs } = context.now;
  if (monoMs < issuedAt + blockedAfterMs)
    return { kind: 'waiting', text: name, wakeAtMonoMs: issuedAt + blockedAfterMs };
  const seen = askWhoBlocks(need, of);
  const cutAt = issuedAt + lockWaitSeconds * 1_000 + cutAfterMs;
  if (monoMs >= cutAt)
    need.mysql(`cut${attempt}`, [node, 'look'], ['cancelStatement', { thread: fenceThread }]);
  const who =
    seen?.kind === 'ok'
      ? namesOf(blockersAt([context, node], seen.value), seen.value)
      : 'asking who blocks it';
  // The policy first: whoever reads it has seconds, and the names may be many.
  const text = `${name}, which keeps writers waiting; ${policyText(chain)}. In its way: ${who}`;
  return monoMs < cutAt ? { kind: 'waiting', text, wakeAtMonoMs: cutAt } : { kind: 'waiting', text };
}

/** Whether the run itself gave this attempt up: then 1317 is its answer. */
export function wasCut({ run, key, attempt: of }: StepContext, { node, attempt }: FenceAttempt): boolean {
  return entryIn(run.commands, commandKey(key, of, `cut${attempt}@${node}`)) !== undefined;
}

/** A fence that was not taken: its statement is seen gone, then the plan's policy decides; null: try again. */
export function afterTimeout(
  need: Needs,
  at: At,
  of: FenceAttempt,
): Exclude<Judged, { kind: 'done' }> | null {
  return seeItGone(need, at, of) ?? decideByPolicy(need, at, of);
}

/** The server's own word that it ended is not enough: a fence that still waits would take effect behind everybody's back. */
function seeItGone(need: Needs, [context]: At, of: FenceAttempt): Exclude<Judged, { kind: 'done' }> | null {
  const { node, attempt, fenceThread } = of;
  for (let look = 0; ; look += 1) {
    const name = `gone${attempt}.${look}`;
    const seen = need.mysql(name, [node, 'look'], ['runningStatements', { threads: [fenceThread] }]);
    if (seen === undefined)
      return { kind: 'waiting', text: `the statement of the fence of ${node} to be seen gone` };
    if (seen.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'seeing the statement of its fence gone', seen) };
    const [left] = seen.value.running;
    if (left === undefined) return null;
    need.mysql(`cut${attempt}`, [node, 'look'], ['cancelStatement', { thread: fenceThread }]);
    const later = lookLater(context, `${name}@${node}`, lookAgainMs);
    if (later === null) continue;
    return {
      kind: 'waiting',
      text: `thread ${fenceThread} on ${node} to end its statement (${left.statement}), which could take effect later`,
      wakeAtMonoMs: later,
    };
  }
}

function decideByPolicy(
  need: Needs,
  [context, chain]: At,
  of: FenceAttempt,
): Exclude<Judged, { kind: 'done' }> | null {
  const { node, attempt, attempts } = of;
  const asked = entryIn(
    context.run.commands,
    commandKey(context.key, context.attempt, `blockers${attempt}@${node}`),
  );
  const through =
    asked === undefined ? lookLater(context, `fence${attempt}@${node}`, victimsThroughMs) : null;
  if (through !== null)
    return {
      kind: 'waiting',
      text: `those who waited behind the fence of ${node} to be through`,
      wakeAtMonoMs: through,
    };
  const seen = askWhoBlocks(need, of);
  if (seen === undefined) return { kind: 'waiting', text: `the names of those who block ${node}` };
  if (seen.kind !== 'ok')
    return { kind: 'failed', text: trouble(node, 'listing who blocks its fence', seen) };
  const blockers = blockersAt([context, node], seen.value);
  const names = namesOf(blockers, seen.value);
  const refused = `${node} could not be fenced: ${names}; ${policyText(chain)}.`;
  if (chain.blockers === 'postpone') return { kind: 'failed', text: `${refused} Nothing changed there.` };
  const victims = blockers.filter(
    (each) => standsInTheWay(each, blockers, seen.value) && policyEnds(chain.blockers, each),
  );
  if (victims.length === 0) return attempt < attempts ? null : { kind: 'failed', text: refused };
  const ended = need.mysql(
    `end${attempt}`,
    [node, 'look'],
    ['killThreads', { threads: victims.map(({ thread }) => thread) }],
  );
  if (ended === undefined)
    return { kind: 'waiting', text: `ending the sessions that block ${node}: ${names}` };
  return ended.kind === 'ok' ? null : { kind: 'failed', text: trouble(node, 'ending blockers', ended) };
}

/**
 * Holders; behind a change of a table that waits, whoever idles on that table; and where the server shows no locks, whoever
 * idles in a transaction or is the only one left that could hold something.
 */
function standsInTheWay(one: Blocker, all: readonly Blocker[], { locks }: Activity): boolean {
  if (one.holdsFence || one.kind === 'perhaps-lock-tables') return true;
  if (one.kind !== 'idle-transaction') return false;
  if (locks.unseen !== null) return true;
  return all.some(
    ({ kind, tables }) => kind === 'lock-queue' && tables.some((table) => one.tables.includes(table)),
  );
}

function askWhoBlocks(need: Needs, { node, attempt }: FenceAttempt) {
  return need.mysql(`blockers${attempt}`, [node, 'look'], ['activity', {}]);
}

function blockersAt([{ run }, node]: readonly [StepContext, string], seen: Activity): readonly Blocker[] {
  const own = new Set(Object.values(run.threads[node] ?? {}));
  return blockersOf(seen, {
    isOwn: ({ thread }) => own.has(thread),
    fragileTables: run.fragileTables[node] ?? null,
  });
}

/** Who stands in the way, each with what no policy may do about it; else that nobody can be named, and why. */
function namesOf(blockers: readonly Blocker[], seen: Activity): string {
  const named = blockers
    .filter((each) => standsInTheWay(each, blockers, seen))
    .map(
      (each) => `${blockerText(each)}${each.never === null ? '' : ` [not ended by policy: ${each.never}]`}`,
    );
  if (named.length === 0)
    return `nobody can be named${seen.locks.unseen === null ? '' : `; ${seen.locks.unseen}`}`;
  return firstFew(named, 5);
}

/** What the plan says about sessions that keep a fence waiting, for the operator. */
export function policyText(chain: Chain): string {
  switch (chain.blockers) {
    case 'wait':
      return 'the plan says wait: it is tried again inside its time, then everything thaws';
    case 'postpone':
      return 'the plan says postpone: everything thaws';
    case 'kill-idle':
      return 'the plan says kill-idle: who only idles is ended, then it is tried again';
    case 'kill':
      return 'the plan says kill: who may be ended is ended, then it is tried again';
  }
}
