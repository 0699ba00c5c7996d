import { parseDnsName } from '../observations/dns-name.ts';
import { checksNamed, zoneOfCheck } from './checks-of-zones.ts';
import type { DnsZone, PlannedDns } from './plan-dns.ts';
import type { FlipCluster } from './plan-flip.ts';
import { underScratch } from './planned-sets.ts';

/** One statement of an IAM policy. */
export type PolicyStatement = {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[] | string>>>>;
};
export type IamPolicy = { readonly Version: '2012-10-17'; readonly Statement: readonly PolicyStatement[] };

/**
 * The least that a plan's credentials need, for one zone: to change nothing but the plan's own names and types, and to read.
 * The names are in Route 53's normalised form: lower case, no last dot, octal escapes (Developer Guide, "Using IAM policy
 * conditions for fine-grained access control").
 */
export function dnsPolicy(dns: PlannedDns, zoneId: string): IamPolicy {
  const zone = dns.zones.find(({ id }) => id === zoneId);
  const records = dns.records.filter((record) => record.zone === zoneId);
  const hostedZone = `arn:aws:route53:::hostedzone/${zone?.hostedZoneId ?? ''}`;
  const used = new Set((['before', 'after'] as const).flatMap((side) => checksNamed({ records }, side)));
  const checks = dns.healthChecks.filter(({ id }) => used.has(id) || zoneOfCheck(dns, id) === zoneId);
  const named = checks.flatMap(({ healthCheckId }) => (healthCheckId === undefined ? [] : [healthCheckId]));
  const creates = named.length < checks.length;
  const checkOf = (id: string): string => `arn:aws:route53:::healthcheck/${id}`;
  const unique = (words: readonly string[]): readonly string[] => [...new Set(words)].toSorted();
  const allow = (sid: string, actions: readonly string[], resources: readonly string[]): PolicyStatement => ({
    Sid: sid,
    Effect: 'Allow',
    Action: actions.map((action) => `route53:${action}`),
    Resource: resources,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      {
        ...allow('ChangeThePlannedRecords', ['ChangeResourceRecordSets'], [hostedZone]),
        Condition: {
          'ForAllValues:StringEquals': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': unique(namesOf(zone, records)),
            'route53:ChangeResourceRecordSetsRecordTypes': unique(records.map(({ type }) => type)),
            'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE', 'UPSERT'],
          },
        },
      },
      allow('ReadTheZone', ['GetHostedZone', 'ListResourceRecordSets'], [hostedZone]),
      allow('FollowTheChange', ['GetChange'], ['arn:aws:route53:::change/*']),
      allow('AskWhatItAnswers', ['TestDNSAnswer'], ['*']),
      ...(checks.length === 0
        ? []
        : [
            allow(
              'ReadTheHealthChecks',
              ['GetHealthCheck', 'GetHealthCheckStatus'],
              // One that is created has an id that nobody knows yet.
              creates ? [checkOf('*')] : named.map(checkOf),
            ),
          ]),
      ...(creates ? [allow('CreateTheHealthChecks', ['CreateHealthCheck'], ['*'])] : []),
    ],
  };
}

/** The least that the flip's credentials need at the cluster: its own controls, and no safety rule overridden. */
export function clusterPolicy({ controls }: FlipCluster): IamPolicy {
  const Resource = controls.map(({ arn }) => arn).toSorted();
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadTheRoutingControls',
        Effect: 'Allow',
        Action: ['route53-recovery-cluster:GetRoutingControlState'],
        Resource,
      },
      {
        Sid: 'TurnTheRoutingControls',
        Effect: 'Allow',
        Action: ['route53-recovery-cluster:UpdateRoutingControlStates'],
        Resource,
        Condition: { BoolIfExists: { 'route53-recovery-cluster:AllowSafetyRulesOverrides': 'false' } },
      },
    ],
  };
}

/** Names of the plan's own records, and where they stand while they are tried under the scratch name. */
function namesOf(
  zone: DnsZone | undefined,
  records: readonly { readonly name: string }[],
): readonly string[] {
  return records.flatMap(({ name }) => {
    const own = parseDnsName(name) ?? name;
    if (zone?.scratchName === undefined) return [own];
    const scratch = underScratch(name, { name: zone.name, scratchName: zone.scratchName });
    return scratch === null ? [own] : [own, scratch];
  });
}
