import type { Plan, PlanInput } from '../../shared/plan/plan.ts';
import { referenceWith } from './reference-plan.ts';

type DnsInput = NonNullable<PlanInput['dns']>;

/** Where the files of the flip are: on hosts that nothing else of the run changes, so that a fault there is the flip's. */
export const flipFiles = {
  source: { host: 'usw2-db', path: '/run/shop/serving' },
  target: { host: 'usw2-jump', path: '/run/shop/serving' },
} as const;

type Side = { readonly ttlSeconds: number; readonly values: string[]; readonly healthCheck: string };

/** The two record sets of a name that is turned by health checks: the primary one answers while it is healthy. */
export function failoverPair(
  common: { readonly zone: string; readonly name: string; readonly type: 'A' },
  { source, target }: { readonly source: Side; readonly target: Side },
): DnsInput['records'] {
  return [
    {
      ...common,
      setIdentifier: 'source',
      before: { ...source, failover: 'PRIMARY' },
      after: { ...source, failover: 'SECONDARY' },
    },
    {
      ...common,
      setIdentifier: 'target',
      before: { ...target, failover: 'SECONDARY' },
      after: { ...target, failover: 'PRIMARY' },
    },
  ];
}

/** A name whose zone holds both answers: the source's while its check is healthy, else the target's. */
export function flipDns(change: Partial<NonNullable<DnsInput['flip']>> = {}): DnsInput {
  const check = (id: string, address: string) => ({
    id,
    healthCheckId: `check-${id}`,
    type: 'HTTPS' as const,
    address,
    port: 443,
    path: '/health',
    intervalSeconds: 10 as const,
    failureThreshold: 2,
    dependsOnWrites: false,
  });
  const common = { zone: 'shop', name: 'www.shop.example', type: 'A' as const };
  const source = { ttlSeconds: 60, values: ['192.0.2.10'], healthCheck: 'source' };
  const target = { ttlSeconds: 60, values: ['198.51.100.10'], healthCheck: 'target' };
  return {
    zones: [{ id: 'shop', hostedZoneId: 'Z0EXAMPLE1SHOP', name: 'shop.example' }],
    healthChecks: [check('source', '192.0.2.10'), check('target', '198.51.100.10')],
    records: failoverPair(common, { source, target }),
    flip: {
      files: [
        { ...flipFiles.source, standsFor: 'source', healthCheck: 'source' },
        { ...flipFiles.target, standsFor: 'target', healthCheck: 'target' },
      ],
      ...change,
    },
    users: [{ id: 'all', clientSubnet: '192.0.2.0/24', region: 'us-east-1' }],
    resolvers: [{ id: 'public-east', address: '192.0.2.53', region: 'us-east-1' }],
  };
}

/** The reference case, announced by a flip. */
export function flipPlan(change: Partial<NonNullable<DnsInput['flip']>> = {}): Plan {
  return referenceWith((plan) => ({ ...plan, dns: flipDns(change) }));
}

/** The routing controls of the reference case's flip, and what DescribeCluster says of their cluster. */
export const flipControls = {
  source: 'arn:aws:route53-recovery-control::111122223333:controlpanel/0aa1/routingcontrol/5source',
  target: 'arn:aws:route53-recovery-control::111122223333:controlpanel/0aa1/routingcontrol/7target',
} as const;
const clusterRegions = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-northeast-1', 'ap-southeast-2'] as const;
export const clusterEndpoints = clusterRegions.map((region) => ({
  url: `https://0abc.route53-recovery-cluster.${region}.amazonaws.com/v1`,
  region,
}));

/** The same name, turned by two routing controls. */
export function controlsDns(change: Partial<NonNullable<DnsInput['flip']>> = {}): DnsInput {
  const { flip: _files, ...dns } = flipDns();
  const check = (id: string) => ({ id, healthCheckId: `check-${id}`, type: 'EXISTING' as const });
  return {
    ...dns,
    healthChecks: [check('source'), check('target')],
    flip: {
      by: 'routing-controls',
      cluster: {
        endpoints: clusterEndpoints,
        controls: [
          { arn: flipControls.source, standsFor: 'source', healthCheck: 'source' },
          { arn: flipControls.target, standsFor: 'target', healthCheck: 'target' },
        ],
      },
      ...change,
    },
  };
}

/** The reference case, announced by routing controls of ARC. */
export function controlsPlan(change: Partial<NonNullable<DnsInput['flip']>> = {}): Plan {
  return referenceWith((plan) => ({ ...plan, dns: controlsDns(change) }));
}
