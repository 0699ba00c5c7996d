import { describe, expect, test } from 'vitest';
import { emptyRun } from '../../../shared/steps/decide.ts';
import type { Run, StepState } from '../../../shared/steps/run.ts';
import {
  countIn,
  hostsToWatch,
  judgeSignOfLife,
  lookedAt,
  silentMs,
} from '../../../shared/steps/sign-of-life.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';
import { switchPlan } from '../../helpers/switch-plan.ts';

const plan = switchPlan(referencePlan());
const begun = emptyRun('r-1', plan, { utcMs: 0, monoMs: 0 });
const withSteps = (states: Readonly<Record<string, StepState['state']>>, change: Partial<Run> = {}): Run => ({
  ...begun,
  phase: 'running',
  steps: Object.fromEntries(
    Object.entries(begun.steps).map(([key, step]) => [key, { ...step, state: states[key] ?? step.state }]),
  ),
  ...change,
});
const armed = { arm: 'done' } as const;

describe('which switches must be alive', () => {
  test('none before all are armed, all until the first claim, none from then on', () => {
    expect(hostsToWatch(withSteps({}), plan)).toEqual([]);
    expect(hostsToWatch(withSteps(armed), plan)).toContain('colo-a-db');
    expect(hostsToWatch(withSteps({ ...armed, claim: 'running' }), plan)).toEqual([]);
    expect(hostsToWatch(withSteps({ ...armed, claim: 'done' }), plan)).toEqual([]);
  });
  test('none while everything is taken back, and none of a plan without one', () => {
    expect(hostsToWatch(withSteps(armed, { phase: 'unwinding' }), plan)).toEqual([]);
    expect(hostsToWatch(withSteps({ arm: 'absent' }), plan)).toEqual([]);
    expect(hostsToWatch(withSteps(armed), referencePlan())).toEqual([]);
  });
});

describe('a sign of life', () => {
  const first = { count: 7, newAtMonoMs: 1_000 };
  test('is another count than the newest; the same one, or no answer, is none', () => {
    expect(lookedAt(first, 8, 2_000)).toEqual({ count: 8, newAtMonoMs: 2_000 });
    expect(lookedAt(first, 7, 2_000)).toBe(first);
    expect(lookedAt(first, null, 2_000)).toBe(first);
  });
  test('a switch is alive for as long as its newest count is not too old, then it is told by name', () => {
    expect(judgeSignOfLife('db1', first, 1_000 + silentMs - 1)).toBeNull();
    expect(judgeSignOfLife('db1', first, 1_000 + silentMs)).toMatchObject({
      alarm: 'switch-silent',
      instance: 'db1',
      seen: "no new sign of life of the dead-man's switch for 4.0 s (the last one was number 7)",
    });
    expect(judgeSignOfLife('db1', { count: null, newAtMonoMs: 0 }, silentMs)?.seen).toContain('(none)');
  });
  test.each([
    ['12 3456\n', 12],
    ['12 3456', 12],
    ['12\n', null],
    ['', null],
    ['cat: alive: No such file', null],
  ])('the file %j says %j', (text, count) => expect(countIn(text)).toBe(count));
});
