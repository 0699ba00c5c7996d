import { isWithin, type DnsName } from './dns-name.ts';
import type { DnsQuestion, DnsRecord } from './dns-reply.ts';
import type { RecordSet } from './record-set.ts';

/** For whom a hosted zone answers, and what it holds to be healthy. Chance is an argument: `draw` is in [0, 1). */
export type ChoiceFor = {
  readonly region: string | null;
  readonly isHealthy: (healthCheckId: string) => boolean;
  readonly draw: number;
};

/** What a hosted zone answers to one question, with AA. */
export type ZoneAnswer = {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'REFUSED';
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  /** Whether the answer is one for a region, so that a cache keeps it for that client subnet alone. */
  readonly byRegion: boolean;
};

type Zone = { readonly name: DnsName; readonly sets: readonly RecordSet[]; readonly serial: number };

/** AWS's own TTL for an alias of an AWS resource (Developer Guide, "Choosing between alias and non-alias records"). */
const aliasTtlSeconds = 60;
const longestChain = 8;

/**
 * Answers as Route 53 does: the record sets of the name (or of its nearest wildcard), of those one by latency, weight or
 * failover among the healthy; where none is healthy all count as healthy. Within the zone it follows CNAMEs and aliases.
 */
export function answerOfZone(zone: Zone, question: DnsQuestion, chosen: ChoiceFor): ZoneAnswer {
  if (!isWithin(question.name, zone.name))
    return { rcode: 'REFUSED', answers: [], authority: [], byRegion: false };
  const answers: DnsRecord[] = [];
  const authority = soaOf(zone);
  let byRegion = false;
  let name = question.name;
  for (let length = 0; length < longestChain; length += 1) {
    const here = setsAt(zone, name);
    const done = { answers, byRegion };
    if (here === null) return { ...done, rcode: 'NXDOMAIN', authority };
    const cname = here.filter(({ type }) => type === 'CNAME');
    const wanted = here.filter(({ type }) => type === question.type);
    const group = wanted.length > 0 ? wanted : cname;
    const set = chooseSet(group, chosen);
    byRegion ||= group.some(({ routing }) => routing.kind === 'latency');
    if (set === null) return { ...done, byRegion, rcode: 'NOERROR', authority };
    const values = valuesOf(zone, set, chosen);
    const { ttlSeconds } = values;
    answers.push(...values.values.map((data) => ({ name, type: set.type, ttlSeconds, data })));
    const next = set.type === 'CNAME' && question.type !== 'CNAME' ? values.values[0] : undefined;
    if (next === undefined || !isWithin(next, zone.name))
      return { ...done, byRegion, rcode: 'NOERROR', authority: answers.length === 0 ? authority : [] };
    name = next;
  }
  return { rcode: 'NOERROR', answers, authority: [], byRegion };
}

/** Chooses among the record sets of one name and type; null when there are none. */
export function chooseSet(
  group: readonly RecordSet[],
  { region, isHealthy, draw }: ChoiceFor,
): RecordSet | null {
  const well = group.filter(({ healthCheckId }) => healthCheckId === null || isHealthy(healthCheckId));
  // With nobody healthy Route 53 takes everybody for healthy: it never answers nothing for that reason.
  const among = well.length > 0 ? well : group;
  const first = among[0];
  if (first === undefined) return null;
  switch (first.routing.kind) {
    case 'latency':
      return among.find(({ routing }) => routing.kind === 'latency' && routing.region === region) ?? first;
    case 'failover':
      return among.find(({ routing }) => routing.kind === 'failover' && routing.role === 'PRIMARY') ?? first;
    case 'weighted': {
      const weights = among.map(({ routing }) => (routing.kind === 'weighted' ? routing.weight : 0));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      // All at zero are as likely as each other.
      const shares =
        sum === 0 ? weights.map(() => 1 / weights.length) : weights.map((weight) => weight / sum);
      let upTo = 0;
      return among.find((_, at) => draw < (upTo += shares[at] ?? 0)) ?? among.at(-1) ?? null;
    }
    case 'simple':
    case 'other':
      return first;
  }
}

/** Null where neither the name nor anything below it is there: NXDOMAIN. */
function setsAt({ name: zone, sets }: Zone, name: DnsName): readonly RecordSet[] | null {
  const exact = sets.filter((set) => set.name === name);
  if (exact.length > 0 || name === zone || sets.some((set) => isWithin(set.name, name))) return exact;
  for (let above = name; above !== zone && above !== '';) {
    above = above.slice(above.indexOf('.') + 1);
    const star = sets.filter((set) => set.name === `\\052.${above}`);
    if (star.length > 0) return star;
    // The nearest name that is there ends the search (RFC 4592, 3.3.1).
    if (sets.some((set) => isWithin(set.name, above))) return null;
  }
  return null;
}

function valuesOf(
  zone: Zone,
  { content, type }: RecordSet,
  chosen: ChoiceFor,
): { readonly ttlSeconds: number; readonly values: readonly string[] } {
  if (content.kind === 'values') return content;
  const target = zone.sets.filter((set) => set.name === content.name && set.type === type);
  const set = chooseSet(target, chosen);
  if (set?.content.kind === 'values') return set.content;
  return { ttlSeconds: aliasTtlSeconds, values: [] };
}

function soaOf({ name, sets, serial }: Zone): readonly DnsRecord[] {
  const soa = sets.find((set) => set.type === 'SOA' && set.name === name);
  const words = soa?.content.kind === 'values' ? (soa.content.values[0] ?? '').split(/\s+/) : [];
  const minimumSeconds = Number(words[6] ?? 86_400);
  const ttlSeconds = soa?.content.kind === 'values' ? soa.content.ttlSeconds : 900;
  return [{ name, type: 'SOA', ttlSeconds, data: `${name} ${serial}`, soa: { serial, minimumSeconds } }];
}
