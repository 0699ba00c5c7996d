import { runwayOf } from '../shared/audit/ttl-record.ts';
import { judgeRunway } from '../shared/gates/ttl-runway.ts';
import { parseDnsName } from '../shared/observations/dns-name.ts';
import { showContent, showRouting, showSet, type RecordSet } from '../shared/observations/record-set.ts';
import type { DiffEntry } from '../shared/observations/zone-diff.ts';
import { clusterPolicy, dnsPolicy } from '../shared/plan/dns-policy.ts';
import type { DnsZone } from '../shared/plan/plan-dns.ts';
import { planesOf } from '../shared/steps/flip-planes.ts';
import { minuteDiff, type MinuteDiff } from '../shared/steps/minute-diff.ts';
import { loadPlan } from './compose.ts';
import {
  composeDns,
  lowerTtls,
  restoreTtls,
  type ComposedDns,
  type FindServers,
  type TtlWork,
} from './compose-dns.ts';
import type { ZoneChannel } from './ports.ts';

type Options = { readonly json: boolean; readonly servers?: FindServers };

/** What one zone came to: good, stopped with reasons, or it could not be looked at. */
type ZoneEnd = {
  readonly zone: string;
  readonly code: 0 | 1 | 2;
  readonly reasons: readonly string[];
} & Readonly<Record<string, unknown>>;

/** One zone that is open, and what it belongs to. */
type Looked = ComposedDns & { readonly zone: DnsZone; readonly channel: ZoneChannel; readonly task: TtlWork };

const listMs = 120_000;

/** `dns diff PLAN`: what the minute would change in each zone. Exit 0: it may; 2: refused; 1: a zone could not be read. */
export function dnsDiff(file: string, options: Options): Promise<number> {
  return eachZone(file, options, async ({ dns, zone, channel }) => {
    const live = await channel.list(listMs);
    if (live.kind !== 'ok') return { zone: zone.id, code: 1, reasons: [live.message] };
    const name = parseDnsName(zone.name) ?? zone.name;
    const judged = minuteDiff(dns, { id: zone.id, name, live: live.value });
    if (!judged.ok) return { zone: zone.id, code: 2, reasons: judged.error };
    const { reasons, aboveSafety, ttls, share, diff } = judged.value;
    const planes = planesOf(dns);
    if (!options.json)
      process.stdout.write(
        `${diffText(zone, judged.value)}${planes.map(({ by, says }) => `  by ${by}: ${says}\n`).join('')}`,
      );
    const all = [
      ...reasons,
      ...(aboveSafety === null ? [] : [`${aboveSafety}: a person types the count at go/no-go`]),
    ];
    const { entries, untouched } = diff;
    const { account } = channel;
    return {
      zone: zone.id,
      code: all.length === 0 ? 0 : 2,
      reasons: all,
      account,
      ttls,
      share,
      planes,
      entries,
      untouched: untouched.length,
    };
  });
}

/** `dns lower-ttl PLAN`: days before. Exit 0: low at every server, the wait is told; 2: refused or not everywhere yet. */
export function dnsLowerTtl(file: string, options: Options): Promise<number> {
  return eachZone(file, options, async ({ dns, zone, task }) => {
    const lowered = await lowerTtls(task);
    if (!lowered.ok) return { zone: zone.id, code: 2, reasons: lowered.error };
    const runway = runwayOf(lowered.value, dns.runway.marginMs);
    const verdict = judgeRunway(runway, Date.now());
    const others = runway.records.flatMap(({ oldTtls }) => oldTtls.filter((old) => !old.lowered));
    if (!options.json) {
      for (const { what, ttlSeconds } of others)
        process.stdout.write(`  not ours to lower: ${what}, ${ttlSeconds} s\n`);
      const when = verdict.opensAt === null ? '' : ` (${new Date(verdict.opensAt).toISOString()})`;
      process.stdout.write(`  runway ${verdict.state}: ${verdict.reasons.join(' ')}${when}\n`);
    }
    const { file: kept } = task.file;
    return { zone: zone.id, code: 0, reasons: [], runway: verdict, notOursToLower: others, file: kept };
  });
}

/** `dns restore-ttl PLAN`: puts the observed TTLs back. Exit 0: they are in force; 2: refused. */
export function dnsRestoreTtl(file: string, options: Options): Promise<number> {
  return eachZone(file, options, async ({ zone, task }) => {
    const restored = await restoreTtls(task);
    if (!restored.ok) return { zone: zone.id, code: 2, reasons: restored.error };
    if (!options.json)
      process.stdout.write(`  the observed TTLs of ${restored.value.restored} record sets are back\n`);
    return { zone: zone.id, code: 0, reasons: [], restored: restored.value.restored };
  });
}

/** `dns policy PLAN`: the least that the credentials of each zone need, one IAM policy a zone; and those of the flip's cluster. */
export function dnsPolicies(file: string): number {
  const loaded = loadPlan(file);
  const dns = loaded.ok ? loaded.value.plan.dns : undefined;
  if (!loaded.ok || dns === undefined) {
    const why = loaded.ok
      ? `${file}: the plan has no section dns, expected zones and records in it`
      : loaded.error.join('\n');
    process.stderr.write(`${why}\n`);
    return 1;
  }
  const policies = dns.zones.map(({ id, profile, account }) => ({
    zone: id,
    profile,
    account,
    policy: dnsPolicy(dns, id),
  }));
  const cluster = dns.flip?.cluster;
  const flip =
    cluster === undefined
      ? []
      : [{ flip: 'cluster', profile: cluster.profile, policy: clusterPolicy(cluster) }];
  process.stdout.write(`${JSON.stringify([...policies, ...flip], null, 2)}\n`);
  return 0;
}

/** One zone after the other: a zone that is refused does not keep the others from being looked at. */
async function eachZone(
  file: string,
  options: Options,
  look: (at: Looked) => Promise<ZoneEnd>,
): Promise<number> {
  const composed = await composeDns(file, options.servers);
  if (!composed.ok) {
    process.stderr.write(`${composed.error}\n`);
    return 1;
  }
  const { dns, plan, digest, open, work } = composed.value;
  const ends: ZoneEnd[] = [];
  for (const zone of dns.zones.filter(({ id }) => dns.records.some((record) => record.zone === id))) {
    const opened = await open(zone);
    if (!opened.ok) {
      ends.push({ zone: zone.id, code: 1, reasons: [opened.error] });
      continue;
    }
    const channel = opened.value;
    if (!options.json)
      process.stdout.write(
        `zone ${zone.id}: ${zone.name}, ${zone.view}, ${zone.hostedZoneId}, account ${channel.account}\n`,
      );
    const say = (line: string): void => void process.stderr.write(`${zone.id}: ${line}\n`);
    ends.push(await look({ ...composed.value, zone, channel, task: work(zone, channel, say) }));
    await channel.close();
  }
  for (const { zone, reasons } of ends)
    for (const reason of reasons) process.stderr.write(`${zone}: ${reason}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ plan: plan.name, digest, zones: ends })}\n`);
  // A zone that could not be looked at is worse than one that was refused.
  return ends.some(({ code }) => code === 1) ? 1 : Math.max(0, ...ends.map(({ code }) => code));
}

const marks = { created: '+', changed: '~', deleted: '-', unchanged: '=' } as const;

function diffText({ id }: DnsZone, { diff, share, ttls, reasons, aboveSafety }: MinuteDiff): string {
  const lines = [
    ...diff.entries.flatMap(entryLines),
    `  ${diff.untouched.length} record sets untouched; ${share.changed} changed, ${share.deleted} deleted of ${share.of}`,
    ...(ttls === 'not-lowered'
      ? [`  the TTLs of zone ${id} are not lowered yet: cockpit dns lower-ttl, days before`]
      : []),
    reasons.length === 0 && aboveSafety === null
      ? '  one batch, and its exact reverse: both fit'
      : '  refused',
  ];
  return `${lines.join('\n')}\n`;
}

function entryLines({ kind, before, after, fields }: DiffEntry): readonly string[] {
  const set = after ?? before;
  if (set === null) return [];
  const head = `  ${marks[kind]} ${kind.padEnd(9)} ${showSet(set)}`;
  if (kind === 'changed')
    return [head, ...fields.map(({ field, expected, found }) => `      ${field}: ${expected} → ${found}`)];
  return [head, `      ${wholeText(set)}`];
}

function wholeText(set: RecordSet): string {
  const health = set.healthCheckId === null ? 'no health check' : `health check ${set.healthCheckId}`;
  return `${showContent(set.content)}; ${showRouting(set.routing)}; ${health}`;
}
