import type { Answer } from '../sessions/session.ts';
import type { ZoneChange } from '../sessions/zone-answers.ts';
import { sieve } from './ledger.ts';
import type { IssuedCommand, Run } from './run.ts';

/** A change of this run that Route 53 took, and when that was heard (UTC ms). */
export type TakenChange = { readonly zone: string; readonly changeId: string; readonly heardAt: number };

/** A taken change as it was last seen; INSYNC is when every server of the zone has it. */
export type ChangeSeen = TakenChange & {
  readonly state: ZoneChange['state'];
  /** UTC ms at which it was first seen INSYNC. */
  readonly insyncAt: number | null;
  /** Why it could not be looked at just now. */
  readonly trouble: string | null;
};

const sent = sieve(
  ({ command: { action }, answer }: IssuedCommand) =>
    action.kind === 'zone' && action.ask === 'change' && answer?.kind === 'ok',
);

/** Every change of this run that Route 53 said it took. One whose reply was lost has no id to be looked at by. */
export function takenChanges(run: Run): readonly TakenChange[] {
  return sent(run.commands).flatMap(({ command: { action }, answer }) => {
    if (action.kind !== 'zone' || answer?.kind !== 'ok') return [];
    const { value, takenAt } = answer as Extract<Answer<ZoneChange>, { readonly kind: 'ok' }>;
    return [{ zone: action.zone, changeId: value.changeId, heardAt: takenAt }];
  });
}

/** What the watch knows of a change, in one sentence. */
export function changeSeenText({ zone, changeId, state, heardAt, insyncAt, trouble }: ChangeSeen): string {
  if (insyncAt !== null)
    return `${zone}: ${changeId} is INSYNC, ${Math.round((insyncAt - heardAt) / 1_000)} s after it was taken.`;
  return `${zone}: ${changeId} is ${state}${trouble === null ? '' : `; it cannot be looked at: ${trouble}`}.`;
}
