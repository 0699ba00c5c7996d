import { isWithin, parseDnsName, showName, type DnsName } from './dns-name.ts';
import { parseIp } from './ip-address.ts';
import { keyOfSet, showSet, type RecordSet } from './record-set.ts';

/** Part of a record set that a rule is about. */
export type RuleField =
  'name' | 'setIdentifier' | 'values' | 'ttlSeconds' | 'routing' | 'healthCheck' | 'alias';

/** A rule of Route 53 that record sets break: which of them, where in it, and what was expected. */
export type BrokenRule = {
  readonly index: number;
  /** The other record set without which the rule would not be broken. */
  readonly beside?: number;
  readonly field: RuleField;
  /** Which of its values. */
  readonly value?: number;
  readonly message: string;
};

/** Record sets that may share one name and type (quota of Route 53, "Records that have the same name and type"). */
const setsOfOneName = 100;
const valuesOfOneSet = 400;

/**
 * What Route 53 itself would refuse of these record sets of one zone, told before it is asked: a change that is refused in
 * the minute is the worst time to learn a rule. Source: Amazon Route 53 API Reference, ResourceRecordSet, and Quotas.
 */
export function brokenRules(sets: readonly RecordSet[], zone: DnsName): readonly BrokenRule[] {
  return [
    ...sets.flatMap((set, index) => rulesOfOne(set, zone).map((broken) => ({ ...broken, index }))),
    ...groupsOf(sets, (set) => set.name).flatMap(besideCname),
    ...groupsOf(sets, (set) => `${set.name} ${set.type}`).flatMap(rulesOfGroup),
  ];
}

type Found = Omit<BrokenRule, 'index' | 'beside'>;
type Group = readonly { readonly set: RecordSet; readonly index: number }[];

function groupsOf(sets: readonly RecordSet[], by: (set: RecordSet) => string): readonly Group[] {
  const groups = new Map<string, { set: RecordSet; index: number }[]>();
  sets.forEach((set, index) => {
    const group = groups.get(by(set));
    if (group === undefined) groups.set(by(set), [{ set, index }]);
    else group.push({ set, index });
  });
  return [...groups.values()];
}

function rulesOfOne(set: RecordSet, zone: DnsName): readonly Found[] {
  const found: Found[] = [];
  const { content, routing } = set;
  const name = showName(set.name);
  if (!isWithin(set.name, zone))
    found.push({
      field: 'name',
      message: `record ${name} does not lie in zone ${showName(zone)}, expected a name that ends with it`,
    });
  if (set.type === 'CNAME' && set.name === zone)
    found.push({
      field: 'name',
      message: `${name} is the zone's own name, which has no CNAME, expected an alias or addresses`,
    });
  if (set.setIdentifier.length > 128)
    found.push({
      field: 'setIdentifier',
      message: `the setIdentifier of ${name} has ${set.setIdentifier.length} characters, expected at most 128`,
    });
  if (routing.kind === 'simple' && set.setIdentifier !== '')
    found.push({
      field: 'setIdentifier',
      message: `${showSet(set)} has a setIdentifier and nothing to choose by, expected region, weight or failover`,
    });
  if (routing.kind !== 'simple' && set.setIdentifier === '')
    found.push({
      field: 'name',
      message: `${showSet(set)} is one of several sets, expected a setIdentifier`,
    });
  const evaluates = content.kind === 'alias' && content.evaluateTargetHealth;
  if (routing.kind === 'failover' && routing.role === 'PRIMARY' && set.healthCheckId === null && !evaluates)
    found.push({
      field: 'healthCheck',
      message: `${showSet(set)} is the primary of a failover without a health check, expected one: it would never fail over`,
    });
  return [...found, ...(content.kind === 'alias' ? rulesOfAlias(set, zone) : rulesOfValues(set))];
}

function rulesOfAlias(set: RecordSet, zone: DnsName): readonly Found[] {
  const { content } = set;
  if (content.kind !== 'alias') return [];
  if (parseDnsName(content.name) === null)
    return [
      { field: 'alias', message: `"${content.name}" is no name, expected the name of the alias target` },
    ];
  if (content.name === set.name && isWithin(content.name, zone))
    return [{ field: 'alias', message: `${showSet(set)} is an alias of itself, expected another name` }];
  return [];
}

function rulesOfValues(set: RecordSet): readonly Found[] {
  const { content } = set;
  if (content.kind !== 'values') return [];
  const { values } = content;
  const found = values.flatMap((value, at): readonly Found[] => {
    const expected = whyUnfit(set.type, value);
    if (expected !== null)
      return [
        {
          field: 'values',
          value: at,
          message: `"${value}" does not fit a record of type ${set.type}, expected ${expected}`,
        },
      ];
    if (values.indexOf(value) === at) return [];
    return [
      { field: 'values', value: at, message: `"${value}" is twice in ${showSet(set)}, expected it once` },
    ];
  });
  const most = set.type === 'CNAME' ? 1 : valuesOfOneSet;
  if (values.length > most)
    return [
      ...found,
      { field: 'values', message: `${showSet(set)} has ${values.length} values, expected at most ${most}` },
    ];
  return found;
}

function whyUnfit(type: string, value: string): string | null {
  const family = parseIp(value)?.family;
  if (type === 'A') return family === 4 ? null : 'an IPv4 address';
  if (type === 'AAAA') return family === 6 ? null : 'an IPv6 address';
  if (type === 'CNAME')
    return family === undefined && (parseDnsName(value) ?? '') !== '' ? null : 'a host name';
  return value === '' ? 'a value' : null;
}

/** A name that is a CNAME is nothing else (RFC 1034, 3.6.2). */
function besideCname(group: Group): readonly BrokenRule[] {
  const cname = group.find(({ set }) => set.type === 'CNAME');
  const other = group.find(({ set }) => set.type !== 'CNAME');
  if (cname === undefined || other === undefined) return [];
  return [
    {
      index: cname.index,
      beside: other.index,
      field: 'name',
      message: `${showSet(cname.set)} stands beside ${showSet(other.set)}, expected a CNAME alone at its name`,
    },
  ];
}

function rulesOfGroup(group: Group): readonly BrokenRule[] {
  const first = group[0];
  if (first === undefined || group.length === 1) return [];
  const broken: BrokenRule[] = [];
  const choices = new Map<string, RecordSet>();
  const keys = new Set<string>();
  const ttl = group.map(({ set }) => set.content).find((content) => content.kind === 'values')?.ttlSeconds;
  for (const { set, index } of group) {
    const say = (field: RuleField, message: string): number =>
      broken.push({ index, beside: first.index, field, message });
    if (keys.has(keyOfSet(set)) || set.routing.kind === 'simple' || first.set.routing.kind === 'simple') {
      if (index !== first.index)
        say(
          'name',
          `${showName(set.name)} ${set.type} is written twice, expected a setIdentifier of its own for each`,
        );
    } else if (set.routing.kind !== first.set.routing.kind)
      say(
        'routing',
        `${showSet(set)} is chosen by ${set.routing.kind} and ${showSet(first.set)} by ${first.set.routing.kind}, expected one way to choose`,
      );
    else {
      const choice = choiceOf(set);
      const same = choice === null ? undefined : choices.get(choice);
      if (same !== undefined)
        say('routing', `${showSet(set)} has ${choice} like ${showSet(same)}, expected each once`);
      if (choice !== null) choices.set(choice, set);
    }
    keys.add(keyOfSet(set));
    if (set.content.kind === 'values' && set.content.ttlSeconds !== ttl)
      say(
        'ttlSeconds',
        `${showSet(set)} has TTL ${set.content.ttlSeconds} s, expected ${ttl} s as the other sets of its name`,
      );
  }
  if (group.length > setsOfOneName)
    broken.push({
      index: first.index,
      field: 'name',
      message: `${showName(first.set.name)} ${first.set.type} has ${group.length} sets, expected at most ${setsOfOneName}`,
    });
  return broken;
}

function choiceOf({ routing }: RecordSet): string | null {
  if (routing.kind === 'latency') return `region ${routing.region}`;
  return routing.kind === 'failover' ? `failover ${routing.role}` : null;
}
