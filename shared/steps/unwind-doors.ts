import { wrongServer } from './before-fence.ts';
import { entryIn } from './ledger.ts';
import { commandKey, lookLater, newestAsked, trouble, type Needs, type StepContext } from './need.ts';
import { lostThreads, unansweredEffects } from './run.ts';
import type { Answer, SessionPurpose } from '../sessions/session.ts';
import type { Restored } from './unwind-hosts.ts';

/**
 * A session the undo may use, and how its questions are named. The spare comes first, then the one that only read so
 * far. When the server itself went away, both are lost for good; the watchdog's session alone comes back by itself, so
 * the undo goes on through it, round after round, until its own budget is over.
 */
export type Door = { readonly session: SessionPurpose; readonly tag: string };

export const spareDoor: Door = { session: 'abort', tag: 'abort' };

const minuteDoors: readonly Door[] = [spareDoor, { session: 'look', tag: 'look' }];

/** How often a server that does not answer is asked again, ms. */
const askAgainMs = 250;

/** How often a thread that is being ended is looked for, ms. */
export const lookAgainMs = 20;

/** Tries one item through each door in turn, and through the watchdog's as long as nobody answers there. */
export function throughDoors(
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

/** What came of one item through one door. */
export type DoorResult = 'done' | 'waiting' | Silent | { readonly failed: string };

/** No answer: whether it took effect is unknown, and another session may know. */
export type Silent = { readonly silent: string };

/** An answer that brought no value: silence, or a refusal. */
export function unanswered(
  instance: string,
  what: string,
  answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
): Silent | { readonly failed: string } {
  const text = trouble(instance, what, answer);
  return answer.kind === 'none' ? { silent: text } : { failed: text };
}

/** A session that came back may have reached another server: nothing is done there before it has said who it is. */
export function isSame(
  need: Needs,
  context: StepContext,
  [instance, door]: readonly [string, Door],
): DoorResult {
  if (door.session !== 'watch') return 'done';
  const seen = need.mysql(`who-${door.tag}`, [instance, door.session], ['fastFacts', {}]);
  if (seen === undefined) return 'waiting';
  if (seen.kind !== 'ok') return unanswered(instance, 'asking who it is', seen);
  const wrong = wrongServer(context, instance, seen.value);
  return wrong === null ? 'done' : { failed: wrong };
}

/** The threads that were asked to end: those alone are waited for, as what made them be asked may have passed since. */
function askedToEnd({ run, key, attempt }: StepContext, name: string): readonly number[] | null {
  const action = entryIn(run.commands, commandKey(key, attempt, name))?.command.action;
  return action?.kind === 'mysql' && action.operation === 'killThreads' ? action.input.threads : null;
}

/** The acting session's thread, where an effect of it has no answer yet. */
function actingOnUnknown({ run, key }: StepContext, instance: string): readonly number[] {
  const acting = run.threads[instance]?.['act'];
  const pending = unansweredEffects(run, instance).some(({ step }) => step !== key);
  return acting !== undefined && pending ? [acting] : [];
}

/**
 * A statement without an answer may still be queued on the server: its thread is ended and seen gone before the undo. So
 * is every lost session, of which nobody knows what it still has there.
 */
export function endUnanswered(
  need: Needs,
  context: StepContext,
  [instance, { session, tag }]: readonly [string, Door],
): DoorResult {
  const at = [instance, session] as const;
  const threads = askedToEnd(context, `end-${tag}@${instance}`) ?? [
    ...actingOnUnknown(context, instance),
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
