import type { Answer, SessionPurpose } from '../sessions/session.ts';
import { wrongServer } from './before-fence.ts';
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
import { detachedTargets, mayOpen, oustAll } from './oust.ts';
import { lostThreads, unansweredEffects } from './run.ts';
import { itemText, type UndoItem } from './undo.ts';
import {
  dropEpochs,
  isLeft,
  maintenanceOff,
  standDownAll,
  unstage,
  type Restored,
  type Undone,
} from './unwind-hosts.ts';
import { entryIn } from './ledger.ts';

/**
 * A session the undo may use, and how its questions are named. The spare comes first, then the one that only read so
 * far. When the server itself went away, both are lost for good; the watchdog's session alone comes back by itself, so
 * the undo goes on through it, round after round, until its own budget is over.
 */
type Door = { readonly session: SessionPurpose; readonly tag: string };

const spareDoor: Door = { session: 'abort', tag: 'abort' };

const minuteDoors: readonly Door[] = [spareDoor, { session: 'look', tag: 'look' }];

/** How often a server that does not answer is asked again, ms. */
const askAgainMs = 250;

/** How often a thread that is being ended is looked for, ms. */
const lookAgainMs = 20;

/**
 * Takes everything back: the undo list as data, on sessions of its own, within a budget of its own.
 *
 * Per instance: end a statement whose effect is not known yet (a waiting fence would take effect later) and see it gone,
 * then thaw, then read back twice; only then the smaller things. Each line that cannot be restored is named.
 */
export const unwind: StepFunction = (context) => {
  const need = needs(context);
  const items = context.run.undo;
  const thaws = items.filter((item) => item.kind === 'thaw');
  const ousting = context.run.ousting ? oustAll(need, context) : null;
  if (ousting !== null && ousting.waiting.length > 0)
    return need.waiting(ousting.waiting.join('; '), context.now.monoMs + lookAgainMs);
  const results = thaws.map((item) => ({
    item,
    result: mayOpen(need, context, [item.instance, ousting]) ?? thaw(need, context, item),
  }));
  const restored = results.every(({ result }) => result !== 'waiting');
  // The small things wait for every thaw: the application comes first.
  const others = restored ? restoreAll(need, context) : [];
  const changes = [...results, ...others];
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
  if (!restored || waiting.length > 0)
    return need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
  const failed = all.flatMap(({ item, result }) =>
    typeof result === 'object' && 'failed' in result ? [`${itemText(item)}: ${result.failed}`] : [],
  );
  if (failed.length > 0) return failure(`Not restored: ${failed.join('; ')}`);
  const lost = endLostSessions(need, context);
  if (lost === 'waiting')
    return need.waiting(`this run's lost sessions to be gone`, context.now.monoMs + lookAgainMs);
  const left = all.flatMap(({ result }) =>
    typeof result === 'object' && 'left' in result ? [result.left] : [],
  );
  const detached = ousting === null || thaws.length === 0 ? [] : detachedTargets(need, context);
  const writable =
    thaws.length === 0
      ? ''
      : `${thaws.map(({ instance }) => instance).join(', ')} writable again, read twice. `;
  if (items.length === 0) return done(`Nothing had been changed.${lost}`);
  return done(
    `${writable}${all.length - left.length} of ${all.length} changes restored.${detached.length === 0 ? '' : ` ${detached.join(', ')} no longer follows its source, because the cockpit before had begun to promote: configure that link again before the next run.`}${left.length === 0 ? '' : ` Left behind, and harmless: ${left.join('; ')}.`}${lost}`,
  );
};

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

/** Tries one item through each door in turn, and through the watchdog's as long as nobody answers there. */
function throughDoors(
  context: StepContext,
  instance: string,
  attempt: (door: Door) => Exclude<Restored, { readonly again: string } | { readonly left: string }> | Silent,
): Restored {
  for (const door of minuteDoors) {
    const result = attempt(door);
    if (result === 'done' || result === 'waiting') return result;
  }
  for (let round = newestAsked(context, (each) => `who-watch${each}@${instance}`); ; round += 1) {
    const tag = `watch${round}`;
    const result = attempt({ session: 'watch', tag });
    if (typeof result === 'string' || 'failed' in result) return result;
    if (lookLater(context, `who-${tag}@${instance}`, askAgainMs) !== null) return { again: result.silent };
  }
}

/** No answer: whether it took effect is unknown, and another session may know. */
type Silent = { readonly silent: string };

function unanswered(
  instance: string,
  what: string,
  answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
): Silent | { readonly failed: string } {
  const text = trouble(instance, what, answer);
  return answer.kind === 'none' ? { silent: text } : { failed: text };
}

/** A session that came back may have reached another server: nothing is done there before it has said who it is. */
function isSame(
  need: Needs,
  context: StepContext,
  [instance, door]: readonly [string, Door],
): 'done' | 'waiting' | Silent | { readonly failed: string } {
  if (door.session !== 'watch') return 'done';
  const seen = need.mysql(`who-${door.tag}`, [instance, door.session], ['fastFacts', {}]);
  if (seen === undefined) return 'waiting';
  if (seen.kind !== 'ok') return unanswered(instance, 'asking who it is', seen);
  const wrong = wrongServer(context, instance, seen.value);
  return wrong === null ? 'done' : { failed: wrong };
}

function thaw(need: Needs, context: StepContext, item: Extract<UndoItem, { kind: 'thaw' }>): Restored {
  return throughDoors(context, item.instance, (door) => thawOn(need, context, [item, door]));
}

function thawOn(
  need: Needs,
  context: StepContext,
  [{ instance, fenceThread }, door]: readonly [Extract<UndoItem, { kind: 'thaw' }>, Door],
): ReturnType<typeof isSame> {
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
  if (!lock.value.held && !ours.includes(lock.value.holder ?? -1)) {
    return {
      failed: `the run lock is held by thread ${lock.value.holder ?? 'unknown'}, which is not this run's; expected ours`,
    };
  }
  const thawed = need.mysql(`thaw-${door.tag}`, at, ['thaw', { lockHolders: ours }]);
  if (thawed === undefined) return 'waiting';
  // Whatever was answered, only the server's own word counts: read twice.
  for (const name of ['first', 'second']) {
    const seen = need.mysql(`${name}-${door.tag}`, at, ['fastFacts', {}]);
    if (seen === undefined) return 'waiting';
    if (seen.kind !== 'ok') return unanswered(instance, 'reading the thaw back', seen);
    if (seen.value.readOnly)
      return thawed.kind === 'ok'
        ? { failed: 'it still refuses writes; expected it open' }
        : unanswered(instance, 'thaw', thawed);
  }
  return 'done';
}

/**
 * A statement without an answer may still be queued on the server: its thread is ended and seen gone before the undo. So
 * is every lost session, of which nobody knows what it still has there.
 */
function endUnanswered(
  need: Needs,
  context: StepContext,
  [instance, { session, tag }]: readonly [string, Door],
): ReturnType<typeof isSame> {
  const at = [instance, session] as const;
  const acting = context.run.threads[instance]?.['act'];
  const pending = unansweredEffects(context.run, instance).some(({ step }) => step !== context.key);
  const ended =
    entryIn(context.run.commands, `${context.key}#${context.attempt}/end-${tag}@${instance}`) !== undefined;
  const threads = [
    ...(acting !== undefined && (pending || ended) ? [acting] : []),
    ...lostThreads(context.run, instance),
  ];
  if (threads.length === 0) return 'done';
  const killed = need.mysql(`end-${tag}`, at, ['killThreads', { threads }]);
  if (killed === undefined) return 'waiting';
  // A refusal is no trouble as long as the threads are seen gone; without an answer another session must try.
  if (killed.kind === 'none') return unanswered(instance, 'ending the pending statement', killed);
  for (let look = newestAsked(context, (each) => `alive${each}-${tag}@${instance}`); ; look += 1) {
    const alive = need.mysql(`alive${look}-${tag}`, at, ['threadsAlive', { threads }]);
    if (alive === undefined) return 'waiting';
    if (alive.kind !== 'ok') return unanswered(instance, 'looking for the pending statement', alive);
    if (alive.value.alive.length === 0) return 'done';
    if (lookLater(context, `alive${look}-${tag}@${instance}`, lookAgainMs) !== null) return 'waiting';
  }
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

type SmallItem = Exclude<UndoItem, { kind: 'thaw' | 'maintenance-off' | 'unstage' | 'stand-down' | 'epoch' }>;

function restore(
  need: Needs,
  context: StepContext,
  item: Exclude<UndoItem, { kind: 'thaw' | 'stand-down' | 'epoch' }>,
): Restored {
  if (item.kind === 'maintenance-off') return maintenanceOff(need, context, item);
  if (item.kind === 'unstage') return unstage(need, item);
  return throughDoors(context, item.instance, (door) => restoreOn(need, context, [item, door]));
}

function restoreOn(
  need: Needs,
  context: StepContext,
  [item, door]: readonly [SmallItem, Door],
): ReturnType<typeof isSame> {
  const at = [item.instance, door.session] as const;
  const same = isSame(need, context, [item.instance, door]);
  if (same !== 'done') return same;
  const cleared = endUnanswered(need, context, [item.instance, door]);
  if (cleared !== 'done') return cleared;
  if (door.session === 'watch') {
    // It came back by itself, maybe long after: whoever holds the lock by then has the run, and nothing is undone behind him.
    const lock = need.mysql(`small-lock-${door.tag}`, at, ['takeLock', {}]);
    if (lock === undefined) return 'waiting';
    if (lock.kind !== 'ok') return unanswered(item.instance, 'looking at the run lock', lock);
    const own = Object.values(context.run.threads[item.instance] ?? {});
    if (!lock.value.held && !own.includes(lock.value.holder ?? -1))
      return {
        failed: `the run lock is held by thread ${lock.value.holder ?? 'unknown'}, which is not this run's`,
      };
  }
  if (undoEffect(need, item, door) === undefined) return 'waiting';
  // Whatever was answered: only what is read back counts.
  if (item.kind === 'unlock-accounts') return readUnlocked(need, item, door);
  const seen = need.mysql(`after-${item.kind}-${door.tag}`, at, ['fastFacts', {}]);
  if (seen === undefined) return 'waiting';
  if (seen.kind !== 'ok') return unanswered(item.instance, 'reading it back', seen);
  if (item.kind === 'scheduler-on') {
    return seen.value.eventScheduler ? 'done' : { failed: 'it is still off; expected it on as before' };
  }
  const link = seen.value.links.find(({ channel }) => channel === item.channel);
  if (item.kind === 'remove-reverse') {
    return link === undefined ? 'done' : { failed: 'it is still configured; expected it gone' };
  }
  const runs = link !== undefined && link.receiver !== 'stopped' && link.applier === 'running';
  return runs ? 'done' : { failed: 'it does not run; expected it as before' };
}

function readUnlocked(
  need: Needs,
  { instance, accounts }: Extract<UndoItem, { kind: 'unlock-accounts' }>,
  { session, tag }: Door,
): ReturnType<typeof isSame> {
  const seen = need.mysql(`after-unlock-accounts-${tag}`, [instance, session], ['accounts', {}]);
  if (seen === undefined) return 'waiting';
  if (seen.kind !== 'ok') return unanswered(instance, 'reading its accounts back', seen);
  const locked = seen.value.accounts.filter(({ account, locked: is }) => is && accounts.includes(account));
  if (locked.length === 0) return 'done';
  return {
    failed: `${locked.map(({ account }) => account).join(', ')} still locked; expected open as before`,
  };
}

function undoEffect(need: Needs, item: SmallItem, { session, tag }: Door) {
  const at = [item.instance, session] as const;
  const name = `${item.kind}-${tag}`;
  if (item.kind === 'scheduler-on') return need.mysql(name, at, ['setEventScheduler', { on: true }]);
  if (item.kind === 'unlock-accounts')
    return need.mysql(name, at, ['lockAccounts', { accounts: item.accounts, locked: false }]);
  if (item.kind === 'remove-reverse') return need.mysql(name, at, ['removeLink', { channel: item.channel }]);
  return need.mysql(name, at, ['startLink', { channel: item.channel }]);
}
