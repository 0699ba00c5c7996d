import type { SessionPurpose } from '../sessions/session.ts';
import { instanceOf, trouble, type Judged, type Needs, type StepContext } from './need.ts';
import { undoHostMs } from './undo-limits.ts';

/** `silent`: nobody answered on that session; another one may know. */
type StartsOpen = Judged | { readonly kind: 'silent'; readonly text: string };

/**
 * What once made a fence durable there would close it again at its next restart, in the middle of the day. `by`: names what
 * one door of several asks.
 */
export function startsOpen(
  need: Needs,
  { plan, run }: StepContext,
  [node, session, by = '']: readonly [node: string, session: SessionPurpose, by?: string],
): StartsOpen {
  const { host, fenceDropIn } = instanceOf(plan, node);
  if (run.identities[node]?.flavor === 'mysql') {
    const taken = need.mysql(`unpersist${by}`, [node, session], ['unpersistFence', {}]);
    if (taken === undefined) return { kind: 'waiting', text: `${node} to forget a fence that it kept` };
    if (taken.kind !== 'ok') {
      const text = trouble(node, 'taking back what would close it at its next start', taken);
      return { kind: taken.kind === 'none' ? 'silent' : 'failed', text };
    }
    // The file is there as well where it could not keep its fence by itself.
    if (fenceDropIn === undefined) return { kind: 'done', text: `${node} keeps no fence over a restart` };
  }
  if (fenceDropIn === undefined) return { kind: 'done', text: '' };
  // The name carries the instance: two may be on one host.
  const removed = need.sshFile(`${node}.drop-in`, [host, fenceDropIn, () => null], {
    limitMs: undoHostMs(plan),
  });
  if (removed === undefined) return { kind: 'waiting', text: `${fenceDropIn} to be gone on ${host}` };
  if (removed.kind !== 'ok')
    return { kind: 'failed', text: trouble(host, `removing ${fenceDropIn}`, removed) };
  return removed.value.sha256 === null
    ? { kind: 'done', text: `${node} keeps no fence over a restart` }
    : { kind: 'failed', text: `${fenceDropIn} is still on ${host}; expected it gone` };
}
