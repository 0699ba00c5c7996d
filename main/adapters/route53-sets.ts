import { assert } from '../../shared/lib/assert.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { parseDnsName } from '../../shared/observations/dns-name.ts';
import {
  keyOfSet,
  normaliseSet,
  sameSet,
  type RecordContent,
  type RecordSet,
  type Routing,
} from '../../shared/observations/record-set.ts';
import type { Change as ZoneChangeLine, ChangeBatch } from '../../shared/steps/change-batch.ts';
import type { Change, ResourceRecordSet } from './route53-driver.ts';

/** Reads one record set as the SDK gives it; what cannot be understood is refused with its name. */
export function parseSet(raw: ResourceRecordSet): Result<RecordSet, string> {
  const what = `record set ${raw.Name ?? '(no name)'} ${raw.Type ?? '(no type)'}`;
  const name = parseDnsName(raw.Name ?? '');
  if (name === null || name === '' || raw.Type === undefined)
    return failed(`${what}: expected a name and a type`);
  const content = parseContent(raw);
  if (typeof content === 'string') return failed(`${what}: ${content}`);
  const set = {
    name,
    type: raw.Type,
    setIdentifier: raw.SetIdentifier ?? '',
    routing: parseRouting(raw),
    healthCheckId: raw.HealthCheckId ?? null,
    content,
  };
  return ok(normaliseSet(set));
}

/** Routing as found; a policy that is never written here is kept in words, so that it can be shown and compared. */
function parseRouting(raw: ResourceRecordSet): Routing {
  const found: Routing[] = [];
  const other = (policy: string, detail: unknown): number =>
    found.push({
      kind: 'other',
      policy,
      detail: typeof detail === 'string' ? detail : JSON.stringify(detail),
    });
  if (raw.Region !== undefined) found.push({ kind: 'latency', region: raw.Region });
  if (raw.Weight !== undefined) found.push({ kind: 'weighted', weight: raw.Weight });
  if (raw.Failover !== undefined) found.push({ kind: 'failover', role: raw.Failover });
  if (raw.GeoLocation !== undefined) other('geolocation', raw.GeoLocation);
  if (raw.GeoProximityLocation !== undefined) other('geoproximity', raw.GeoProximityLocation);
  if (raw.CidrRoutingConfig !== undefined) other('cidr', raw.CidrRoutingConfig);
  if (raw.MultiValueAnswer === true) other('multivalue', 'answer');
  if (raw.TrafficPolicyInstanceId !== undefined) other('traffic policy', raw.TrafficPolicyInstanceId);
  const [one, second] = found;
  if (one !== undefined && second === undefined) return one;
  if (one !== undefined) return { kind: 'other', policy: 'several', detail: JSON.stringify(found) };
  // An identifier without a policy that this SDK knows: a policy that is newer than it.
  if (raw.SetIdentifier !== undefined) return { kind: 'other', policy: 'unknown', detail: raw.SetIdentifier };
  return { kind: 'simple' };
}

function parseContent(raw: ResourceRecordSet): RecordContent | string {
  const alias = raw.AliasTarget;
  const records = raw.ResourceRecords ?? [];
  if (alias !== undefined) {
    const name = parseDnsName(alias.DNSName ?? '');
    if (records.length > 0 || name === null || alias.HostedZoneId === undefined)
      return 'expected an alias to have a name and a zone, and no values';
    return {
      kind: 'alias',
      hostedZoneId: alias.HostedZoneId,
      name,
      evaluateTargetHealth: alias.EvaluateTargetHealth === true,
    };
  }
  // A traffic policy's own record sets have neither; they are shown and never written.
  if (records.length === 0 && raw.TrafficPolicyInstanceId !== undefined)
    return { kind: 'values', ttlSeconds: raw.TTL ?? 0, values: [] };
  const values = records.flatMap(({ Value }) => (Value === undefined ? [] : [Value]));
  if (raw.TTL === undefined || values.length === 0 || values.length < records.length)
    return 'expected a TTL and values, or an alias';
  return { kind: 'values', ttlSeconds: raw.TTL, values };
}

/** A record set as the SDK sends it. */
export function rawSet(set: RecordSet): ResourceRecordSet {
  const { content, routing } = set;
  assert(routing.kind !== 'other', 'a record set of a routing policy that is not ours is never written');
  return {
    Name: `${set.name}.`,
    // The SDK's type is a list of words of its version; Route 53 judges it.
    Type: set.type as NonNullable<ResourceRecordSet['Type']>,
    ...(set.setIdentifier === '' ? {} : { SetIdentifier: set.setIdentifier }),
    ...(routing.kind === 'latency'
      ? { Region: routing.region as NonNullable<ResourceRecordSet['Region']> }
      : {}),
    ...(routing.kind === 'weighted' ? { Weight: routing.weight } : {}),
    ...(routing.kind === 'failover' ? { Failover: routing.role } : {}),
    ...(set.healthCheckId === null ? {} : { HealthCheckId: set.healthCheckId }),
    ...(content.kind === 'alias'
      ? {
          AliasTarget: {
            HostedZoneId: content.hostedZoneId,
            DNSName: `${content.name}.`,
            EvaluateTargetHealth: content.evaluateTargetHealth,
          },
        }
      : { TTL: content.ttlSeconds, ResourceRecords: content.values.map((Value) => ({ Value })) }),
  };
}

/** How a zone spells its record sets, as they were last listed. */
export type Spellings = {
  readonly saw: (raw: ResourceRecordSet, set: RecordSet) => void;
  readonly changes: (batch: ChangeBatch) => readonly Change[];
};

/**
 * Keeps the zone's own spelling: Route 53 wants a DELETE to give exactly the values that are there, and `Lb.Example.` is
 * not `lb.example` to it, though it means the same. Nothing is asked for it: what was never listed is sent in our own form.
 */
export function spellings(): Spellings {
  const listed = new Map<string, { readonly raw: ResourceRecordSet; readonly set: RecordSet }>();
  const rawOf = ({ set }: ZoneChangeLine): ResourceRecordSet => {
    const known = listed.get(keyOfSet(set));
    return known !== undefined && sameSet(known.set, set) ? known.raw : rawSet(set);
  };
  return {
    saw: (raw, set) => listed.set(keyOfSet(set), { raw, set }),
    changes: ({ changes }) =>
      changes.map((change) => ({ Action: change.action, ResourceRecordSet: rawOf(change) })),
  };
}
