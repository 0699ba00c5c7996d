import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { parseDnsName } from '../../shared/observations/dns-name.ts';
import {
  normaliseSet,
  type RecordContent,
  type RecordSet,
  type Routing,
} from '../../shared/observations/record-set.ts';
import type { Change, ChangeBatch } from '../../shared/steps/change-batch.ts';
import { childOf, textOf, xml, type Element } from './xml.ts';

/** Writes a record set as ListResourceRecordSets does. */
export function setXml(set: RecordSet): string {
  const { routing, content } = set;
  return xml('ResourceRecordSet', [
    xml('Name', `${set.name}.`),
    xml('Type', set.type),
    xml('SetIdentifier', set.setIdentifier === '' ? undefined : set.setIdentifier),
    routingXml(routing),
    ...(content.kind === 'values'
      ? [
          xml('TTL', content.ttlSeconds),
          xml(
            'ResourceRecords',
            content.values.map((value) => xml('ResourceRecord', [xml('Value', value)])),
          ),
        ]
      : [
          xml('AliasTarget', [
            xml('HostedZoneId', content.hostedZoneId),
            xml('DNSName', `${content.name}.`),
            xml('EvaluateTargetHealth', content.evaluateTargetHealth),
          ]),
        ]),
    xml('HealthCheckId', set.healthCheckId ?? undefined),
  ]);
}

function routingXml(routing: Routing): string {
  switch (routing.kind) {
    case 'simple':
      return '';
    case 'latency':
      return xml('Region', routing.region);
    case 'weighted':
      return xml('Weight', routing.weight);
    case 'failover':
      return xml('Failover', routing.role);
    case 'other':
      return routing.policy === 'multivalue'
        ? xml('MultiValueAnswer', true)
        : xml('GeoLocation', [xml('CountryCode', routing.detail)]);
  }
}

/** Reads the body of ChangeResourceRecordSets. */
export function parseBatch(root: Element): Result<ChangeBatch & { readonly comment: string }, string> {
  const batch = childOf(root, 'ChangeBatch');
  if (root.name !== 'ChangeResourceRecordSetsRequest' || batch === undefined)
    return failed('expected a ChangeResourceRecordSetsRequest with a ChangeBatch');
  const changes: Change[] = [];
  for (const each of childOf(batch, 'Changes')?.children ?? []) {
    const action = textOf(each, 'Action');
    const raw = childOf(each, 'ResourceRecordSet');
    if (each.name !== 'Change' || raw === undefined) return failed('expected Changes of Change');
    if (action !== 'CREATE' && action !== 'DELETE' && action !== 'UPSERT')
      return failed(`expected CREATE, DELETE or UPSERT, seen "${action ?? ''}"`);
    const set = parseSetXml(raw);
    if (!set.ok) return set;
    changes.push({ action, set: set.value });
  }
  return ok({ changes, comment: textOf(batch, 'Comment') ?? '' });
}

const known = new Set([
  'Name',
  'Type',
  'SetIdentifier',
  'Weight',
  'Region',
  'Failover',
  'MultiValueAnswer',
  'TTL',
  'ResourceRecords',
  'AliasTarget',
  'HealthCheckId',
]);

function parseSetXml(raw: Element): Result<RecordSet, string> {
  const strange = raw.children.find(({ name }) => !known.has(name));
  if (strange !== undefined) return failed(`this emulator does not know ${strange.name}`);
  const name = parseDnsName(textOf(raw, 'Name') ?? '');
  const type = textOf(raw, 'Type');
  if (name === null || name === '' || type === undefined) return failed('expected a Name and a Type');
  const routing = parseRouting(raw);
  const content = parseContent(raw);
  if (!routing.ok) return routing;
  if (!content.ok) return content;
  const setIdentifier = textOf(raw, 'SetIdentifier') ?? '';
  const healthCheckId = textOf(raw, 'HealthCheckId') ?? null;
  return ok(
    normaliseSet({
      name,
      type,
      setIdentifier,
      routing: routing.value,
      healthCheckId,
      content: content.value,
    }),
  );
}

function parseRouting(raw: Element): Result<Routing, string> {
  const [region, weight, failover, multi] = ['Region', 'Weight', 'Failover', 'MultiValueAnswer'].map((name) =>
    textOf(raw, name),
  );
  const count = [region, weight, failover, multi].filter((each) => each !== undefined).length;
  if (count > 1) return failed('expected at most one of Region, Weight, Failover and MultiValueAnswer');
  if (region !== undefined) return ok({ kind: 'latency', region });
  if (weight !== undefined) return ok({ kind: 'weighted', weight: Number(weight) });
  if (failover === 'PRIMARY' || failover === 'SECONDARY') return ok({ kind: 'failover', role: failover });
  if (failover !== undefined) return failed('expected Failover PRIMARY or SECONDARY');
  return ok(
    multi === undefined ? { kind: 'simple' } : { kind: 'other', policy: 'multivalue', detail: 'answer' },
  );
}

function parseContent(raw: Element): Result<RecordContent, string> {
  const alias = childOf(raw, 'AliasTarget');
  const records = childOf(raw, 'ResourceRecords');
  const ttl = textOf(raw, 'TTL');
  if ((alias === undefined) === (records === undefined) || (alias === undefined) === (ttl === undefined))
    return failed('expected either an AliasTarget, or ResourceRecords with a TTL');
  if (alias !== undefined) {
    const name = parseDnsName(textOf(alias, 'DNSName') ?? '');
    const hostedZoneId = textOf(alias, 'HostedZoneId');
    if (name === null || hostedZoneId === undefined)
      return failed('expected DNSName and HostedZoneId of the alias');
    const evaluateTargetHealth = textOf(alias, 'EvaluateTargetHealth') === 'true';
    return ok({ kind: 'alias', hostedZoneId, name, evaluateTargetHealth });
  }
  const values = records?.children.map((record) => textOf(record, 'Value') ?? '') ?? [];
  if (!/^\d{1,10}$/.test(ttl ?? '') || Number(ttl) > 2_147_483_647)
    return failed('expected a TTL in seconds');
  if (values.length === 0 || values.includes('')) return failed('expected values');
  return ok({ kind: 'values', ttlSeconds: Number(ttl), values });
}
