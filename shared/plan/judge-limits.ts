import type { Complaint } from './complaint.ts';
import type { Limits, Plan } from './plan.ts';
import { secondStageMs, switchOf } from './switches.ts';

/** Limits of steps that lie between the release of the hold and the point of no return: each must fit the deadline. */
const beforePonr = [
  'preDrainMs',
  'quietMs',
  'fenceMs',
  'endSessionsMs',
  'convergeMs',
  'proveMs',
  'passageMs',
] as const;

/** Budgets and time limits that no run could ever keep. */
export function judgeLimits(plan: Plan): readonly Complaint[] {
  const { limits } = plan;
  const complaints: Complaint[] = [];
  const complain = (name: keyof Limits, against: readonly (keyof Limits)[], message: string): void => {
    const needs = [name, ...against].map((each) => ['limits', each]);
    complaints.push({ path: ['limits', name], message: `limits.${name} ${message}`, needs });
  };
  for (const [name, value] of Object.entries(limits) as [keyof Limits, number][])
    if (value === 0 && name !== 'marginMs')
      complain(name, [], 'is 0, expected a time in which something can happen');
  if (limits.drainMs >= limits.runDeadlineMs)
    complain(
      'drainMs',
      ['runDeadlineMs'],
      `is ${limits.drainMs}, expected less than runDeadlineMs (${limits.runDeadlineMs}): the deadline would thaw every drain`,
    );
  for (const name of beforePonr)
    if (limits[name] > limits.runDeadlineMs)
      complain(
        name,
        ['runDeadlineMs'],
        `is ${limits[name]}, expected at most runDeadlineMs (${limits.runDeadlineMs})`,
      );
  const switchNeeds = limits.runDeadlineMs + limits.abortMs + limits.marginMs;
  if (limits.deadMansSwitchMs < switchNeeds)
    complain(
      'deadMansSwitchMs',
      ['runDeadlineMs', 'abortMs', 'marginMs'],
      `is ${limits.deadMansSwitchMs}, expected at least runDeadlineMs + abortMs + marginMs (${switchNeeds}): it would fire into a living run`,
    );
  // Claim, last look, the promotion's own guard, and the answer to it: until then no one knows how the passage ended.
  const passage = 3 * limits.passageMs + limits.promoteMs;
  const actsAlone = plan.chains.some((chain) => {
    const armed = switchOf(plan, chain);
    return armed.kind === 'armed' && armed.secondStage;
  });
  if (actsAlone && passage >= secondStageMs)
    complain(
      'passageMs',
      ['promoteMs'],
      `is ${limits.passageMs}, expected 3 × passageMs + promoteMs (${passage}) to be less than ${secondStageMs}: after that time the second stage of the dead-man's switches would take a living cockpit for dead`,
    );
  if (limits.fenceAttemptMs > limits.fenceMs)
    complain(
      'fenceAttemptMs',
      ['fenceMs'],
      `is ${limits.fenceAttemptMs}, expected at most fenceMs (${limits.fenceMs})`,
    );
  if (limits.heartbeatMs >= limits.lagMs)
    complain(
      'heartbeatMs',
      ['lagMs'],
      `is ${limits.heartbeatMs}, expected less than lagMs (${limits.lagMs}): lag is measured by heartbeats`,
    );
  return [...complaints, ...judgeBudgets(plan), ...judgeHolds(plan)];
}

function judgeBudgets(plan: Plan): readonly Complaint[] {
  return (['writeFreezeMs', 'userVisibleDowntimeMs'] as const)
    .filter((name) => plan.budgets[name] === 0)
    .map((name) => ({
      path: ['budgets', name],
      message: `budgets.${name} is 0, expected a time above 0`,
      needs: [['budgets', name]],
    }));
}

function judgeHolds(plan: Plan): readonly Complaint[] {
  const first = plan.holds[0]?.before;
  const twice = plan.holds.flatMap((hold, index): readonly Complaint[] =>
    plan.holds.findIndex((other) => other.before === hold.before) < index
      ? [
          {
            path: ['holds', index, 'before'],
            message: `a second hold before ${hold.before}, expected each place once`,
            needs: [],
          },
        ]
      : [],
  );
  if (first === 'lock') return twice;
  const message =
    first === undefined
      ? 'holds is empty, expected { before: lock }: nothing begins without a person'
      : `the first hold is before ${first}, expected the first before lock`;
  return [
    { path: first === undefined ? ['holds'] : ['holds', 0, 'before'], message, needs: [['holds']] },
    ...twice,
  ];
}
