import type { Chain, Plan } from '../plan/plan.ts';
import { concludableAt } from './at-source.ts';
import type { Alarm } from './event.ts';
import type { Run, StepKey } from './run.ts';

/**
 * A step that a person may begin: it failed, what it had done was seen undone since, it is the other way to announce, or it
 * concludes a run whose sources the dead-man's switches opened again.
 */
export type Again = {
  readonly step: StepKey;
  readonly because:
    'failed' | 'target-closed' | 'ring-closed' | 'way-back-stopped' | 'other-plane' | 'at-source';
  /** Where it was seen undone; nowhere for any other reason. */
  readonly instances: readonly string[];
};

/** Alarms that say that a finished step is undone, with the step that does it again. */
const undoneBy = [
  { because: 'target-closed', step: 'promote' },
  { because: 'ring-closed', step: 'reverse' },
  { because: 'way-back-stopped', step: 'reverse' },
] as const;

/** What one press may begin once more, as the run's own record knows it. */
export function stepsToTryAgain(run: Run, plan: Plan): readonly Again[] {
  if (run.outcome === 'ousted' || run.outcome === 'reversed') return [];
  const failed = Object.values(run.steps).filter(({ state }) => state === 'failed');
  // Before the point of no return a thaw that failed is the one thing that may be tried again.
  const mayBegin = failed.filter(({ step }) => (run.ponrAt === null) === (step === 'unwind'));
  const asFailed = mayBegin.map(({ key }): Again => ({ step: key, because: 'failed', instances: [] }));
  const atSource = concludableAt(run, plan);
  if (atSource.length > 0)
    return [...asFailed, { step: 'unwind', because: 'at-source', instances: atSource }];
  const isOpen = run.ponrAt !== null && (run.phase === 'watching' || run.phase === 'running');
  if (!isOpen) return asFailed;
  const undone = plan.chains.flatMap((chain) =>
    undoneBy.flatMap(({ because, step }): readonly Again[] => {
      const instances = undoneSince(run, chain, because);
      return instances.length === 0 ? [] : [{ step: `${step}:${chain.id}`, because, instances }];
    }),
  );
  // One press opens the ring and sees to the link: it is offered once, by the worse of its reasons.
  const pressed = undone.filter((each, at) => undone.findIndex(({ step }) => step === each.step) === at);
  return [...asFailed, ...pressed, ...otherPlane(run, plan)];
}

/** The two ways by which a run with a flip may announce: one of them was given up, or is not believed. */
const planes = { flip: 'announce', announce: 'flip' } as const;

/** The way that is not the one in hand: plan B behind a flip that is over, and the flip once more where plan B failed. */
function otherPlane({ steps, zones }: Run, { dns }: Plan): readonly Again[] {
  if (dns?.flip?.batch !== 'plan-b') return [];
  const press = (step: StepKey): Again => ({ step, because: 'other-plane', instances: [] });
  const flipOver = steps['flip']?.state === 'done' || steps['flip']?.state === 'failed';
  const hasBatch = (zones ?? []).some(({ batch }) => batch.changes.length > 0);
  if (flipOver && hasBatch && steps['announce']?.state === 'absent') return [press('announce')];
  return steps['flip']?.state === 'absent' && steps['announce']?.state === 'failed' ? [press('flip')] : [];
}

/** Whoever takes the one way gives the other one up where it failed: the run waits for it no longer. */
export function withoutOtherPlane(run: Run, { dns }: Plan, key: StepKey): Run {
  if (dns?.flip?.batch !== 'plan-b' || (key !== 'flip' && key !== 'announce')) return run;
  const other = run.steps[planes[key]];
  if (other?.state !== 'failed') return run;
  const text = `Given up for the other way to announce. ${other.text}`;
  return { ...run, steps: { ...run.steps, [other.key]: { ...other, state: 'absent', text } } };
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
