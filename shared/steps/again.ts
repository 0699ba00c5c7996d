import type { Chain, Plan } from '../plan/plan.ts';
import type { Alarm } from './event.ts';
import type { Run, StepKey } from './run.ts';

/** A step that a person may try again: it failed, or what it had done was seen undone since. */
export type Again = {
  readonly step: StepKey;
  readonly because: 'failed' | 'target-closed' | 'ring-closed';
  /** Where it was seen undone; nowhere for a step that failed. */
  readonly instances: readonly string[];
};

/** Alarms that say that a finished step is undone, with the step that does it again. */
const undoneBy = [
  { because: 'target-closed', step: 'promote' },
  { because: 'ring-closed', step: 'reverse' },
] as const;

/** What one press may begin once more, as the run's own record knows it. */
export function stepsToTryAgain(run: Run, plan: Plan): readonly Again[] {
  if (run.outcome === 'ousted' || run.outcome === 'reversed') return [];
  const failed = Object.values(run.steps).filter(({ state }) => state === 'failed');
  // Before the point of no return a thaw that failed is the one thing that may be tried again.
  const mayBegin = failed.filter(({ step }) => (run.ponrAt === null) === (step === 'unwind'));
  const asFailed = mayBegin.map(({ key }): Again => ({ step: key, because: 'failed', instances: [] }));
  const isOpen = run.ponrAt !== null && (run.phase === 'watching' || run.phase === 'running');
  if (!isOpen) return asFailed;
  const undone = plan.chains.flatMap((chain) =>
    undoneBy.flatMap(({ because, step }): readonly Again[] => {
      const instances = undoneSince(run, chain, because);
      return instances.length === 0 ? [] : [{ step: `${step}:${chain.id}`, because, instances }];
    }),
  );
  return [...asFailed, ...undone];
}

/** Instances of a chain at which a finished step was seen undone since it ended. */
export function undoneSince(
  run: Run,
  chain: Chain,
  because: (typeof undoneBy)[number]['because'],
): readonly string[] {
  const [known] = undoneBy.filter((each) => each.because === because);
  const done = run.steps[`${known?.step ?? ''}:${chain.id}`];
  const since = done?.state === 'done' ? (done.endedAt?.utcMs ?? Infinity) : Infinity;
  const told = run.alarms.flatMap(({ alarm, moment }) =>
    alarm.alarm === because && moment.utcMs > since && belongs(chain, alarm) ? [alarm.instance] : [],
  );
  return [...new Set(told)];
}

/** Whether a chain's target was open before: it is seen closed only once its promotion was read back. */
export function wasOpened(run: Run, chain: Chain): boolean {
  return run.alarms.some(({ alarm }) => alarm.alarm === 'target-closed' && belongs(chain, alarm));
}

function belongs({ source, target }: Chain, { instance }: Alarm): boolean {
  return [...source.masters, ...target.masters].some((member) => member.instance === instance);
}
