import type { RunView } from '../../shared/contract/view.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { stepsToTryAgain, type Again } from '../../shared/steps/again.ts';
import { planesOf } from '../../shared/steps/flip-planes.ts';
import { changedZones } from '../../shared/steps/overwrite.ts';
import type { Run } from '../../shared/steps/run.ts';
import { ringClosed, wayBackStopped } from '../../shared/steps/way-back.ts';
import { alarmText } from '../../shared/steps/wording.ts';

/** What a press may begin once more, with what it will do; what is seen to be as it must be again is not offered. */
export function againView(run: Run, plan: Plan, snapshot: Snapshot): RunView['retry'] {
  return stepsToTryAgain(run, plan)
    .filter(({ step, because }) => step !== 'unwind' || because === 'at-source')
    .filter((again) => isStillUndone(plan, snapshot, again))
    .map((again): Press => ({ step: again.step, overwrite: false, ...wording(run, plan, again) }))
    .concat(overwriteView(run));
}

type Press = RunView['retry'][number];

/** Beside the retry of *announce*, where a zone was changed by somebody else: what is there is overwritten. */
function overwriteView(run: Run): readonly Press[] {
  const changed = changedZones(run);
  if (changed.length === 0) return [];
  const zones = changed.map(({ zone }) => zone).join(', ');
  return [
    {
      step: 'announce',
      overwrite: true,
      label: `Overwrite what ${zones} holds now`,
      why: `Lists the planned names once more; if they still are what is shown above, writes the plan's after over them (UPSERT) and deletes what the plan deletes. What somebody else wrote there is lost. If they changed again, nothing is written and the new difference is shown.`,
      alarm: null,
    },
  ];
}

function wording(
  run: Run,
  plan: Plan,
  { step, because, instances }: Again,
): Omit<Press, 'step' | 'overwrite'> {
  const where = instances.join(' and ');
  const chain = run.steps[step]?.chain ?? '';
  const plane = planesOf(plan.dns).find((each) => each.step === step);
  if (because === 'failed') {
    const by = plane === undefined || plan.dns?.flip === undefined ? '' : ` By the ${plane.says}.`;
    return { label: `Retry ${step}`, why: `${run.steps[step]?.text ?? ''}${by}`, alarm: null };
  }
  if (because === 'other-plane')
    return step === 'flip'
      ? {
          label: `Flip the ${plan.dns?.flip?.by === 'routing-controls' ? 'routing controls' : 'files'} once more`,
          why: `By the ${plane?.says ?? ''}. The change batch, which failed, is given up.`,
          alarm: null,
        }
      : {
          label: 'Plan B: change Route 53 itself',
          why: `By the ${plane?.says ?? ''}. Lists the planned names first; what the flip did stays as it is. For a flip that failed, or that the readout does not show.`,
          alarm: null,
        };
  if (because === 'at-source')
    return {
      label: 'Conclude at the source',
      why: `Asks every dead-man's switch and every server once more; only where ${where} are open by their switches, every target is closed, and no target holds what its source has not, it sets back what is left, has the switches let the run locks go, and ends the run as thawed. It opens and closes no server.`,
      alarm: null,
    };
  const told = run.alarms.findLast(
    ({ alarm }) => alarm.alarm === because && instances.includes(alarm.instance),
  );
  const alarm = told === undefined ? where : alarmText(told.alarm);
  if (because === 'target-closed')
    return {
      label: `Open ${where} again`,
      why: `Sees that every source of ${chain} is closed and that ${where} is the server that this run promoted; takes the run lock there; then opens it for writes under that lock, for ${run.steps[step]?.limitMs ?? 0} ms at most, and reads it back with a canary. Otherwise nothing is changed, and it says why.`,
      alarm,
    };
  if (because === 'way-back-stopped')
    return {
      label: `Start the way back of ${chain} again`,
      why: `Sees the ring open at ${where}, then starts the reverse link with its account and sees it run. What was written meanwhile comes after. Nothing is skipped: an event that cannot be applied stops it again, and it says which.`,
      alarm,
    };
  return {
    label: `Open the ring of ${chain} again`,
    why: `Stops the link by which ${where} follows its co-master, by its name, and sees it stopped; then sees that the reverse link runs, or starts it.`,
    alarm,
  };
}

function isStillUndone(plan: Plan, { instances: seen }: Snapshot, { because, instances }: Again): boolean {
  if (because === 'failed' || because === 'other-plane' || because === 'at-source') return true;
  return instances.some((node) => {
    const fast = seen[node]?.fast;
    // What does not answer now is offered: the press itself looks before it does anything.
    if (fast?.kind !== 'known') return true;
    if (because === 'target-closed') return fast.value.readOnly;
    const chain = plan.chains.find(({ source }) => source.masters.some(({ instance }) => instance === node));
    if (chain === undefined) return false;
    return because === 'ring-closed'
      ? ringClosed(chain, fast.value)
      : wayBackStopped(chain, fast.value) !== null;
  });
}
