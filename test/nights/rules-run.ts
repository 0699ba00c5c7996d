import type { Run, StepState } from '../../shared/steps/run.ts';
import { openedBySwitch } from '../../shared/steps/stand-down.ts';
import { confirmMs } from '../../main/engine/keep-mirror.ts';
import { stepTruth } from './step-truth.ts';
import type { EventRule, Scene } from './scene.ts';

/** A timer may be this much later than its time: one event takes no simulated time, but ways have fractions. */
const slackMs = 30;

/** From one event to the next: a step may begin and be taken back in the same decision. */
const nextStates: { readonly [S in StepState['state']]: readonly StepState['state'][] } = {
  waiting: ['running', 'done', 'failed', 'absent', 'undone'],
  running: ['done', 'failed', 'absent', 'undone'],
  done: [],
  failed: [],
  absent: [],
  undone: [],
};

const nextPhases: { readonly [P in Run['phase']]: readonly Run['phase'][] } = {
  held: ['running', 'unwinding', 'ended'],
  running: ['held', 'unwinding', 'watching', 'ended', 'closing'],
  unwinding: ['ended'],
  watching: ['closing', 'ended', 'running'],
  closing: ['ended', 'watching'],
  // Only a thaw that failed is tried again.
  ended: ['unwinding'],
};

/** Holds at every moment, with a cockpit and without one. */
export const oneWritableSide = {
  name: 'oneWritableSide',
  law: 'I1',
  check: ({ simulator, excused }: Scene): string | null => {
    for (const chain of simulator.world.chains.values()) {
      const seen = chain.violations.at(-1);
      if (seen !== undefined && !excused.has(chain.id))
        return `${seen.source} and ${seen.target} both take writes at ${seen.at.toFixed(1)} ms`;
    }
    return null;
  },
};

/** Whether a person pressed for the other way to announce. */
function isOtherPlane({ steps }: Run, key: string): boolean {
  if (key !== 'flip' && key !== 'announce') return false;
  const other = steps[key === 'flip' ? 'announce' : 'flip'];
  return other !== undefined && other.attempt > 1;
}

/** Rules that hold after every event of a run, whatever happens. */
export const runRules: readonly EventRule[] = [
  oneWritableSide,
  {
    name: 'stepsGoForward',
    law: 'R19',
    check: (_scene, run, before) => {
      if (before === null || before.steps === run.steps) return null;
      for (const step of Object.values(run.steps)) {
        const was = before.steps[step.key];
        if (was === undefined || was === step || was.state === step.state) continue;
        const again = step.attempt === was.attempt + 1 || step.step === 'unwind' || step.step === 'close';
        // Whoever takes the one way to announce gives up the other one, which had failed.
        const givenUp = was.state === 'failed' && step.state === 'absent' && isOtherPlane(run, step.key);
        if (!again && !givenUp && !nextStates[was.state].includes(step.state))
          return `${step.key} goes from ${was.state} to ${step.state}`;
      }
      return null;
    },
  },
  {
    name: 'phasesGoForward',
    law: 'R19',
    check: (_scene, run, before) => {
      if (before === null || before.phase === run.phase) return null;
      if (before.outcome === 'thawed') return `the run was thawed and is ${run.phase} again`;
      // Whoever was refused the conclusion looks once more at everything, from where the run stood before that press.
      const refused = before.ponrAt !== null && before.steps['unwind']?.state === 'failed';
      if (before.phase === 'ended' && run.phase === 'running' && refused) return null;
      return nextPhases[before.phase].includes(run.phase) ? null : `from ${before.phase} to ${run.phase}`;
    },
  },
  {
    name: 'pointOfNoReturnStays',
    law: 'I4',
    check: ({ script: { plan } }, run, before) => {
      // Another cockpit has another clock: its monotonic time begins elsewhere.
      if ((before?.ponrAt ?? null) !== null && run.ponrAt?.utcMs !== before?.ponrAt?.utcMs)
        return 'it was taken back';
      // The one exception: what its switches opened is concluded there, and no line of that opens or closes anything.
      const isBack = openedBySwitch(run, plan).length === plan.chains.length;
      return run.ponrAt !== null && !isBack && (run.phase === 'unwinding' || run.outcome === 'thawed')
        ? `the run is ${run.phase} behind it`
        : null;
    },
  },
  {
    name: 'barrierOverAllChains',
    law: 'I2',
    check: ({ script }, run, before) => {
      if (run.ponrAt === null || (before?.ponrAt ?? null) !== null) return null;
      const open = script.plan.chains.find(({ id }) => run.steps[`prove:${id}`]?.state !== 'done');
      return open === undefined ? null : `${open.id} is not proven at the point of no return`;
    },
  },
  {
    name: 'waitsAreBounded',
    law: 'I10',
    check: (_scene, run) => {
      for (const step of Object.values(run.steps)) {
        if (step.state !== 'running' || step.startedAt === null) continue;
        const forMs = run.now.monoMs - step.startedAt.monoMs;
        if (forMs > step.limitMs + slackMs)
          return `${step.key} runs for ${forMs} ms; its limit is ${step.limitMs} ms`;
        if (run.wakeAtMonoMs === null) return `${step.key} runs, and time itself would never move the run`;
      }
      return null;
    },
  },
  {
    name: 'commandsAreBounded',
    law: 'R13',
    check: ({ pending, script }, run) => {
      // After a lost session an effect waits first for the mirror's host to say whether this cockpit still drives.
      const doubtMs = script.plan.journalMirror === undefined ? 0 : confirmMs;
      for (const [key, { command, sinceMs }] of pending) {
        const forMs = run.now.monoMs - sinceMs;
        if (forMs > command.limitMs + doubtMs + slackMs) return `${key} is unanswered after ${forMs} ms`;
      }
      return null;
    },
  },
  {
    name: 'oneDeadline',
    law: 'I3',
    check: (_scene, run) =>
      run.ponrAt === null &&
      run.phase === 'running' &&
      run.deadlineMonoMs !== null &&
      run.now.monoMs > run.deadlineMonoMs + slackMs
        ? `the run goes on ${run.now.monoMs - run.deadlineMonoMs} ms behind its deadline`
        : null,
  },
  {
    name: 'stepsEndOnTheTruth',
    law: 'I6',
    check: (scene, run, before) => endedUntrue(scene, run, before),
  },
];

/** A step that ended in this event although the world says otherwise. */
function endedUntrue(scene: Scene, run: Run, before: Run | null): string | null {
  if (run.steps === before?.steps) return null;
  for (const step of Object.values(run.steps)) {
    if (step.state !== 'done' || before?.steps[step.key]?.state === 'done') continue;
    const untrue = stepTruth(scene, run, step);
    if (untrue !== null) return `${step.key} is done, but ${untrue}`;
  }
  return null;
}
