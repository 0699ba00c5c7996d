import { parseDnsName, showName, type DnsName } from './dns-name.ts';
import { formatIp, parseIp } from './ip-address.ts';

/** What makes Route 53 choose among the record sets of one name and type. `other` is kept as found and never written. */
export type Routing =
  | { readonly kind: 'simple' }
  | { readonly kind: 'latency'; readonly region: string }
  | { readonly kind: 'weighted'; readonly weight: number }
  | { readonly kind: 'failover'; readonly role: 'PRIMARY' | 'SECONDARY' }
  | { readonly kind: 'other'; readonly policy: string; readonly detail: string };

/** What a record set answers: values with their TTL, or an alias, which has none of its own. */
export type RecordContent =
  | { readonly kind: 'values'; readonly ttlSeconds: number; readonly values: readonly string[] }
  | {
      readonly kind: 'alias';
      readonly hostedZoneId: string;
      readonly name: DnsName;
      readonly evaluateTargetHealth: boolean;
    };

/** One record set of a hosted zone, as Route 53 means it. Two that mean the same are equal once normalised. */
export type RecordSet = {
  readonly name: DnsName;
  readonly type: string;
  /** Empty for the only set of its name and type. */
  readonly setIdentifier: string;
  readonly routing: Routing;
  /** The id in Route 53; null without one. */
  readonly healthCheckId: string | null;
  readonly content: RecordContent;
};

/** One field in which two record sets differ, in words for people. */
export type FieldDifference = {
  readonly field: 'routing' | 'health check' | 'TTL' | 'values' | 'alias';
  readonly expected: string;
  readonly found: string;
};

/** Brings a record set into the one form that is compared. Doing it twice changes nothing. */
export function normaliseSet(set: RecordSet): RecordSet {
  const { content } = set;
  return {
    ...set,
    name: parseDnsName(set.name) ?? set.name,
    type: set.type.toUpperCase(),
    content:
      content.kind === 'alias'
        ? { ...content, name: parseDnsName(content.name) ?? content.name }
        : {
            ...content,
            values: content.values.map((value) => normaliseValue(set.type, value)).toSorted(byText),
          },
  };
}

/** What Route 53 tells record sets of one zone apart by: name, type and set identifier. */
export function keyOfSet(set: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>): string {
  return JSON.stringify([set.name, set.type, set.setIdentifier]);
}

/** A record set for people: `www.shop.example A (east)`. */
export function showSet(set: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>): string {
  return `${showName(set.name)} ${set.type}${set.setIdentifier === '' ? '' : ` (${set.setIdentifier})`}`;
}

/** Field by field, what differs between two normalised record sets of one key; nothing means that they are the same. */
export function differencesOf(expected: RecordSet, found: RecordSet): readonly FieldDifference[] {
  const pairs: readonly (readonly [FieldDifference['field'], string, string])[] = [
    ['routing', showRouting(expected.routing), showRouting(found.routing)],
    ['health check', expected.healthCheckId ?? 'none', found.healthCheckId ?? 'none'],
    ['TTL', ttlOf(expected.content), ttlOf(found.content)],
    ['alias', aliasOf(expected.content), aliasOf(found.content)],
  ];
  const differing = pairs.flatMap(([field, one, other]): readonly FieldDifference[] =>
    one === other ? [] : [{ field, expected: one, found: other }],
  );
  // As lists, not as one text: a TXT value may hold whatever would stand between two of them.
  if (JSON.stringify(listOf(expected.content)) === JSON.stringify(listOf(found.content))) return differing;
  const values = { expected: valuesOf(expected.content), found: valuesOf(found.content) };
  return [...differing, { field: 'values', ...values }];
}

/** Whether two normalised record sets are the same in every field. */
export function sameSet(one: RecordSet, other: RecordSet): boolean {
  return keyOfSet(one) === keyOfSet(other) && differencesOf(one, other).length === 0;
}

/** Routing in words. */
export function showRouting(routing: Routing): string {
  switch (routing.kind) {
    case 'simple':
      return 'simple';
    case 'latency':
      return `latency ${routing.region}`;
    case 'weighted':
      return `weight ${routing.weight}`;
    case 'failover':
      return `failover ${routing.role}`;
    case 'other':
      return `${routing.policy} ${routing.detail}`;
  }
}

/** What a record set answers, in words. */
export function showContent(content: RecordContent): string {
  return content.kind === 'alias'
    ? `alias ${aliasOf(content)}`
    : `${valuesOf(content)}, TTL ${ttlOf(content)}`;
}

/** One value in the form that is compared: addresses and names have many spellings; all else is compared as written. */
export function normaliseValue(type: string, value: string): string {
  const text = value.trim();
  switch (type.toUpperCase()) {
    case 'A':
    case 'AAAA': {
      const address = parseIp(text);
      return address === null ? text : formatIp(address);
    }
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return parseDnsName(text) ?? text;
    case 'MX':
    case 'SRV': {
      const words = text.split(/\s+/);
      const name = parseDnsName(words.at(-1) ?? '');
      return name === null ? text : [...words.slice(0, -1), name === '' ? '.' : name].join(' ');
    }
    default:
      return text;
  }
}

function ttlOf(content: RecordContent): string {
  return content.kind === 'alias' ? 'of the alias target' : `${content.ttlSeconds} s`;
}

function listOf(content: RecordContent): readonly string[] {
  return content.kind === 'alias' ? [] : content.values;
}

function valuesOf(content: RecordContent): string {
  return content.kind === 'alias' ? 'none' : content.values.join(', ');
}

function aliasOf(content: RecordContent): string {
  if (content.kind === 'values') return 'none';
  const health = content.evaluateTargetHealth ? 'evaluating its health' : 'not evaluating its health';
  return `${showName(content.name)} in ${content.hostedZoneId}, ${health}`;
}

// Never by the language of this laptop: the order must be the same everywhere.
function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
