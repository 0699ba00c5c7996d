import { parseDnsName } from '../observations/dns-name.ts';
import { parseIp, parseSubnet } from '../observations/ip-address.ts';
import type { RecordSet } from '../observations/record-set.ts';
import { brokenRules, type BrokenRule } from '../observations/zone-rules.ts';
import { judgeScratchNames } from './judge-scratch.ts';
import type { Complaint } from './complaint.ts';
import { namesOf } from './mistake.ts';
import type { DnsZone, PlannedDns, PlannedHealthCheck, PlannedRecord, PlannedSide } from './plan-dns.ts';
import type { Plan } from './plan.ts';
import { plannedSet } from './planned-sets.ts';
import type { Path } from './tree.ts';

const sides = ['before', 'after'] as const;
type Side = (typeof sides)[number];

/** Everything of the DNS section that the schema cannot see, among it what Route 53 itself would refuse. */
export function judgeDns({ dns, environment }: Plan): readonly Complaint[] {
  if (dns === undefined) return [];
  return [
    ...judgeEmulator(dns, environment),
    ...dns.zones.flatMap((zone, index) => judgeZone(dns, zone, index)),
    ...judgeScratchNames(dns, environment),
    ...dns.records.flatMap((record, index) => judgeRecord(dns, record, ['dns', 'records', index])),
    ...dns.zones.flatMap((zone, index) =>
      dns.zones.findIndex((other) => other.id === zone.id) === index
        ? sides.flatMap((side) => judgeSide(dns, zone, side))
        : [],
    ),
    ...dns.healthChecks.flatMap((check, index) => judgeHealthCheck(check, ['dns', 'healthChecks', index])),
    ...judgeAsked(dns),
  ];
}

/** Production changes real zones, and the simulator has zones of its own: an emulator would be a change that nobody sees. */
function judgeEmulator(dns: PlannedDns, environment: Plan['environment']): readonly Complaint[] {
  if (dns.emulator === undefined || environment === 'staging') return [];
  const path = ['dns', 'emulator'];
  const message = `a ${environment} plan with dns.emulator, expected it in a staging plan alone: its zones are not those of Route 53`;
  return [{ path, message, needs: [['environment']] }];
}

function judgeZone(dns: PlannedDns, zone: DnsZone, index: number): readonly Complaint[] {
  const first = dns.zones.findIndex((other) => other.hostedZoneId === zone.hostedZoneId);
  if (first === index) return [];
  const message = `zones ${dns.zones[first]?.id ?? ''} and ${zone.id} have one hosted zone id (${zone.hostedZoneId}), expected two zones`;
  return [{ path: ['dns', 'zones', index, 'hostedZoneId'], message, needs: [] }];
}

function judgeRecord(dns: PlannedDns, record: PlannedRecord, path: Path): readonly Complaint[] {
  const complaints: Complaint[] = [];
  if (!dns.zones.some((zone) => zone.id === record.zone))
    complaints.push({
      path: [...path, 'zone'],
      message: `there is no DNS zone "${record.zone}", expected one of ${namesOf(dns.zones.map(({ id }) => id))}`,
      needs: [],
      refers: { section: 'dns/zones', id: record.zone },
    });
  if (record.before === 'absent' && record.after === 'absent')
    complaints.push({
      path: [...path, 'after'],
      message: `${record.name} is absent before and after, expected a record set on one side`,
      needs: [],
    });
  return [...complaints, ...sides.flatMap((side) => judgeOneSide(dns, record[side], [...path, side]))];
}

function judgeOneSide(dns: PlannedDns, side: PlannedSide, path: Path): readonly Complaint[] {
  if (side === 'absent') return [];
  const complaints: Complaint[] = [];
  const chosenBy = (['region', 'weight', 'failover'] as const).filter((key) => side[key] !== undefined);
  const second = chosenBy[1];
  if (second !== undefined)
    complaints.push({
      path: [...path, second],
      message: `a record set has ${chosenBy.join(' and ')}, expected one of them`,
      needs: [],
    });
  if (side.healthCheck !== undefined && !dns.healthChecks.some(({ id }) => id === side.healthCheck))
    complaints.push({
      path: [...path, 'healthCheck'],
      message: `there is no health check "${side.healthCheck}", expected one of ${namesOf(dns.healthChecks.map(({ id }) => id))}`,
      needs: [],
      refers: { section: 'dns/healthChecks', id: side.healthCheck },
    });
  // Reverse must wait for whatever the minute put out: it stays short until Close.
  if (path.at(-1) === 'after' && 'values' in side && side.ttlSeconds > dns.runway.ttlSeconds)
    complaints.push({
      path: [...path, 'ttlSeconds'],
      message: `ttlSeconds after the minute is ${side.ttlSeconds}, expected at most runway.ttlSeconds (${dns.runway.ttlSeconds}): the way back would wait for it, and Close raises it again`,
      needs: [['dns', 'runway', 'ttlSeconds']],
    });
  return complaints;
}

/** All record sets of one zone on one side of the change, against Route 53's own rules. */
function judgeSide(dns: PlannedDns, zone: DnsZone, side: Side): readonly Complaint[] {
  const indices: number[] = [];
  const sets: RecordSet[] = [];
  dns.records.forEach((record, index) => {
    const set = record.zone === zone.id ? plannedSet(record, record[side], (id) => id) : null;
    if (set === null) return;
    indices.push(index);
    sets.push(set);
  });
  return brokenRules(sets, parseDnsName(zone.name) ?? zone.name).map((broken) => {
    const index = indices[broken.index] ?? 0;
    const record = dns.records[index];
    const place = record === undefined ? [] : placeOf(broken, record, { side, set: sets[broken.index] });
    const beside = broken.beside === undefined ? [] : [indices[broken.beside] ?? 0];
    const needs = [index, ...beside].map((at) => ['dns', 'records', at]);
    return { path: ['dns', 'records', index, ...place], message: broken.message, needs };
  });
}

/** Where the author wrote what a rule is about. */
function placeOf(
  { field, value }: BrokenRule,
  record: PlannedRecord,
  { side, set }: { readonly side: Side; readonly set: RecordSet | undefined },
): Path {
  const written = record[side];
  switch (field) {
    case 'name':
    case 'setIdentifier':
      return [field];
    case 'values': {
      if (value === undefined || written === 'absent' || !('values' in written)) return [side, 'values'];
      // Rules see values in order; the author's order is another one.
      const sorted = set?.content.kind === 'values' ? (set.content.values[value] ?? '') : '';
      const at = written.values.findLastIndex((each) => each === sorted || each.toLowerCase() === sorted);
      return at < 0 ? [side, 'values'] : [side, 'values', at];
    }
    case 'routing':
      return [
        side,
        ...(['region', 'weight', 'failover'] as const)
          .filter((key) => written !== 'absent' && written[key] !== undefined)
          .slice(0, 1),
      ];
    case 'ttlSeconds':
    case 'alias':
      return [side, field];
    case 'healthCheck':
      return [side];
  }
}

function judgeHealthCheck(check: PlannedHealthCheck, path: Path): readonly Complaint[] {
  if (check.type === 'EXISTING') return [];
  const complaints: Complaint[] = [];
  if (check.regions.length > 0 && new Set(check.regions).size < 3)
    complaints.push({
      path: [...path, 'regions'],
      message: `health check ${check.id} has ${new Set(check.regions).size} checker regions, expected at least 3, or none for all`,
      needs: [],
    });
  if (check.type === 'TCP') return complaints;
  const wantsText = check.type.endsWith('_STR_MATCH');
  if (wantsText !== (check.searchString !== undefined))
    complaints.push({
      path: [...path, wantsText ? 'type' : 'searchString'],
      message: wantsText
        ? `health check ${check.id} is of type ${check.type} without a searchString, expected one`
        : `health check ${check.id} is of type ${check.type} and has a searchString, expected type ${check.type}_STR_MATCH`,
      needs: [],
    });
  return complaints;
}

/** Resolvers and the networks of users: addresses, because nothing may have to be looked up to ask what DNS answers. */
function judgeAsked(dns: PlannedDns): readonly Complaint[] {
  const wrong = (path: Path, message: string): Complaint => ({ path: ['dns', ...path], message, needs: [] });
  return [
    ...dns.resolvers.flatMap((resolver, index) =>
      parseIp(resolver.address) === null
        ? [
            wrong(
              ['resolvers', index, 'address'],
              `resolver ${resolver.id} has the address "${resolver.address}", expected an IP address`,
            ),
          ]
        : [],
    ),
    ...dns.users.flatMap((users, index) =>
      parseSubnet(users.clientSubnet) === null
        ? [
            wrong(
              ['users', index, 'clientSubnet'],
              `users ${users.id} have the network "${users.clientSubnet}", expected one such as 192.0.2.0/24 without bits beyond it`,
            ),
          ]
        : [],
    ),
  ];
}
