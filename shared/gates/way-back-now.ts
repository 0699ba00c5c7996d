import type { Snapshot } from '../observations/snapshot.ts';
import type { Plan } from '../plan/plan.ts';
import { ringClosed } from '../steps/way-back.ts';
import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';

/** Why the way back is not open at this moment, as the source itself tells of its link to the target; null when it is. */
export function wayBackTrouble(plan: Plan, { instances }: Snapshot): string | null {
  for (const chain of plan.chains) {
    const { receiver, from } = reverseEnds(chain);
    const fast = instances[receiver]?.fast;
    if (fast?.kind !== 'known') return `${receiver} does not answer: ${fast?.why ?? 'it was never seen'}`;
    const link = fast.value.links.find(({ channel }) => channel === reverseChannelOf(chain));
    if (link === undefined) return `${receiver} has no reverse link to ${from}`;
    const error = link.applierError ?? link.receiverError;
    if (link.receiver !== 'running' || link.applier !== 'running' || error !== null)
      return `the reverse link of ${receiver} to ${from} does not run${error === null ? ` (receiver ${link.receiver}, applier ${link.applier})` : ` (error ${error.code}: ${error.message})`}`;
    if (ringClosed(chain, fast.value))
      return `${receiver} follows its co-master again: what the target writes circles through the ring of ${chain.id}. Open the ring again first, and compare tables without a primary key`;
  }
  return null;
}
