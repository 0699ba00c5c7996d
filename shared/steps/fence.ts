import type { Chain } from '../plan/plan.ts';
import type { ClientSession, OpenTransaction } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { notOurLock, wrongServer } from './before-fence.ts';
import {
  answerOf,
  done,
  failure,
  lookLater,
  needs,
  trouble,
  type ChainStepFunction,
  type Needs,
  type StepContext,
} from './need.ts';
import type { Run } from './run.ts';

/** ER_LOCK_WAIT_TIMEOUT: the fence did not get its lock in time, and nothing changed. */
const lockWaitTimeout = 1205;
/** ER_OPTION_PREVENTS_STATEMENT: the one answer that proves a fence. */
const preventedByReadOnly = 1290;
const attempts = 3;
/** Statements that queued behind a fence run on when it gives up; looked at too soon they pass for what kept it waiting. */
const victimsThroughMs = 60;
/** The list of sessions from before the fence, asked for the moment it is shut. */
export const sessionsBefore = 'who';
/** Of sessions that may hold a lock while they sleep, at most so many are named. */
const mostIdleNamed = 10;
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
  return done(`${nodes.join(' and ')} refuse writes: a plain account's DELETE got error 1290 on each.`);
};

type NodeProgress =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'waiting'; readonly text: string; readonly wakeAtMonoMs?: number };

function fenceNode(need: Needs, [context, chain]: readonly [StepContext, Chain], node: string): NodeProgress {
  const { fenceAttemptMs } = context.plan.limits;
  const lockWaitSeconds = Math.max(1, Math.ceil(fenceAttemptMs / 1_000));
  const fenceThread = context.run.threads[node]?.['act'] ?? 0;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const answer = need.mysql(
      `fence${attempt}`,
      [node, 'act'],
      [
        'fence',
        { lockWaitSeconds },
        { limitMs: lockWaitSeconds * 1_000 + 1_000, undo: { kind: 'thaw', instance: node, fenceThread } },
      ],
    );
    if (answer === undefined)
      return { kind: 'waiting', text: `${node} to take the fence (attempt ${attempt} of ${attempts})` };
    if (answer.kind === 'ok') return proven(need, [context, chain], node);
    if (answer.kind === 'none' || answer.code !== lockWaitTimeout)
      return { kind: 'failed', text: trouble(node, 'the fence', answer) };
    const blocked = handleBlockers(need, [context, chain], [node, attempt]);
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

/** What the plan says about sessions that keep a fence waiting; null: try again. */
function handleBlockers(
  need: Needs,
  [context, chain]: readonly [StepContext, Chain],
  [node, attempt]: readonly [string, number],
): NodeProgress | null {
  const through = lookLater(context, `fence${attempt}@${node}`, victimsThroughMs);
  if (through !== null)
    return {
      kind: 'waiting',
      text: `those who waited behind the fence of ${node} to be through`,
      wakeAtMonoMs: through,
    };
  const open = need.mysql(`blockers${attempt}`, [node, 'look'], ['openTransactions', { ageMs: 0 }]);
  const sessions = need.mysql(`running${attempt}`, [node, 'look'], ['clientSessions', {}]);
  if (open === undefined || sessions === undefined)
    return { kind: 'waiting', text: `the names of those who block ${node}` };
  const own = new Set(Object.values(context.run.threads[node] ?? {}));
  const blockers = blockersOf(open, sessions, own);
  const names = blockers.map(({ text }) => text).join('; ') || 'nobody could be named';
  if (chain.blockers === 'postpone') {
    return {
      kind: 'failed',
      text: `${node} could not be fenced: ${names}. The plan says postpone; nothing changed there.`,
    };
  }
  const victims = blockers.filter(
    ({ idle }) => chain.blockers === 'kill' || (chain.blockers === 'kill-idle' && idle),
  );
  if (chain.blockers === 'wait' || victims.length === 0)
    return attempt < attempts ? null : { kind: 'failed', text: `${node} could not be fenced: ${names}.` };
  const ended = need.mysql(
    `end${attempt}`,
    [node, 'look'],
    ['killThreads', { threads: victims.map(({ thread }) => thread) }],
  );
  if (ended === undefined)
    return { kind: 'waiting', text: `ending the sessions that block ${node}: ${names}` };
  return ended.kind === 'ok' ? null : { kind: 'failed', text: trouble(node, 'ending blockers', ended) };
}

type Blocker = { readonly thread: number; readonly idle: boolean; readonly text: string };

function blockersOf(
  open: Answer<{ readonly transactions: readonly OpenTransaction[] }>,
  sessions: Answer<{ readonly sessions: readonly ClientSession[] }>,
  own: ReadonlySet<number>,
): readonly Blocker[] {
  const transactions = open.kind === 'ok' ? open.value.transactions : [];
  const running = sessions.kind === 'ok' ? sessions.value.sessions : [];
  const others = running.filter(
    (session) =>
      !own.has(session.thread) &&
      session.timeSeconds >= 1 &&
      // Sessions that queue behind the fence show this state; they are its victims, not its blockers.
      !/waiting for (global read|backup|commit) lock/i.test(session.state),
  );
  const held = others
    .filter(
      ({ command, thread: own }) => command !== 'Sleep' || transactions.some(({ thread }) => thread === own),
    )
    .map((session) => {
      const transaction = transactions.find(({ thread }) => thread === session.thread);
      const rows = transaction === undefined ? '' : `, ${transaction.rowsModified} rows changed`;
      return {
        thread: session.thread,
        idle: session.command === 'Sleep' && (transaction?.rowsModified ?? 0) === 0,
        text: `thread ${session.thread} of ${session.user}@${session.host}, ${session.timeSeconds} s${rows}: ${session.statement ?? session.command}`,
      };
    });
  return held.length > 0 ? held : idleHolders(others);
}

/**
 * Nobody writes and nobody has a transaction: then a session that only sleeps holds a lock (LOCK TABLES, a backup's),
 * and no list of the server says which. The longest idle ones are named.
 */
function idleHolders(sessions: readonly ClientSession[]): readonly Blocker[] {
  return sessions
    .toSorted((one, other) => other.timeSeconds - one.timeSeconds)
    .slice(0, mostIdleNamed)
    .map(({ thread, user, host, timeSeconds }) => ({
      thread,
      idle: true,
      text: `thread ${thread} of ${user}@${host}, idle for ${timeSeconds} s, may hold LOCK TABLES`,
    }));
}
