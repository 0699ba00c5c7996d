import { parseDnsName, type DnsName } from '../../shared/observations/dns-name.ts';
import { parseSubnet, type Subnet } from '../../shared/observations/ip-address.ts';
import { normaliseSet, type RecordSet } from '../../shared/observations/record-set.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { plannedChanges } from '../../shared/plan/planned-sets.ts';
import type { ChangeBatch } from '../../shared/steps/change-batch.ts';

/** The calls of a zone's channel that a fault can strike. */
export type ZoneAsk = 'facts' | 'list' | 'listNames' | 'change' | 'changeState' | 'other';

/** A way in which calls to Route 53 fail: so many of them, or all until a moment. */
export type ZoneFault = {
  readonly ask: ZoneAsk;
  readonly way: 'throttled' | 'prior-request' | 'error' | 'lost' | 'lost-after-effect';
  times: number;
  readonly untilMs: number | null;
};

/** One change that Route 53 took, whoever sent it. */
export type AcceptedChange = {
  readonly changeId: string;
  readonly at: number;
  readonly insyncAt: number;
  readonly batch: ChangeBatch;
  readonly comment: string;
  /** What the zone holds from then on. */
  readonly sets: readonly RecordSet[];
};

/** One hosted zone of the simulated Route 53. */
export type ZoneWorld = {
  readonly id: string;
  readonly hostedZoneId: string;
  readonly name: DnsName;
  readonly view: DnsZone['view'];
  readonly account: string;
  /** What it holds now: a change is in here as soon as it is taken. */
  sets: readonly RecordSet[];
  /** What it held when the world began, and every change since. */
  readonly begun: readonly RecordSet[];
  readonly accepted: AcceptedChange[];
  readonly faults: ZoneFault[];
  reachable: boolean;
  /** Channels that were opened before this moment have credentials that are over. */
  credentialsOverAt: number;
};

const simulatedAccount = '111122223333';

/** The id in Route 53 that a health check of the plan has in the simulated world. */
export function simulatedCheckId({ healthChecks }: PlannedDns, id: string): string {
  return healthChecks.find((check) => check.id === id)?.healthCheckId ?? `simulated-${id}`;
}

/** Every zone of a plan as the plan calls it before, with what a zone holds besides. */
export function buildZones({ dns }: Plan): Map<string, ZoneWorld> {
  const zones = new Map<string, ZoneWorld>();
  if (dns === undefined) return zones;
  const checks = new Map(dns.healthChecks.map(({ id }) => [id, simulatedCheckId(dns, id)]));
  for (const zone of dns.zones) {
    const name = parseDnsName(zone.name) ?? zone.name;
    const changes = plannedChanges(dns, zone.id, checks);
    const planned = changes.ok
      ? changes.value.flatMap(({ before }) => (before === null ? [] : [before]))
      : [];
    const sets = [...own(name), ...planned];
    zones.set(zone.id, {
      id: zone.id,
      hostedZoneId: zone.hostedZoneId,
      name,
      view: zone.view,
      account: zone.account ?? simulatedAccount,
      sets,
      begun: sets,
      accepted: [],
      faults: [],
      reachable: true,
      credentialsOverAt: -1,
    });
  }
  return zones;
}

/** What an authoritative server answers from at a moment: the newest change that is in force everywhere by then. */
export function setsInForce({ begun, accepted }: ZoneWorld, atMs: number): readonly RecordSet[] {
  return accepted.findLast(({ insyncAt }) => insyncAt <= atMs)?.sets ?? begun;
}

/** The region of the users whose network that is, by the plan; null: nobody's of the plan. */
export function regionOfUsers({ users }: PlannedDns, subnet: Subnet | null): string | null {
  if (subnet === null) return null;
  const text = (of: Subnet | null): string => (of === null ? '' : `${of.address.bytes.join('.')}/${of.bits}`);
  return users.find(({ clientSubnet }) => text(parseSubnet(clientSubnet)) === text(subnet))?.region ?? null;
}

/** The zone's own record sets, and a few that no plan names. */
function own(name: DnsName): readonly RecordSet[] {
  const set = (
    host: string,
    type: string,
    [ttlSeconds, ...values]: readonly [number, ...string[]],
  ): RecordSet =>
    normaliseSet({
      name: host === '' ? name : `${host}.${name}`,
      type,
      setIdentifier: '',
      routing: { kind: 'simple' },
      healthCheckId: null,
      content: { kind: 'values', ttlSeconds, values },
    });
  return [
    set('', 'NS', [172_800, ...nameServers]),
    set('', 'SOA', [900, `${nameServers[0] ?? ''}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`]),
    set('', 'MX', [3_600, `10 mail.${name}`]),
    set('mail', 'A', [3_600, '192.0.2.200']),
    ...[1, 2, 3, 4, 5, 6].map((each) => set(`office-${each}`, 'A', [3_600, `192.0.2.${200 + each}`])),
  ];
}

/** Of the delegation set of every simulated zone. */
export const nameServers: readonly string[] = [
  'ns-1.simulated-dns.example',
  'ns-2.simulated-dns.example',
  'ns-3.simulated-dns.example',
  'ns-4.simulated-dns.example',
];
