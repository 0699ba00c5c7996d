import { stillLocked } from './locked-accounts.ts';
import type { Needs, StepContext } from './need.ts';
import type { UndoItem } from './undo.ts';
import {
  endUnanswered,
  isSame,
  throughDoors,
  unanswered,
  type Door,
  type DoorResult,
} from './unwind-doors.ts';
import { maintenanceOff, unstage, type Restored } from './unwind-hosts.ts';

type SmallItem = Exclude<UndoItem, { kind: 'thaw' | 'maintenance-off' | 'unstage' | 'stand-down' | 'epoch' }>;

/** Takes one of the smaller changes back, and reads it back. */
export function restore(
  need: Needs,
  context: StepContext,
  item: Exclude<UndoItem, { kind: 'thaw' | 'stand-down' | 'epoch' }>,
): Restored {
  if (item.kind === 'maintenance-off') return maintenanceOff(need, context, item);
  if (item.kind === 'unstage') return unstage(need, context, item);
  return throughDoors(context, item.instance, (door) => restoreOn(need, context, [item, door]));
}

function restoreOn(need: Needs, context: StepContext, [item, door]: readonly [SmallItem, Door]): DoorResult {
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
): DoorResult {
  const seen = need.mysql(`after-unlock-accounts-${tag}`, [instance, session], ['accounts', {}]);
  if (seen === undefined) return 'waiting';
  if (seen.kind !== 'ok') return unanswered(instance, 'reading its accounts back', seen);
  const locked = stillLocked(seen.value, accounts);
  return locked.length === 0
    ? 'done'
    : { failed: `${locked.join(', ')} still locked; expected open as before` };
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
