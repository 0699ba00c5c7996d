import { takeEpochsAgain } from './epoch.ts';
import {
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  planNodes,
  trouble,
  type Needs,
  type Progress,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { armedHosts } from '../plan/switches.ts';
import type { SessionPurpose } from '../sessions/session.ts';
import { lostPrefix, lostThreads } from './run.ts';
import { behindSwitch } from './second-stage.ts';

/** How many unknown holders of one lock are ended at most: more than one a purpose is somebody who comes back. */
const mostHolders = 4;
/** How often a thread that is being ended, or a lock that is being given back, is looked for, ms. */
const lookAgainMs = 20;

export type Locked = {
  /** `dark`: it does not answer. The step that needs it says so itself, and the others need not wait for it. */
  readonly kind: 'ours' | 'waiting' | 'failed' | 'dark';
  readonly text: string;
};

/**
 * The run lock once more, by a cockpit that took the run up again: sessions of the one before are ended by number and seen
 * gone first, because a server may not have noticed that they are lost, and a statement of theirs would take effect later.
 */
export const lockAgain: StepFunction = (context) => {
  const need = needs(context);
  const behind = behindSwitch(need, context);
  if (behind.kind === 'waiting') return need.waiting(behind.text);
  if (behind.kind === 'failed') return endAllLost(need, context) ?? failure(behind.text);
  const results = planNodes(context.plan).map((node) => lockNode(need, context, [node, 'act']));
  const texts = (kind: Locked['kind']): string[] =>
    results.flatMap((result) => (result.kind === kind ? [result.text] : []));
  const failed = texts('failed');
  if (failed.length > 0) return failure(`${failed.join('; ')}${mayBeKept(context)}`);
  const waiting = texts('waiting');
  if (waiting.length > 0) return need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
  const dark = texts('dark');
  const silent = takeEpochsAgain(need, context.run);
  if (silent === 'waiting') return need.waiting('the epoch of this run on every host');
  dark.push(...silent);
  return done(
    `Run lock held again on ${results.length - texts('dark').length} of ${results.length} databases.${dark.length === 0 ? '' : ` Without an answer: ${dark.join('; ')}`}`,
  );
};

/** Nothing is taken where the data went back, but what a dead cockpit left on any server is ended; null: it is, or nobody answers. */
function endAllLost(need: Needs, context: StepContext): Progress | null {
  const waiting = planNodes(context.plan).flatMap((node) => {
    const threads = lostThreads(context.run, node);
    const left = threads.length === 0 ? null : endLost(need, context, [[node, 'act'], threads, '']);
    return left?.kind === 'waiting' ? [left.text] : [];
  });
  return waiting.length === 0 ? null : need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
}

/** A second stage that acts while a cockpit comes back keeps a lock that nobody could explain by this run's sessions. */
function mayBeKept({ run, plan }: StepContext): string {
  if (run.ponrAt === null) return '';
  const hosts = armedHosts(plan).filter((host) => ['claimed', undefined].includes(run.switches[host]?.state));
  return hosts.length === 0
    ? ''
    : `. It may be a dead-man's switch that keeps it: the one of ${hosts.join(', ')} had not told of its second stage. Try again: they are asked once more`;
}

/** The run lock of one server, after the sessions that lost it are gone. `by`: names what one door of several asks. */
export function lockNode(need: Needs, context: StepContext, [node, session, by = '']: Door): Locked {
  const lost = lostThreads(context.run, node);
  const ended = lost.length === 0 ? null : endLost(need, context, [[node, session], lost, by]);
  if (ended !== null) return ended;
  const own = Object.values(context.run.threads[node] ?? {});
  const nameOf = (round: number): string => `take${by}${round === 0 ? '' : round}`;
  for (let round = newestAsked(context, (each) => `${nameOf(each)}@${node}`); ; round += 1) {
    const name = nameOf(round);
    const lock = need.mysql(name, [node, session], ['takeLock', {}]);
    if (lock === undefined) return { kind: 'waiting', text: `the run lock of ${node}` };
    if (lock.kind === 'none') return { kind: 'dark', text: trouble(node, 'taking the run lock', lock) };
    if (lock.kind === 'refused') return { kind: 'failed', text: trouble(node, 'taking the run lock', lock) };
    const { held, holder } = lock.value;
    const isLost = holder !== null && lost.includes(holder);
    // The watchdog takes it where it had to close a source again.
    if (held || (holder !== null && own.includes(holder) && !isLost)) return { kind: 'ours', text: node };
    if (holder !== null && !isLost) {
      // A session that the cockpit before opened behind the end of this journal: it holds the run's own lock.
      const other = context.run.ousting && round < mostHolders ? ([holder] as const) : null;
      const gone = other === null ? null : endLost(need, context, [[node, session], other, `${by}-${round}`]);
      if (gone !== null) return gone;
      if (other === null)
        return {
          kind: 'failed',
          text: `${node}: the run lock is held by thread ${holder}, which is not this run's; expected it free. Another cockpit drives, or one was not ended`,
        };
    }
    if (lookLater(context, `${name}@${node}`, lookAgainMs) !== null)
      return { kind: 'waiting', text: `the run lock of ${node}` };
  }
}

type Door = readonly [node: string, session: SessionPurpose, by?: string];

/** Ends lost sessions of this run and sees them gone; null when they are. */
export function endLost(
  need: Needs,
  context: StepContext,
  [[node, session], lost, tag]: readonly [Door, readonly number[], string],
): Locked | null {
  const what = 'ending the lost sessions of this run';
  const known = context.run.ousting ? stillTheirs(need, context, [[node, session], lost, tag]) : lost;
  if ('kind' in known) return known;
  const threads = known;
  if (threads.length === 0) return null;
  const ended = need.mysql(`end-lost${tag}`, [node, session], ['killThreads', { threads }]);
  if (ended === undefined) return { kind: 'waiting', text: `the end of this run's lost sessions on ${node}` };
  if (ended.kind === 'none') return { kind: 'dark', text: trouble(node, what, ended) };
  for (let look = newestAsked(context, (each) => `gone${each}${tag}@${node}`); ; look += 1) {
    const alive = need.mysql(`gone${look}${tag}`, [node, session], ['threadsAlive', { threads }]);
    if (alive === undefined)
      return { kind: 'waiting', text: `this run's lost sessions on ${node} to be gone` };
    if (alive.kind === 'none') return { kind: 'dark', text: trouble(node, what, alive) };
    if (alive.kind === 'refused') return { kind: 'failed', text: trouble(node, what, alive) };
    if (alive.value.alive.length === 0) return null;
    if (lookLater(context, `gone${look}${tag}@${node}`, lookAgainMs) !== null)
      return { kind: 'waiting', text: `sessions ${alive.value.alive.join(', ')} on ${node} to be gone` };
  }
}

/** Of these numbers those that still belong to a cockpit of this plan: the account must be one of this cockpit's own. */
export function stillTheirs(
  need: Needs,
  { run }: StepContext,
  [[node, session], lost, tag]: readonly [Door, readonly number[], string],
): readonly number[] | Locked {
  const listed = need.mysql(`who${tag}`, [node, session], ['clientSessions', {}]);
  if (listed === undefined) return { kind: 'waiting', text: `whose the lost sessions on ${node} are` };
  if (listed.kind === 'none') return { kind: 'dark', text: trouble(node, 'listing sessions', listed) };
  if (listed.kind === 'refused') return { kind: 'failed', text: trouble(node, 'listing sessions', listed) };
  const own = Object.entries(run.threads[node] ?? {}).flatMap(([purpose, thread]) =>
    purpose.startsWith(lostPrefix) ? [] : [thread],
  );
  const accounts = new Set(
    listed.value.sessions.filter(({ thread }) => own.includes(thread)).map(({ user }) => user),
  );
  // The server did not start again since the run began, so a number cannot be somebody else's: the account is the second
  // proof, where it is shown.
  const isForeign = (thread: number): boolean => {
    const row = listed.value.sessions.find((each) => each.thread === thread);
    return row !== undefined && accounts.size > 0 && !accounts.has(row.user);
  };
  return lost.filter((thread) => !isForeign(thread));
}
