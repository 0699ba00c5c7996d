import { parseDnsName } from '../observations/dns-name.ts';
import type { PlannedDns } from './plan-dns.ts';

/** One statement of an IAM policy. */
export type PolicyStatement = {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
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
  const used = new Set(
    records.flatMap(({ before, after }) =>
      [before, after].flatMap((side) =>
        side === 'absent' || side.healthCheck === undefined ? [] : [side.healthCheck],
      ),
    ),
  );
  const checks = dns.healthChecks.filter(({ id }) => used.has(id));
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
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': unique(
              records.map(({ name }) => parseDnsName(name) ?? name),
            ),
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
