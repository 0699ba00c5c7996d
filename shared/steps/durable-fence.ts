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

/** What makes a server start closed that cannot remember it by itself. */
export const dropInContent = '[mysqld]\nread_only=1\n';

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
    if (seen?.readOnly !== false || seen.position.flavor !== 'mariadb' || fenceDropIn === undefined) continue;
    const path = stagedPath(fenceDropIn);
    const put = need.sshFile(`${id}.stage`, [host, path, () => dropInContent], {
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
  const instance = instanceOf(plan, node);
  const seen = lastSeen(run, node);
  // MySQL keeps it by itself (SET PERSIST), super_read_only included; the file is for servers that cannot.
  if (seen.position.flavor === 'mariadb' && instance.fenceDropIn !== undefined) {
    // The name carries the instance: two may be on one host.
    const placed = need.sshMove(
      `${node}.drop-in`,
      [instance.host, stagedPath(instance.fenceDropIn), instance.fenceDropIn],
      {},
    );
    if (placed === undefined) return 'waiting';
    // An earlier attempt may have moved it: put there whole, it is the same file.
    if (placed.kind !== 'ok' && attempt > 1) {
      const put = need.sshFile(
        `${node}.drop-in-again`,
        [instance.host, instance.fenceDropIn, () => dropInContent],
        {},
      );
      return put === undefined ? 'waiting' : put.kind === 'ok' ? 'durable' : 'not-durable';
    }
    return placed.kind === 'ok' ? 'durable' : 'not-durable';
  }
  const set = need.mysql('persist', [node, 'act'], ['persistFence', {}]);
  if (set === undefined) return 'waiting';
  return set.kind === 'ok' && set.value.durable ? 'durable' : 'not-durable';
}
