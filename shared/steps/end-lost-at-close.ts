import { wrongServer } from './before-fence.ts';
import { endLost, stillTheirs } from './lock-again.ts';
import { planNodes, trouble, type Needs, type StepContext } from './need.ts';
import { lostThreads } from './run.ts';

/** The watchdog's session alone comes back by itself, so it may reach a server that was away when the run was taken up. */
const door = 'watch';
const tag = '-at-close';
/** An uptime in whole seconds and two clocks: only a server that surely ran before this run began has its sessions still. */
const bootMarginMs = 5_000;
/** How often sessions that are being ended are looked for, ms. */
export const lookAgainAtCloseMs = 20;

/**
 * Sessions of a cockpit that died are ended when its run is taken up again, but not on a server that did not answer then.
 * Close ends them by number and sees them gone, because the lock that one may hold would refuse the next run; a server
 * that does not answer now either is only named. Empty: none is left anywhere.
 */
export function endLostAtClose(need: Needs, context: StepContext): 'waiting' | string {
  const results = planNodes(context.plan).flatMap((node) => {
    const lost = lostThreads(context.run, node);
    return lost.length === 0 ? [] : [{ node, lost, left: leftOn(need, context, [node, lost]) }];
  });
  if (results.some(({ left }) => left === 'waiting')) return 'waiting';
  const left = results.flatMap(({ node, lost, left: why }) =>
    why === null ? [] : [`${lost.join(', ')} on ${node} (${why})`],
  );
  return left.length === 0
    ? ''
    : ` Sessions of this run that may still hold its lock: ${left.join('; ')}. End them with KILL before the next run.`;
}

/** Why lost sessions may be left on a server; null: they are gone. Those that nobody knows of any more need no more than a look. */
function leftOn(
  need: Needs,
  context: StepContext,
  [node, lost]: readonly [string, readonly number[]],
): 'waiting' | string | null {
  const at = [node, door] as const;
  const facts = need.mysql(`server${tag}`, at, ['fastFacts', {}]);
  const alive = need.mysql(`alive${tag}`, at, ['threadsAlive', { threads: lost }]);
  if (facts === undefined || alive === undefined) return 'waiting';
  if (facts.kind !== 'ok') return trouble(node, 'asking who it is', facts);
  if (alive.kind !== 'ok') return trouble(node, 'looking for them', alive);
  const wrong = wrongServer(context, node, facts.value);
  if (wrong !== null) return wrong;
  const startedAt = facts.takenAt - facts.value.uptimeSeconds * 1_000;
  // A server that started since gave out its numbers anew: what has one of them now is somebody else's.
  if (startedAt > (context.run.begunAt?.utcMs ?? 0) + bootMarginMs || alive.value.alive.length === 0)
    return null;
  const theirs = stillTheirs(need, context, [at, alive.value.alive, tag]);
  const ended = 'kind' in theirs ? theirs : endLost(need, context, [at, theirs, tag]);
  if (ended === null) return null;
  return ended.kind === 'waiting' ? 'waiting' : ended.text;
}
