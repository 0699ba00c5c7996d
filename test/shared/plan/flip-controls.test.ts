import { describe, expect, test } from 'vitest';
import { answeringRecords } from '../../../shared/plan/answering.ts';
import { clusterPolicy } from '../../../shared/plan/dns-policy.ts';
import { judgeFlip } from '../../../shared/plan/judge-flip.ts';
import { dnsSchema, type PlannedDns } from '../../../shared/plan/plan-dns.ts';
import { reversedPlan } from '../../../shared/plan/reversed-plan.ts';
import { planesOf } from '../../../shared/steps/flip-planes.ts';
import { present } from '../../../shared/lib/assert.ts';
import {
  clusterEndpoints,
  controlsDns,
  controlsPlan,
  flipControls,
  flipDns,
} from '../../helpers/flip-plan.ts';

const cluster = present(controlsDns().flip?.cluster, 'a cluster');
const dnsWith = (change: Partial<ReturnType<typeof controlsDns>> = {}): PlannedDns =>
  dnsSchema.parse({ ...controlsDns(), ...change });
const said = (change: Partial<ReturnType<typeof controlsDns>>): string =>
  judgeFlip({ ...controlsPlan(), dns: dnsWith(change) })
    .map(({ message }) => message)
    .join('; ');
const withCluster = (change: Partial<typeof cluster>) => ({
  flip: { by: 'routing-controls' as const, cluster: { ...cluster, ...change } },
});
const [source, target] = cluster.controls;
if (source === undefined || target === undefined) throw new Error('two controls');

describe('a flip by routing controls', () => {
  test('is taken, and chooses the answers as the files do', () => {
    expect(said({})).toBe('');
    const dns = dnsWith();
    const setsOf = (files: 'source' | 'target') =>
      answeringRecords(dns, dns.records, { sets: 'before', files }).map(({ setIdentifier }) => setIdentifier);
    expect(setsOf('source')).toEqual(['source']);
    expect(setsOf('target')).toEqual(['target']);
  });

  test.each([
    ['without a cluster', { flip: { by: 'routing-controls' as const } }, 'expected flip.cluster'],
    [
      'beside files',
      { flip: { ...controlsDns().flip, files: flipDns().flip?.files ?? [] } },
      'no flip.files beside',
    ],
    [
      'of a cluster in a flip of files',
      { flip: { ...controlsDns().flip, by: 'files' as const } },
      'no flip.cluster beside',
    ],
    ['with one control twice', withCluster({ controls: [source, target, target] }), 'is named twice'],
    [
      'with two endpoints in one region',
      withCluster({
        endpoints: [...clusterEndpoints.slice(1), { url: 'https://other.example', region: 'us-west-2' }],
      }),
      'us-west-2 is named twice',
    ],
    [
      'with a check that is not there',
      withCluster({ controls: [source, { ...target, healthCheck: 'none' }] }),
      'no health check "none"',
    ],
    [
      'with one check for both sides',
      withCluster({ controls: [source, { ...target, healthCheck: 'source' }] }),
      'routing controls of health check source stand for both sides',
    ],
    ['whose check asks an endpoint', { healthChecks: flipDns().healthChecks ?? [] }, 'expected EXISTING'],
    ['that turns nothing', withCluster({ controls: [target] }), 'as it is today'],
  ])('%s is refused', (_, change, message) => {
    expect(said(change)).toContain(message);
  });

  test('says which plane each way uses, and how long it takes', () => {
    expect(planesOf(dnsWith()).map(({ step, plane, by, seconds }) => [step, plane, by, seconds])).toEqual([
      ['flip', 'data plane', 'the run', 70],
      ['announce', 'control plane', 'a person', 120],
    ]);
    expect(planesOf(dnsWith())[0]?.says).toBe(
      'flip of 2 routing controls: data plane of ARC (5 cluster endpoints), 10 s until Route 53 follows, as the plan expects + 60 s TTL = 70 s',
    );
  });

  test('is turned round for the way back', () => {
    const result = reversedPlan(controlsPlan(), { schedulersOff: [], setsChanged: false });
    if (!result.ok) throw new Error(result.error.join());
    expect(
      result.value.plan.dns?.flip?.cluster?.controls.map(({ arn, standsFor }) => [arn, standsFor]),
    ).toEqual([
      [flipControls.source, 'target'],
      [flipControls.target, 'source'],
    ]);
    expect(result.value.notes.join()).toContain('turned back by the routing controls');
  });

  test('needs only to read and turn its own controls, and no rule overridden', () => {
    const policy = clusterPolicy(present(dnsWith().flip?.cluster, 'a cluster'));
    expect(policy.Statement.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['route53-recovery-cluster:GetRoutingControlState'], [flipControls.source, flipControls.target]],
      [['route53-recovery-cluster:UpdateRoutingControlStates'], [flipControls.source, flipControls.target]],
    ]);
    expect(policy.Statement[1]?.Condition).toEqual({
      BoolIfExists: { 'route53-recovery-cluster:AllowSafetyRulesOverrides': 'false' },
    });
  });
});
