import type { OperationOutput } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import type { Command } from './command.ts';
import type { Plan } from '../plan/plan.ts';
import type { Run } from './run.ts';
import { switchActed } from './stand-down.ts';
import { entryIn } from './ledger.ts';

/** Alarms after the PONR that a new fence answers: closing a source is always allowed. */
const closable = new Set(['fence-lost']);

/**
 * After the PONR a source that came back writable is closed again at once: lock first, then the guarded fence. After a
 * restart the watchdog's session can take the lock, because the acting one died with the server; where somebody only
 * switched read_only off, the acting session holds the lock still, and the fence must come from it. Each alarm is
 * answered once; a new loss is a new alarm.
 */
export function refenceCommands(run: Run, plan: Plan): readonly Command[] {
  const { ponrAt } = run;
  // A run that another one turns round must not close what that one opens.
  if (ponrAt === null || run.reversing !== null || run.outcome === 'reversed') return [];
  return run.alarms.flatMap(({ alarm, moment }, index) => {
    if (!closable.has(alarm.alarm) || moment.monoMs < ponrAt.monoMs) return [];
    // The second stage opened it under the target's lock: the application writes there, and closing it again would lose that.
    if (switchActed(run, plan, alarm.instance)) return [];
    const place = { instance: alarm.instance, name: `watchdog#${index}` };
    const lock = lockCommand(place);
    const answer = entryIn(run.commands, lock.key)?.answer ?? null;
    const wanted = answer === null ? [lock] : [lock, fenceCommand(run, place, answer)];
    return wanted.filter(({ key }) => entryIn(run.commands, key) === undefined);
  });
}

type Place = { readonly instance: string; readonly name: string };

function lockCommand({ instance, name }: Place): Command {
  return {
    key: `${name}/lock@${instance}`,
    action: { kind: 'mysql', instance, session: 'watch', operation: 'takeLock', input: {} },
    limitMs: 1_000,
  };
}

function fenceCommand(run: Run, { instance, name }: Place, lock: Answer<unknown>): Command {
  const acting = run.threads[instance]?.['act'];
  const held = lock.kind === 'ok' ? (lock.value as OperationOutput<'takeLock'>) : null;
  const session = held !== null && !held.held && held.holder === acting ? 'act' : 'watch';
  return {
    key: `${name}/fence@${instance}`,
    action: { kind: 'mysql', instance, session, operation: 'fence', input: { lockWaitSeconds: 1 } },
    limitMs: 2_500,
  };
}
