import {
  done,
  failure,
  needs,
  planNodes,
  type Needs,
  type Progress,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { takeEpochsAgain } from './epoch.ts';
import { foundAfterwards } from './found.ts';
import { detachedTargets, mayOpen, oustAll, type Ousting } from './oust.ts';
import { giveLocksBack } from './give-lock-back.ts';
import { lostThreads } from './run.ts';
import { whyNotAtSource } from './conclude.ts';
import { startsOpen } from './starts-open.ts';
import { undoHostMs } from './undo-limits.ts';
import { itemText, type UndoItem } from './undo.ts';
import {
  endUnanswered,
  isSame,
  lookAgainMs,
  spareDoor,
  throughDoors,
  unanswered,
  type Door,
  type DoorResult,
} from './unwind-doors.ts';
import { dropEpochs, isLeft, standDownAll, type Restored, type Undone } from './unwind-hosts.ts';
import { restore } from './unwind-small.ts';

/**
 * Takes everything back: the undo list as data, on sessions of its own, within a budget of its own.
 *
 * Per instance: end a statement whose effect is not known yet (a waiting fence would take effect later) and see it gone,
 * then thaw, then read back twice; only then the smaller things. Each line that cannot be restored is named.
 */
export const unwind: StepFunction = (context) => {
  const need = needs(context);
  if (context.run.ponrAt !== null) return atSource(need, context);
  if (!context.run.ousting) return takeBack(need, context, null);
  const ousting = oustAll(need, context);
  if (ousting.waiting.length > 0)
    return need.waiting(ousting.waiting.join('; '), context.now.monoMs + lookAgainMs);
  const found = foundAfterwards(need, context);
  if (found === 'waiting') return need.waiting('a look at what the cockpit before left in its last moment');
  const run = { ...context.run, undo: [...context.run.undo, ...found] };
  return takeBack(need, { ...context, run }, ousting);
};

/**
 * Behind the point of no return nothing is thawed: a run ends here only where the second stage of its switches opened every
 * source, and that is looked at first. No line of this opens or closes a server.
 */
function atSource(need: Needs, context: StepContext): Progress {
  const wrong = whyNotAtSource(need, context);
  if (wrong?.kind === 'waiting') return need.waiting(wrong.text);
  return wrong === null ? takeBack(need, context, null) : failure(wrong.text);
}

function takeBack(need: Needs, context: StepContext, ousting: Ousting | null): Progress {
  const items = context.run.undo;
  const thaws = items.filter((item) => item.kind === 'thaw');
  const results = thaws.map((item) => ({
    item,
    result: mayOpen(need, context, [item.instance, ousting]) ?? thaw(need, context, item),
  }));
  // A cockpit that died, or failed, behind the last host of an undo has given epochs back: nothing is let through there.
  const isAgain = context.attempt > 1 || ousting !== null;
  const limit = { limitMs: undoHostMs(context.plan) };
  const told = isAgain ? takeEpochsAgain(need, context.run, limit) : [];
  const restored = results.every(({ result }) => result !== 'waiting') && told !== 'waiting';
  // The small things wait for every thaw: the application comes first.
  const others = restored ? restoreAll(need, context) : [];
  // Only behind the point of no return, as this journal or another cockpit's has it, a fence was made durable and a link taken away.
  const mayHavePassed = ousting !== null || context.run.ponrAt !== null;
  const durable = restored && mayHavePassed ? thaws.map((item) => forgetsFence(need, context, item)) : [];
  const changes = [...results, ...others, ...durable];
  // A switch is stood down last, and only where nothing is left for it to do.
  const safe = restored && changes.every(({ result }) => result === 'done' || isLeft(result));
  const stood = safe ? standDownAll(need, context) : [];
  // What stands its switch down must be let through there: the epoch goes after it.
  const over = safe && stood.every(({ result }) => result !== 'waiting');
  const all = [...changes, ...stood, ...(over ? dropEpochs(need, context) : [])];
  const waiting = all.flatMap(({ item, result }) => {
    if (result === 'waiting') return [itemText(item)];
    return typeof result === 'object' && 'again' in result ? [`${itemText(item)} (${result.again})`] : [];
  });
  if (told === 'waiting') waiting.push('the epoch of this run on every host');
  if (!restored || waiting.length > 0)
    return need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
  const failed = all.flatMap(({ item, result }) =>
    typeof result === 'object' && 'failed' in result ? [`${itemText(item)}: ${result.failed}`] : [],
  );
  if (failed.length > 0) return failure(`Not restored: ${failed.join('; ')}`);
  const lost = endLostSessions(need, context);
  if (lost === 'waiting')
    return need.waiting(`this run's lost sessions to be gone`, context.now.monoMs + lookAgainMs);
  const held = giveLocksBack(need, context.run);
  if (held !== null) return need.waiting(held);
  const left = all.flatMap(({ result }) =>
    typeof result === 'object' && 'left' in result ? [result.left] : [],
  );
  const detached = mayHavePassed && thaws.length > 0 ? detachedTargets(need, context) : [];
  const writable =
    thaws.length === 0
      ? ''
      : `${thaws.map(({ instance }) => instance).join(', ')} writable again, read twice. `;
  if (items.length === 0) return done(`Nothing had been changed.${lost}`);
  return done(
    `${writable}${all.length - left.length} of ${all.length} changes restored.${detached.length === 0 ? '' : ` ${detached.join(', ')} no longer follows its source, because the cockpit before had begun to promote: configure that link again before the next run.`}${left.length === 0 ? '' : ` Left behind, and harmless: ${left.join('; ')}.`}${lost}`,
  );
}

/** The cockpit before may have made its fence durable: a point of no return that never reached the mirror. */
function forgetsFence(need: Needs, context: StepContext, item: Extract<UndoItem, { kind: 'thaw' }>): Undone {
  const result = throughDoors(context, item.instance, ({ session, tag }) => {
    const { kind, text } = startsOpen(need, context, [item.instance, session, `-${tag}`]);
    const left = `what would close it at its next start may be there still: ${text}`;
    if (kind === 'silent') return { silent: left };
    return kind === 'failed' ? { failed: left } : kind;
  });
  return { item, result };
}

/** Everything but the thaws; the ring closes last, and only where the reverse link is seen gone: events could circle. */
function restoreAll(need: Needs, context: StepContext): readonly Undone[] {
  const small = context.run.undo.filter(
    (item) => item.kind !== 'thaw' && item.kind !== 'stand-down' && item.kind !== 'epoch',
  );
  const first = small
    .filter((item) => item.kind !== 'close-ring')
    .map((item): Undone => ({ item, result: restore(need, context, item) }));
  const rings = small
    .filter((item) => item.kind === 'close-ring')
    .map((item): Undone => {
      const link = first.find(
        ({ item: other }) => other.kind === 'remove-reverse' && other.instance === item.instance,
      );
      if (link === undefined || link.result === 'done') return { item, result: restore(need, context, item) };
      if (link.result === 'waiting' || 'again' in link.result) return { item, result: link.result };
      return {
        item,
        result: { failed: 'left open, because the reverse link may still be there and events could circle' },
      };
    });
  return [...first, ...rings];
}

function thaw(need: Needs, context: StepContext, item: Extract<UndoItem, { kind: 'thaw' }>): Restored {
  if (context.run.ponrAt !== null)
    return throughDoors(context, item.instance, (door) => seenOpen(need, context, [item.instance, door]));
  return throughDoors(context, item.instance, (door) => thawOn(need, context, [item, door]));
}

/** Opened by its switch: nothing is sent, and it must be seen open, twice. */
function seenOpen(need: Needs, context: StepContext, [instance, door]: readonly [string, Door]): DoorResult {
  const same = isSame(need, context, [instance, door]);
  if (same !== 'done') return same;
  return readOpenTwice(need, [instance, door], () => ({
    failed: 'it refuses writes again; expected it open',
  }));
}

/** Whatever was answered, only the server's own word counts: read twice. */
function readOpenTwice(
  need: Needs,
  [instance, { session, tag }]: readonly [string, Door],
  stillClosed: () => DoorResult,
): DoorResult {
  for (const name of ['first', 'second']) {
    const seen = need.mysql(`${name}-${tag}`, [instance, session], ['fastFacts', {}]);
    if (seen === undefined) return 'waiting';
    if (seen.kind !== 'ok') return unanswered(instance, 'reading the thaw back', seen);
    if (seen.value.readOnly) return stillClosed();
  }
  return 'done';
}

function thawOn(
  need: Needs,
  context: StepContext,
  [{ instance, fenceThread }, door]: readonly [Extract<UndoItem, { kind: 'thaw' }>, Door],
): DoorResult {
  const at = [instance, door.session] as const;
  const same = isSame(need, context, [instance, door]);
  if (same !== 'done') return same;
  const cleared = endUnanswered(need, context, [instance, door]);
  if (cleared !== 'done') return cleared;
  const lock = need.mysql(`lock-${door.tag}`, at, ['takeLock', {}]);
  if (lock === undefined) return 'waiting';
  if (lock.kind !== 'ok') return unanswered(instance, 'looking at the run lock', lock);
  // Any session of ours may hold it: the acting one, or the spare that took it before this one was asked.
  const ours = [...new Set([fenceThread, ...Object.values(context.run.threads[instance] ?? {})])];
  const theirs = !lock.value.held && !ours.includes(lock.value.holder ?? -1);
  // Where somebody else holds the lock, the dead-man's switch may have opened it under that; nothing is sent there.
  const thawed = theirs
    ? notOurs(lock.value.holder)
    : need.mysql(`thaw-${door.tag}`, at, ['thaw', { lockHolders: ours }]);
  if (thawed === undefined) return 'waiting';
  const stillClosed = (): DoorResult => {
    if ('failed' in thawed) return thawed;
    return thawed.kind === 'ok'
      ? { failed: 'it still refuses writes; expected it open' }
      : unanswered(instance, 'thaw', thawed);
  };
  return readOpenTwice(need, [instance, door], stillClosed);
}

function notOurs(holder: number | null): { readonly failed: string } {
  return {
    failed: `the run lock is held by thread ${holder ?? 'unknown'}, which is not this run's; expected ours, or the server seen open`,
  };
}

/**
 * Last of all the run's lost sessions are ended wherever a server may still believe in them: the lock that one holds would
 * refuse the next run. Nobody's writes wait for that, so a server that does not answer now is only named.
 */
function endLostSessions(need: Needs, context: StepContext): 'waiting' | string {
  const results = planNodes(context.plan)
    .filter((node) => lostThreads(context.run, node).length > 0)
    .map((node) => ({ node, result: endUnanswered(need, context, [node, spareDoor]) }));
  if (results.some(({ result }) => result === 'waiting')) return 'waiting';
  const left = results.flatMap(({ node, result }) =>
    result === 'done' ? [] : [`${lostThreads(context.run, node).join(', ')} on ${node}`],
  );
  return left.length === 0
    ? ''
    : ` Sessions of this run that may still hold its lock: ${left.join('; ')}. End them with KILL before the next run.`;
}
