import {
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  planNodes,
  trouble,
  type Needs,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { lostThreads } from './run.ts';

/** How often a thread that is being ended, or a lock that is being given back, is looked for, ms. */
const lookAgainMs = 20;

type Locked = {
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
  const results = planNodes(context.plan).map((node) => lockNode(need, context, node));
  const texts = (kind: Locked['kind']): readonly string[] =>
    results.flatMap((result) => (result.kind === kind ? [result.text] : []));
  const failed = texts('failed');
  if (failed.length > 0) return failure(failed.join('; '));
  const waiting = texts('waiting');
  if (waiting.length > 0) return need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
  const dark = texts('dark');
  return done(
    `Run lock held again on ${results.length - dark.length} of ${results.length} databases.${dark.length === 0 ? '' : ` Without an answer: ${dark.join('; ')}`}`,
  );
};

function lockNode(need: Needs, context: StepContext, node: string): Locked {
  const lost = lostThreads(context.run, node);
  const ended = lost.length === 0 ? null : endLost(need, context, [node, lost]);
  if (ended !== null) return ended;
  const own = Object.values(context.run.threads[node] ?? {});
  const nameOf = (round: number): string => `take${round === 0 ? '' : round}`;
  for (let round = newestAsked(context, (each) => `${nameOf(each)}@${node}`); ; round += 1) {
    const name = nameOf(round);
    const lock = need.mysql(name, [node, 'act'], ['takeLock', {}]);
    if (lock === undefined) return { kind: 'waiting', text: `the run lock of ${node}` };
    if (lock.kind === 'none') return { kind: 'dark', text: trouble(node, 'taking the run lock', lock) };
    if (lock.kind === 'refused') return { kind: 'failed', text: trouble(node, 'taking the run lock', lock) };
    const { held, holder } = lock.value;
    const isLost = holder !== null && lost.includes(holder);
    // The watchdog takes it where it had to close a source again.
    if (held || (holder !== null && own.includes(holder) && !isLost)) return { kind: 'ours', text: node };
    if (holder !== null && !isLost)
      return {
        kind: 'failed',
        text: `${node}: the run lock is held by thread ${holder}, which is not this run's; expected it free. Another cockpit drives, or one was not ended`,
      };
    if (lookLater(context, `${name}@${node}`, lookAgainMs) !== null)
      return { kind: 'waiting', text: `the run lock of ${node}` };
  }
}

/** Ends lost sessions of this run and sees them gone; null when they are. */
function endLost(
  need: Needs,
  context: StepContext,
  [node, threads]: readonly [string, readonly number[]],
): Locked | null {
  const what = 'ending the lost sessions of this run';
  const ended = need.mysql('end-lost', [node, 'act'], ['killThreads', { threads }]);
  if (ended === undefined) return { kind: 'waiting', text: `the end of this run's lost sessions on ${node}` };
  if (ended.kind === 'none') return { kind: 'dark', text: trouble(node, what, ended) };
  for (let look = newestAsked(context, (each) => `gone${each}@${node}`); ; look += 1) {
    const alive = need.mysql(`gone${look}`, [node, 'act'], ['threadsAlive', { threads }]);
    if (alive === undefined)
      return { kind: 'waiting', text: `this run's lost sessions on ${node} to be gone` };
    if (alive.kind === 'none') return { kind: 'dark', text: trouble(node, what, alive) };
    if (alive.kind === 'refused') return { kind: 'failed', text: trouble(node, what, alive) };
    if (alive.value.alive.length === 0) return null;
    if (lookLater(context, `gone${look}@${node}`, lookAgainMs) !== null)
      return { kind: 'waiting', text: `sessions ${alive.value.alive.join(', ')} on ${node} to be gone` };
  }
}
