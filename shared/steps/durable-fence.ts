import type { Flavor } from '../sessions/identity.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { nodesToFence } from './fence.ts';
import {
  done,
  instanceOf,
  needs,
  trouble,
  type ChainStepFunction,
  type Judged,
  type Needs,
  type StepContext,
} from './need.ts';
import { lastSeen } from './passage.ts';

/** What makes a server start closed that does not remember it by itself. */
export function dropInContent(flavor: Flavor): string {
  return `[mysqld]\nread_only=1\n${flavor === 'mysql' ? 'super_read_only=1\n' : ''}`;
}

/** Beside its place, under a name that no server reads. */
export function stagedPath(dropIn: string): string {
  return `${dropIn}.staged`;
}

/**
 * Puts the drop-in files beside their places while everything is writable still: in the passage a rename is left to do,
 * and whoever may not write there is found out before anything is closed.
 */
export function stageDropIns(
  need: Needs,
  { plan }: StepContext,
  facts: Readonly<Record<string, FastFacts>>,
): Judged {
  const staged: string[] = [];
  const waiting: string[] = [];
  for (const { id, host, fenceDropIn } of plan.instances) {
    const seen = facts[id];
    if (seen?.readOnly !== false || fenceDropIn === undefined) continue;
    const path = stagedPath(fenceDropIn);
    const put = need.sshFile(`${id}.stage`, [host, path, () => dropInContent(seen.position.flavor)], {
      undo: { kind: 'unstage', host, path },
    });
    if (put === undefined) waiting.push(path);
    else if (put.kind !== 'ok') return { kind: 'failed', text: trouble(host, `putting ${path} there`, put) };
    else staged.push(path);
  }
  if (waiting.length > 0) return { kind: 'waiting', text: `${waiting.join(', ')} to be put in place` };
  return { kind: 'done', text: staged.length === 0 ? '' : ` ${staged.length} drop-in files are ready.` };
}

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
  { plan, run, attempt }: StepContext,
  node: string,
): 'durable' | 'not-durable' | 'waiting' {
  const { host, fenceDropIn } = instanceOf(plan, node);
  const { flavor } = lastSeen(run, node).position;
  if (flavor === 'mysql' || fenceDropIn === undefined) {
    const set = need.mysql('persist', [node, 'act'], ['persistFence', {}]);
    if (set === undefined) return 'waiting';
    if (set.kind === 'ok' && set.value.durable) return 'durable';
    // One that died under it starts again by what stands in its files, faster than the watchdog closes it.
    if (fenceDropIn === undefined) return 'not-durable';
  }
  // The name carries the instance: two may be on one host.
  const placed = need.sshMove(`${node}.drop-in`, [host, stagedPath(fenceDropIn), fenceDropIn], {});
  if (placed === undefined) return 'waiting';
  if (placed.kind === 'ok' || attempt === 1) return placed.kind === 'ok' ? 'durable' : 'not-durable';
  // An earlier attempt may have moved it: put there whole, it is the same file.
  const put = need.sshFile(`${node}.drop-in-again`, [host, fenceDropIn, () => dropInContent(flavor)], {});
  if (put === undefined) return 'waiting';
  return put.kind === 'ok' ? 'durable' : 'not-durable';
}
