import { keyOfSet, sameSet, type RecordSet } from '../../shared/observations/record-set.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { unchangingBatch, type ChangeBatch } from '../../shared/steps/change-batch.ts';
import type { ClockPort, ZoneChannel } from '../ports.ts';
import { pause } from './pause.ts';

/** What changing a zone outside the minute needs. */
export type ZoneAtWork = {
  readonly channel: ZoneChannel;
  readonly clock: ClockPort;
  readonly say: (line: string) => void;
};

const callMs = 20_000;
/** Sent again only where Route 53 says that nothing happened; together these outlast a throttling of 30 s. */
const againAfterMs = [1_000, 2_000, 4_000, 8_000, 16_000] as const;
const pollMs = 2_000;
/** Route 53 says mostly within 60 s; what takes longer is said and looked at another time. */
export const insyncWithinMs = 180_000;

/**
 * Submits a batch: again only where nothing happened, and settled by looking at the zone where nobody knows. The answer is
 * the id of a change whose INSYNC means that this one is in force everywhere.
 */
export async function submitBatch(
  { channel, clock, say }: ZoneAtWork,
  batch: ChangeBatch,
  comment: string,
): Promise<Result<string, string>> {
  for (const waitMs of [...againAfterMs, null]) {
    const answer = await channel.change(batch, comment, callMs);
    if (answer.kind === 'ok') return ok(answer.value.changeId);
    if (answer.kind === 'none' && answer.why !== 'not-connected') {
      say(`${answer.message} The zone is looked at instead of sending it again.`);
      return settle(channel, batch, comment);
    }
    const mayAgain =
      answer.kind === 'none' || answer.refusal === 'throttled' || answer.refusal === 'prior-request';
    if (!mayAgain || waitMs === null) return failed(answer.message);
    say(`${answer.message} It is sent again in ${waitMs / 1_000} s.`);
    await pause(clock, waitMs);
  }
  return failed('Route 53 took no change, expected one of the attempts to be taken.');
}

/** Whether a change whose reply was lost happened; writing one of its record sets as it stands then gives an id to poll. */
async function settle(
  channel: ZoneChannel,
  batch: ChangeBatch,
  comment: string,
): Promise<Result<string, string>> {
  const names = [...new Set(batch.changes.map(({ set }) => set.name))];
  const listed = await channel.listNames(names, callMs);
  if (listed.kind !== 'ok')
    return failed(
      `Whether the change happened is unknown: ${listed.message} Run the command again: it begins by looking.`,
    );
  if (!holdsAfter(batch, listed.value))
    return failed(
      'The reply was lost and the zone shows that the change did not happen: run the command again.',
    );
  const some = batch.changes.find(({ action }) => action !== 'DELETE');
  if (some === undefined) return ok('');
  const proof = await channel.change(unchangingBatch(some.set), comment, callMs);
  return proof.kind === 'ok'
    ? ok(proof.value.changeId)
    : failed(
        `The change happened, and when it is in force cannot be asked: ${proof.message} Run the command again.`,
      );
}

/** Whether these record sets are what a batch leaves behind. */
export function holdsAfter(batch: ChangeBatch, live: readonly RecordSet[]): boolean {
  const found = new Map(live.map((set) => [keyOfSet(set), set]));
  const written = new Set(
    batch.changes.flatMap(({ action, set }) => (action === 'DELETE' ? [] : [keyOfSet(set)])),
  );
  return batch.changes.every(({ action, set }) => {
    const there = found.get(keyOfSet(set));
    if (action === 'DELETE') return written.has(keyOfSet(set)) || there === undefined;
    return there !== undefined && sameSet(there, set);
  });
}

/** Waits until a change is INSYNC; answers with when that was seen (UTC ms), or why it was not. */
export async function untilInsync(
  { channel, clock, say }: ZoneAtWork,
  changeId: string,
): Promise<Result<number, string>> {
  const endsAt = clock.now().monoMs + insyncWithinMs;
  let last = 'it was not asked';
  let told = '';
  while (clock.now().monoMs < endsAt) {
    const state = await channel.changeState(changeId, callMs);
    if (state.kind === 'ok' && state.value.state === 'INSYNC') return ok(clock.now().utcMs);
    if (state.kind === 'refused' && state.refusal !== 'throttled') return failed(state.message);
    last = state.kind === 'ok' ? 'it is PENDING' : state.message;
    if (last !== told) say(`Change ${changeId}: ${last}.`);
    told = last;
    await pause(clock, pollMs);
  }
  return failed(
    `Change ${changeId} was not INSYNC within ${insyncWithinMs / 1_000} s: ${last}. Run the command again.`,
  );
}
