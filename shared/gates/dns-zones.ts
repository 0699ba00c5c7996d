import { parseDnsName, showName } from '../observations/dns-name.ts';
import type { ZoneSeen } from '../observations/dns-facts.ts';
import { showContent, showSet, type RecordSet } from '../observations/record-set.ts';
import { aboveSafety, diffZone, shareOf, type ZoneDiff } from '../observations/zone-diff.ts';
import { present } from '../lib/assert.ts';
import type { DnsZone, PlannedDns } from '../plan/plan-dns.ts';
import type { Plan } from '../plan/plan.ts';
import { plannedChanges } from '../plan/planned-sets.ts';
import { healthCheckIds, plannedZones, prepareZone } from '../steps/prepared-zone.ts';
import { freshness, type Look } from './look.ts';
import { judgeRunway } from './ttl-runway.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'dns';
/** Watching goes on after the minute: credentials must outlive this much of it, ms. */
const watchMs = 3_600_000;

const items = ({ plan }: World): readonly string[] => plannedZones(plan.dns).map(({ id }) => id);

/** Gates on each zone that the plan changes: reached, as the plan calls it before, not too much of it, taken by Route 53. */
export const dnsZones: readonly GateDefinition[] = [
  {
    id: 'dns.access',
    group,
    scope: 'item',
    items,
    title: (zone) => `Zone ${zone} is reached with credentials that outlive the night.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, item, look) => {
      const { zone, seen } = subject(world, item);
      const access = look.at(seen?.access, `access to zone ${item}`, freshness.zoneMs);
      const facts = look.at(seen?.facts, `zone ${item}`, freshness.zoneMs);
      if (access !== undefined) {
        look.expect(
          zone.account === undefined || zone.account === access.account,
          `Expected the account ${zone.account ?? ''}, seen ${access.account}.`,
          `Log in to the account of the plan: aws sso login${zone.profile === undefined ? '' : ` --profile ${zone.profile}`}`,
        );
        const needed = world.context.now + nightMs(world.plan) + watchMs;
        look.expect(
          access.credentialsEndAt === null || access.credentialsEndAt >= needed,
          `Expected credentials for the night and an hour of watching, seen some that end at ${utc(access.credentialsEndAt ?? 0)}.`,
          `Log in anew: aws sso login${zone.profile === undefined ? '' : ` --profile ${zone.profile}`}`,
        );
        const { emulator } = dnsOf(world.plan);
        look.note(
          emulator === undefined
            ? `Account ${access.account}.`
            : `Account ${access.account} of the emulated Route 53 at port ${emulator.apiPort} of this laptop: no real zone is asked or changed.`,
        );
      }
      if (facts !== undefined)
        look.expect(
          facts.name === (parseDnsName(zone.name) ?? zone.name) && facts.view === zone.view,
          `Expected ${zone.hostedZoneId} to be the ${zone.view} zone ${zone.name}, seen the ${facts.view} zone ${showName(facts.name)}.`,
          'Correct the hostedZoneId, the name or the view of the zone in the plan.',
        );
      return look.judgement();
    },
  },
  {
    id: 'dns.before',
    group,
    scope: 'item',
    items,
    title: (zone) => `Zone ${zone} holds exactly what the plan calls before.`,
    guards: [],
    // Route 53 itself would refuse the batch.
    overridable: false,
    blocking: true,
    judge: (world, item, look) => {
      const diff = diffOf(world, item, look);
      if (diff === undefined) return look.judgement();
      for (const { message } of diff.refusals)
        look.expect(false, message, `cockpit dns diff PLAN shows all of it`);
      for (const { kind, before, after } of diff.entries)
        look.row(kind, showSet(present(before ?? after, 'a side')), content(before), content(after));
      look.note(`${diff.untouched.length} other record sets of the zone are left alone.`);
      return look.judgement('what', 'record set', 'before', 'after');
    },
  },
  {
    id: 'dns.safety',
    group,
    scope: 'item',
    items,
    title: (zone) => `The change of zone ${zone} is within the plan's thresholds.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, item, look) => {
      const diff = diffOf(world, item, look);
      if (diff === undefined) return look.judgement();
      const share = shareOf(diff);
      const above = aboveSafety(share, dnsOf(world.plan).safety);
      look.expect(
        above === null,
        `${above ?? ''}.`,
        `Look at every row; then override this gate with the count as the reason: ${share.changed} changed, ${share.deleted} deleted of ${share.of}.`,
      );
      look.note(`${share.changed} changed and ${share.deleted} deleted of ${share.of} record sets.`);
      return look.judgement();
    },
  },
  {
    id: 'dns.batch',
    group,
    scope: 'item',
    items,
    title: (zone) => `Route 53 would take the change of zone ${zone} in one call, and its way back.`,
    guards: [],
    overridable: false,
    blocking: true,
    judge: (world, item, look) => {
      const { zone, seen } = subject(world, item);
      const sets = look.at(seen?.sets, `the record sets of zone ${item}`, freshness.zoneMs);
      if (sets === undefined) return look.judgement();
      const prepared = prepareZone(dnsOf(world.plan), zone, { account: '', sets });
      if (prepared.ok) look.note(`${prepared.value.batch.changes.length} changes in one batch.`);
      else for (const reason of prepared.error) look.expect(false, reason, 'Correct the plan or the zone.');
      return look.judgement();
    },
  },
  {
    id: 'dns.runway',
    group,
    scope: 'item',
    items,
    title: (zone) => `Every old answer of zone ${zone} has run out: its TTLs were lowered long enough ago.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ plan, snapshot, context }, item, look) => {
      const dns = dnsOf(plan);
      const { ttlSeconds } = dns.runway;
      const high = dns.records.flatMap(({ zone, name, type, before }) =>
        zone === item && before !== 'absent' && 'values' in before && before.ttlSeconds > ttlSeconds
          ? [`${name} ${type} (${before.ttlSeconds} s)`]
          : [],
      );
      const seen = snapshot.dns?.zones[item]?.runway;
      // What was lowered by hand or an earlier plan counts too, where it was kept.
      if (high.length === 0 && seen?.kind !== 'known') {
        look.note(`No TTL of the plan's before is above ${ttlSeconds} s: nothing had to be lowered.`);
        return look.judgement();
      }
      const runway = look.at(
        seen,
        `the lowered TTLs of ${high.length === 0 ? `zone ${item}` : high.join(', ')}`,
        null,
      );
      if (runway === undefined) return look.judgement();
      const { state, reasons } = judgeRunway(runway, context.now);
      for (const reason of reasons) {
        if (state === 'open') look.note(reason);
        else if (state === 'unknown') look.unclear(reason);
        else look.expect(false, reason, 'cockpit dns lower-ttl PLAN, days before; then it opens by itself');
      }
      return look.judgement();
    },
  },
];

/** As long as the steps of a run may take together, ms. */
function nightMs({ limits }: Plan): number {
  const { preDrainMs, runDeadlineMs, promoteMs, announceMs, canaryMs } = limits;
  return preDrainMs + runDeadlineMs + promoteMs + announceMs + 2 * canaryMs;
}

function dnsOf({ dns }: Plan): PlannedDns {
  return present(dns, 'the DNS of the plan');
}

function subject(
  { plan, snapshot }: World,
  item: string,
): { readonly zone: DnsZone; readonly seen: ZoneSeen | undefined } {
  return {
    zone: present(
      dnsOf(plan).zones.find(({ id }) => id === item),
      `zone ${item}`,
    ),
    seen: snapshot.dns?.zones[item],
  };
}

function diffOf(world: World, item: string, look: Look): ZoneDiff | undefined {
  const sets = look.at(
    world.snapshot.dns?.zones[item]?.sets,
    `the record sets of zone ${item}`,
    freshness.zoneMs,
  );
  const dns = dnsOf(world.plan);
  const changes = plannedChanges(dns, item, healthCheckIds(dns));
  if (!changes.ok)
    for (const reason of changes.error)
      look.expect(
        false,
        reason,
        'cockpit dns health PLAN --create makes it; then write its id as healthCheckId in the plan.',
      );
  return sets === undefined || !changes.ok ? undefined : diffZone(changes.value, sets);
}

function content(set: RecordSet | null): string {
  return set === null ? 'none' : showContent(set.content);
}

function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
