import { entriesOf } from './ledger.ts';
import type { Needs } from './need.ts';
import type { Run } from './run.ts';

/**
 * Gives back what the watchdog's session took. The run's own sessions lose their locks when they are closed; the one that
 * watches stays open behind the run, and its lock would refuse the next one. Null: nothing is held there any more. Without
 * an answer the session is gone, and the lock with it.
 */
export function giveLocksBack(need: Needs, run: Run): string | null {
  const taken = entriesOf(run.commands).flatMap(({ command: { action }, answer }) =>
    action.kind === 'mysql' &&
    action.session === 'watch' &&
    action.operation === 'takeLock' &&
    answer?.kind === 'ok'
      ? [action.instance]
      : [],
  );
  const left = [...new Set(taken)].filter(
    (node) => need.mysql('give-back', [node, 'watch'], ['releaseLock', {}]) === undefined,
  );
  return left.length === 0 ? null : `the run lock of ${left.join(', ')} to be given back`;
}
