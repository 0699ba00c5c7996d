import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';
import { armedHosts, runHosts } from '../plan/switches.ts';
import type { Plan } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { stagedPath } from './durable-fence.ts';
import { entryIn } from './ledger.ts';
import { sourceNodes, type Needs, type StepContext } from './need.ts';
import { factsThroughDoors } from './oust.ts';
import type { Run } from './run.ts';
import type { UndoItem } from './undo.ts';

/** How every server was when the run took its lock, before it changed anything; what was not heard is left out. */
function factsAtLock(run: Run, node: string): FastFacts | null {
  const answer = entryIn(run.commands, `lock#1/seen@${node}`)?.answer;
  return answer?.kind === 'ok' ? (answer.value as FastFacts) : null;
}

/** What the servers show and this journal cannot explain; then nobody knows what to take back. */
export function notExplained(
  run: Run,
  plan: Plan,
  seen: Readonly<Record<string, FastFacts | null>>,
): readonly string[] {
  return plan.chains
    .flatMap(({ source }) => source.masters)
    .filter(({ instance }) => seen[instance]?.readOnly === true && factsAtLock(run, instance) === null)
    .map(({ instance }) => `${instance} is closed, and this journal ends before it says how it was before`);
}

/**
 * What the cockpit before may have begun behind the end of the journal that a takeover goes by: whatever is otherwise than
 * it was at the lock, and what is set back without harm where nothing had been changed. Observed, never assumed.
 */
export function foundUndo(
  run: Run,
  plan: Plan,
  seen: Readonly<Record<string, FastFacts | null>>,
): readonly UndoItem[] {
  if (run.phase === 'held') return [];
  const onServers = plan.chains.flatMap((chain) =>
    sourceNodes(chain).flatMap((node): readonly UndoItem[] => {
      const [before, now] = [factsAtLock(run, node), seen[node] ?? null];
      if (before === null || now === null) return [];
      const { receiver, ringChannel } = reverseEnds(chain);
      const reverseChannel = reverseChannelOf(chain);
      const has = ({ links }: FastFacts, channel: string): boolean =>
        links.some((link) => link.channel === channel);
      const runs = ({ links }: FastFacts, channel: string): boolean =>
        links.some((link) => link.channel === channel && link.applier === 'running');
      const isReceiver = chain.wayBack === 'reverse' && receiver === node;
      return [
        ...(!before.readOnly && now.readOnly
          ? [{ kind: 'thaw', instance: node, fenceThread: run.threads[node]?.['act'] ?? 0 } as const]
          : []),
        ...(before.eventScheduler && !now.eventScheduler
          ? [{ kind: 'scheduler-on', instance: node } as const]
          : []),
        ...(isReceiver && !has(before, reverseChannel) && has(now, reverseChannel)
          ? [{ kind: 'remove-reverse', instance: node, channel: reverseChannel } as const]
          : []),
        ...(isReceiver && runs(before, ringChannel) && !runs(now, ringChannel)
          ? [{ kind: 'close-ring', instance: node, channel: ringChannel } as const]
          : []),
      ];
    }),
  );
  const onHosts: readonly UndoItem[] = [
    ...plan.instances.flatMap(({ host, fenceDropIn }) =>
      fenceDropIn === undefined ? [] : [{ kind: 'unstage', host, path: stagedPath(fenceDropIn) } as const],
    ),
    ...armedHosts(plan).map((host) => ({ kind: 'stand-down', host }) as const),
    ...runHosts(plan).map((host) => ({ kind: 'epoch', host }) as const),
  ];
  const known = new Set(run.undo.map(sameUndo));
  return [...onServers, ...onHosts].filter((item) => !known.has(sameUndo(item)));
}

/** What two items of an undo list have in common when one of them is enough: a source is opened once, whichever session closed it. */
function sameUndo(item: UndoItem): string {
  return item.kind === 'thaw' ? `thaw ${item.instance}` : JSON.stringify(item);
}

/**
 * The same once more when the sessions of the cockpit before are gone: it may have done something between the look and its
 * end, and from here on it can do nothing more. A server that does not answer is looked at by the undo itself.
 */
export function foundAfterwards(need: Needs, { run, plan }: StepContext): readonly UndoItem[] | 'waiting' {
  const answers = plan.chains
    .flatMap(sourceNodes)
    .map((node) => [node, factsThroughDoors(need, 'left', node)] as const);
  if (answers.some(([, answer]) => answer === undefined)) return 'waiting';
  const seen = answers.map(([node, answer]) => [node, answer?.kind === 'ok' ? answer.value : null] as const);
  return foundUndo(run, plan, Object.fromEntries(seen));
}
