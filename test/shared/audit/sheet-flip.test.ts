import { expect, test } from 'vitest';
import { flipSections } from '../../../shared/audit/sheet-flip.ts';
import { emptyRun } from '../../../shared/steps/decide.ts';
import { controlsDns, controlsPlan, flipControls, flipPlan } from '../../helpers/flip-plan.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';

const sheetOf = (plan: ReturnType<typeof flipPlan>) =>
  flipSections({ plan, run: emptyRun('run-1', plan, { utcMs: 0, monoMs: 0 }) });

test('the flip of routing controls by hand is one command at one endpoint after the other, and each state read back', () => {
  const [section] = sheetOf(controlsPlan());
  const lines = section?.lines ?? [];
  expect(lines).toHaveLength(5 + 2 * 5);
  expect(lines[0]?.command).toBe(
    `aws --cli-connect-timeout 3 --cli-read-timeout 5 --region us-east-1 --endpoint-url https://0abc.route53-recovery-cluster.us-east-1.amazonaws.com/v1 route53-recovery-cluster update-routing-control-states --update-routing-control-state-entries 'RoutingControlArn=${flipControls.target},RoutingControlState=On' 'RoutingControlArn=${flipControls.source},RoutingControlState=Off'`,
  );
  // The other endpoints are there for the case that the first one does not answer.
  expect(lines.slice(0, 5).map(({ onlyOtherwise }) => onlyOtherwise)).toEqual([
    undefined,
    true,
    true,
    true,
    true,
  ]);
  expect(lines[5]).toMatchObject({
    command: expect.stringContaining(
      `get-routing-control-state --routing-control-arn ${flipControls.target} --query RoutingControlState --output text`,
    ),
    expects: { kind: 'answer', text: 'On' },
  });
  expect(lines[10]?.expects).toEqual({ kind: 'answer', text: 'Off' });
  expect(section?.text.join()).toContain('data plane of ARC (5 cluster endpoints)');
  for (const { command } of lines) expect(command).not.toContain('safety-rules-to-override');
});

test('a rehearsal on an emulator has no line that would reach the real cluster', () => {
  const plan = referenceWith((from) => ({
    ...from,
    environment: 'staging' as const,
    dns: { ...controlsDns(), emulator: { apiPort: 33_145, dnsPort: 33_146 } },
  }));
  for (const { command } of sheetOf(plan)[0]?.lines ?? [])
    expect(command).toMatch(
      /--endpoint-url http:\/\/127\.0\.0\.1:33145\/cluster\/\d route53-recovery-cluster /,
    );
});

test('the flip of files puts the target in first', () => {
  expect(sheetOf(flipPlan())[0]?.lines.map(({ expects }) => expects)).toEqual([
    { kind: 'answer', text: 'there' },
    { kind: 'answer', text: 'gone' },
  ]);
});
