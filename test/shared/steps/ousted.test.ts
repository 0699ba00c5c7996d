import { expect, test } from 'vitest';
import { decide, emptyRun } from '../../../shared/steps/decide.ts';
import { whyNotReversible } from '../../../shared/steps/reversible.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { judgeStopHere } from '../../../shared/steps/stop-here.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const plan = referencePlan();
const moment = { utcMs: 5_000, monoMs: 5_000 };
const begun: Run = { ...emptyRun('r-1', plan, moment), phase: 'running', begunAt: moment, ponrAt: moment };
const oust = (run: Run): Run =>
  decide(run, plan, {
    moment,
    event: { kind: 'ousted', by: 'epoch 2 is driven by Kim', seen: 'the mirror refused' },
  }).run;

test.each([
  ['in its steps', begun],
  ['at its watch', { ...begun, phase: 'watching' }],
  ['waiting for a person', { ...begun, phase: 'ended', outcome: 'needs-operator' }],
] as const)('a run %s is over for the cockpit that was ousted, and says who drives', (_where, run) => {
  const after = oust(run);
  expect(after).toMatchObject({ phase: 'ended', outcome: 'ousted' });
  expect(after.abortReason).toContain('the mirror refused: epoch 2 is driven by Kim');
  expect(whyNotReversible(after, plan)).toBe('another cockpit drives it');
  expect(judgeStopHere(after, plan).writable).toContain('not known by this run');
});

test('a run that has ended stays as it ended', () => {
  const done: Run = { ...begun, phase: 'ended', outcome: 'done' };
  expect(oust(done).outcome).toBe('done');
});
