import { failed, ok, type Result } from '../lib/result.ts';
import type { DnsName } from '../observations/dns-name.ts';
import { differencesOf, keyOfSet, sameSet, showSet, type RecordSet } from '../observations/record-set.ts';
import { diffZone, type PlannedChange, type ZoneDiff } from '../observations/zone-diff.ts';
import type { OldTtl } from '../gates/ttl-runway.ts';
import type { PlannedDns } from '../plan/plan-dns.ts';
import { plannedChanges } from '../plan/planned-sets.ts';

/** A record set whose TTL was seen before anything was lowered, and how it stands while it is low. */
export type KeptTtl = {
  readonly set: RecordSet;
  readonly oldTtls: readonly OldTtl[];
  /** Names that its CNAMEs lead to and that the zone does not list: their TTLs are asked for at their own servers. */
  readonly leadsTo: readonly DnsName[];
};

/** What is done to one zone days before the minute. */
export type Lowering = { readonly diff: ZoneDiff; readonly kept: readonly KeptTtl[] };

/** AWS's own TTL for an alias of one of its resources (Developer Guide, "Choosing between alias and non-alias records"). */
const aliasTtlSeconds = 60;

type Checks = ReadonlyMap<string, string>;

/**
 * What lowering the TTLs of a zone changes: only record sets of names that the minute changes, and all of such a name,
 * because Route 53 wants one TTL for all of them. The zone must hold the plan's before in every other field.
 */
export function planLowering(
  dns: PlannedDns,
  zone: { readonly id: string; readonly name: DnsName; readonly live: readonly RecordSet[] },
  checks: Checks,
): Result<Lowering, readonly string[]> {
  const high = plannedChanges(unlowered(dns), zone.id, checks);
  const low = plannedChanges(dns, zone.id, checks);
  if (!high.ok) return high;
  if (!low.ok) return low;
  const moving = new Set(
    high.value.flatMap(({ before, after }, at) => {
      const lowered = low.value[at];
      const moves = !same(before, after) || !same(lowered?.before ?? null, lowered?.after ?? null);
      const set = before ?? after;
      return moves && set !== null ? [groupOf(set)] : [];
    }),
  );
  const live = new Map(zone.live.map((set) => [keyOfSet(set), set]));
  const changes: PlannedChange[] = [];
  const kept: KeptTtl[] = [];
  high.value.forEach(({ before, after }, at) => {
    const set = before ?? after;
    if (set === null || !moving.has(groupOf(set))) return;
    const lowered = low.value[at]?.before ?? null;
    const found = live.get(keyOfSet(set)) ?? null;
    // What was lowered by hand stays as it is; its old TTL is then the plan's, which may still be in a cache.
    const already = lowered !== null && found !== null && sameSet(found, lowered);
    changes.push({ before: already ? lowered : before, after: lowered });
    kept.push({ set: found ?? set, ...oldChainOf({ set, before, found }, zone) });
  });
  return ok({ diff: diffZone(changes, zone.live), kept });
}

/** Every link by which the old answer may live on in a cache: the record itself, what it leads to, or that there was none. */
function oldChainOf(
  {
    set,
    before,
    found,
  }: { readonly set: RecordSet; readonly before: RecordSet | null; readonly found: RecordSet | null },
  zone: { readonly name: DnsName; readonly live: readonly RecordSet[] },
): Pick<KeptTtl, 'oldTtls' | 'leadsTo'> {
  if (before === null || found === null) {
    const soa = zone.live.find(({ name, type }) => name === zone.name && type === 'SOA');
    const what = `the SOA of ${zone.name}, which had no ${showSet(set)}`;
    return { oldTtls: [{ what, ttlSeconds: negativeTtl(soa), lowered: false }], leadsTo: [] };
  }
  const { content } = found;
  const planned = before.content.kind === 'values' ? before.content.ttlSeconds : 0;
  const own: OldTtl =
    content.kind === 'alias'
      ? {
          what: `the alias target of ${showSet(found)}`,
          ttlSeconds: aliasTtl(content.name, zone.live),
          lowered: false,
        }
      : { what: showSet(found), ttlSeconds: Math.max(content.ttlSeconds, planned), lowered: true };
  const { links, leadsTo } = linksBehind(found, zone.live);
  return {
    oldTtls: [
      own,
      ...links.map((each) => ({
        what: showSet(each),
        ttlSeconds: ttlOf(each) ?? aliasTtlSeconds,
        lowered: false,
      })),
    ],
    leadsTo,
  };
}

/** Where a CNAME leads, name by name: the record sets that the zone lists, and the names at which it leaves that list. */
function linksBehind(
  first: RecordSet,
  live: readonly RecordSet[],
): { readonly links: readonly RecordSet[]; readonly leadsTo: readonly DnsName[] } {
  const links: RecordSet[] = [];
  const leadsTo: DnsName[] = [];
  const passed = new Set<DnsName>([first.name]);
  const ahead = [...namesOf(first)];
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (passed.has(name)) continue;
    passed.add(name);
    const here = live.filter((set) => set.name === name);
    if (here.length === 0) leadsTo.push(name);
    links.push(...here);
    ahead.push(...here.flatMap(namesOf));
  }
  return { links, leadsTo };
}

function namesOf({ type, content }: RecordSet): readonly DnsName[] {
  return type === 'CNAME' && content.kind === 'values' ? content.values : [];
}

function aliasTtl(target: DnsName, live: readonly RecordSet[]): number {
  const ttls = live.filter(({ name }) => name === target).map((set) => ttlOf(set) ?? aliasTtlSeconds);
  return Math.max(aliasTtlSeconds, ...ttls);
}

/** How long "there is no such name" is kept: the smaller of the SOA's TTL and its last number (RFC 2308, 5). */
function negativeTtl(soa: RecordSet | undefined): number {
  const values = soa?.content.kind === 'values' ? soa.content : null;
  const minimum = Number(values?.values[0]?.split(/\s+/)[6]);
  // Without a SOA that can be read: the value with which Route 53 makes zones.
  return values === null || !Number.isInteger(minimum) ? 900 : Math.min(values.ttlSeconds, minimum);
}

/**
 * The change that puts the observed TTLs back: of what is there now as the plan says, before or after the minute, and
 * nothing else. A record set that came in the minute takes the TTL of its name's others.
 */
export function planRestoring(
  dns: PlannedDns,
  zone: { readonly id: string; readonly live: readonly RecordSet[]; readonly kept: readonly RecordSet[] },
  checks: Checks,
): Result<ZoneDiff, readonly string[]> {
  const low = plannedChanges(dns, zone.id, checks);
  if (!low.ok) return low;
  const ttls = new Map(
    zone.kept.flatMap((set) =>
      set.content.kind === 'values' ? [[groupOf(set), set.content.ttlSeconds] as const] : [],
    ),
  );
  const raised = (set: RecordSet | null): PlannedChange => {
    if (set?.content.kind !== 'values') return { before: set, after: set };
    const ttlSeconds = ttls.get(groupOf(set)) ?? set.content.ttlSeconds;
    return { before: set, after: { ...set, content: { ...set.content, ttlSeconds } } };
  };
  const concerned = low.value.filter(({ before, after }) => {
    const set = before ?? after;
    return (
      set !== null && (ttls.has(groupOf(set)) || zone.kept.some((kept) => keyOfSet(kept) === keyOfSet(set)))
    );
  });
  if (concerned.length === 0)
    return failed([
      'The plan names none of the record sets whose TTLs were lowered, expected the plan that lowered them.',
    ]);
  const sides = (['after', 'before'] as const).map((side) =>
    diffZone(
      concerned.map((change) => raised(change[side])),
      zone.live,
    ),
  );
  // The zone is as the plan leaves it, or as it was if the minute never came; a mixture is refused, by the words of after.
  const fits = ({ refusals }: ZoneDiff): boolean => refusals.every(({ kind }) => kind === 'already-after');
  return ok(sides.find(fits) ?? sides[0] ?? diffZone([], zone.live));
}

/** The plan as if its TTLs had not been lowered yet: what the zone holds today. */
function unlowered(dns: PlannedDns): PlannedDns {
  return { ...dns, runway: { ...dns.runway, ttlSeconds: longestTtlSeconds } };
}

/** The longest TTL that a plan may name: lowering to it lowers nothing. */
const longestTtlSeconds = 604_800;

/** Before and after as the zone stands today; what the minute finds is `plannedChanges`. */
export function unloweredChanges(
  dns: PlannedDns,
  zone: string,
  checks: Checks,
): ReturnType<typeof plannedChanges> {
  return plannedChanges(unlowered(dns), zone, checks);
}

function same(one: RecordSet | null, other: RecordSet | null): boolean {
  if (one === null || other === null) return one === other;
  return differencesOf(one, other).length === 0;
}

function groupOf({ name, type }: RecordSet): string {
  return `${name} ${type}`;
}

function ttlOf({ content }: RecordSet): number | null {
  return content.kind === 'values' ? content.ttlSeconds : null;
}
