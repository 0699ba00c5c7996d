import type { TtlRecord } from '../../shared/audit/ttl-record.ts';
import { observedSets } from '../../shared/audit/ttl-record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { DnsName } from '../../shared/observations/dns-name.ts';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import { keyOfSet, sameSet, showSet, type RecordSet } from '../../shared/observations/record-set.ts';
import type { ZoneDiff } from '../../shared/observations/zone-diff.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import { batchOf } from '../../shared/steps/change-batch.ts';
import { healthCheckIds } from '../../shared/steps/prepared-zone.ts';
import { planLowering, planRestoring, type KeptTtl } from '../../shared/steps/ttl-lowering.ts';
import type { DnsPort, TtlFile } from '../ports.ts';
import { submitBatch, untilInsync, type ZoneAtWork } from './change-zone.ts';
import { readOutsideLinks } from './outside-links.ts';
import { pause } from './pause.ts';

/** One server of the zone, and where it is asked. */
export type ZoneServerPlace = { readonly server: DnsName; readonly address: string; readonly port: number };

/** What lowering and restoring the TTLs of one zone needs. */
export type TtlWork = ZoneAtWork & {
  readonly dns: PlannedDns;
  readonly zone: DnsZone;
  readonly name: DnsName;
  readonly planDigest: string;
  readonly file: TtlFile;
  readonly resolver: DnsPort;
  /** Every authoritative server of the zone. */
  readonly servers: () => Promise<Result<readonly ZoneServerPlace[], string>>;
};

const listMs = 120_000;
const askMs = 2_000;
const askAgainMs = 1_000;
const seenWithinMs = 120_000;

/**
 * Lowers the TTLs of what the minute changes. The observed ones are on disk before anything is sent; run again, it goes on
 * where it stopped and never observes a second time, because by then the old TTLs are gone.
 */
export async function lowerTtls(work: TtlWork): Promise<Result<TtlRecord, readonly string[]>> {
  const { file, channel, clock, dns, zone, say } = work;
  const already = file.read();
  if (!already.ok) return failed([already.error]);
  const live = await channel.list(listMs);
  if (live.kind !== 'ok') return failed([live.message]);
  const planned = planLowering(dns, { id: zone.id, name: work.name, live: live.value }, healthCheckIds(dns));
  if (!planned.ok) return planned;
  const { diff, kept } = planned.value;
  if (diff.refusals.length > 0) return failed(diff.refusals.map(({ message }) => message));
  if (kept.length === 0)
    return failed([`The plan changes no record of zone ${zone.id}: there is no TTL to lower.`]);
  const moving = diff.entries.filter(({ kind }) => kind !== 'unchanged');
  if (already.value === null) {
    const whole = await withOutsideLinks(work, kept);
    if (!whole.ok) return failed([`${whole.error} Nothing was lowered.`]);
    const { id, hostedZoneId } = zone;
    const begun = file.begin({
      kind: 'observed',
      at: clock.now().utcMs,
      zone: id,
      hostedZoneId,
      planDigest: work.planDigest,
      kept: whole.value.map(({ set, oldTtls }) => ({
        set: {
          ...set,
          content:
            set.content.kind === 'values' ? { ...set.content, values: [...set.content.values] } : set.content,
        },
        oldTtls: [...oldTtls],
      })),
    });
    if (!begun.ok)
      return failed([`${begun.error}. Nothing was sent: without the old TTLs on disk nothing is lowered.`]);
    say(`The observed TTLs of ${kept.length} record sets are kept in ${file.file}.`);
  } else {
    const strange = unrecorded(
      already.value,
      moving.flatMap(({ before }) => (before === null ? [] : [before])),
    );
    if (strange.length > 0) return failed(strange.map((each) => `${file.file}: ${each}`));
  }
  const done = await send(work, diff, already.value);
  if (!done.ok) return failed([done.error]);
  const lowest = diff.entries.flatMap(({ after }) => (after === null ? [] : [after]));
  const seen = await seeEverywhere(work, lowest);
  if (!seen.ok) return failed([seen.error]);
  const record = file.read();
  if (!record.ok || record.value === null)
    return failed([record.ok ? `${file.file} is gone, expected the observed TTLs in it.` : record.error]);
  return ok(record.value);
}

/** The old chain goes on where a CNAME leaves the zone: each link of it is cached by itself, whoever's it is. */
async function withOutsideLinks(
  { resolver, dns, zone }: TtlWork,
  kept: readonly KeptTtl[],
): Promise<Result<readonly KeptTtl[], string>> {
  const whole: KeptTtl[] = [];
  for (const each of kept) {
    const oldTtls = [...each.oldTtls];
    for (const name of each.leadsTo) {
      const links = await readOutsideLinks(resolver, name, { dns, view: zone.view });
      if (!links.ok) return links;
      oldTtls.push(...links.value);
    }
    whole.push({ ...each, oldTtls });
  }
  return ok(whole);
}

/** What would be lowered now must be what was observed then: another record set has an old TTL that nobody recorded. */
function unrecorded(record: TtlRecord, moving: readonly RecordSet[]): readonly string[] {
  const observed = new Map(observedSets(record).map((set) => [keyOfSet(set), set]));
  return moving.flatMap((set) => {
    const then = observed.get(keyOfSet(set));
    if (then !== undefined && sameSet(then, set)) return [];
    return [
      `${showSet(set)} is not as it was observed at ${new Date(record.observed.at).toISOString()}, expected that: put the TTLs back first (cockpit dns restore-ttl), then lower all of them`,
    ];
  });
}

async function send(work: TtlWork, diff: ZoneDiff, before: TtlRecord | null): Promise<Result<null, string>> {
  const { file, clock, say } = work;
  const batch = batchOf(diff.entries);
  let changeId = before?.changeId ?? null;
  let insyncAt = before?.insyncAt ?? null;
  if (batch.changes.length > 0) {
    const sent = await submitBatch(work, batch, 'cutover cockpit: TTLs lowered');
    if (!sent.ok) return sent;
    changeId = sent.value;
    insyncAt = null;
    const kept = file.add({ kind: 'lowered', at: clock.now().utcMs, changeId });
    if (!kept.ok) return kept;
    say(`Change ${changeId} was taken: ${batch.changes.length / 2} record sets, one batch.`);
  } else if (before?.loweredAt === undefined || before.loweredAt === null) {
    const kept = file.add({ kind: 'lowered', at: clock.now().utcMs, changeId: null });
    if (!kept.ok) return kept;
    say('The TTLs of these records are low already: nothing was sent.');
  }
  if (insyncAt !== null) return ok(null);
  // Lowered by somebody else: when is not known, so the wait counts from now.
  const insync = changeId === null ? ok(clock.now().utcMs) : await untilInsync(work, changeId);
  if (!insync.ok) return insync;
  say('Route 53 says INSYNC.');
  return file.add({ kind: 'insync', at: insync.value });
}

/** Asks every authoritative server until each gives the low TTLs, and keeps when each was first seen with them. */
async function seeEverywhere(work: TtlWork, sets: readonly RecordSet[]): Promise<Result<null, string>> {
  const { file, clock, say, zone } = work;
  const found = await work.servers();
  if (!found.ok) return failed(`${found.error} Run the command again.`);
  const name = ({ server, address }: ZoneServerPlace): string => `${server} (${address})`;
  const record = file.read();
  if (!record.ok) return record;
  const known = file.add({ kind: 'servers', at: clock.now().utcMs, servers: found.value.map(name) });
  if (!known.ok) return known;
  const questions = questionsOf(sets);
  const seen = new Set(
    (record.value?.servers ?? []).flatMap(({ server, seenAt }) => (seenAt === null ? [] : [server])),
  );
  const endsAt = clock.now().monoMs + seenWithinMs;
  for (;;) {
    const waiting = found.value.filter((place) => !seen.has(name(place)));
    if (waiting.length === 0) return ok(null);
    if (clock.now().monoMs >= endsAt)
      return failed(
        `${waiting.map(name).join(', ')}: not seen with the lowered TTLs of zone ${zone.id} within ${seenWithinMs / 1_000} s. Look at that server, then run the command again.`,
      );
    const looks = await Promise.all(
      waiting.map(async (place) => ({ place, low: await isLow(work, place, questions) })),
    );
    for (const { place, low } of looks) {
      if (!low) continue;
      seen.add(name(place));
      const kept = file.add({ kind: 'seen', at: clock.now().utcMs, server: name(place) });
      if (!kept.ok) return kept;
      say(`${name(place)} answers the lowered TTLs.`);
    }
    if (looks.some(({ low }) => !low)) await pause(clock, askAgainMs);
  }
}

type LowQuestion = { readonly name: DnsName; readonly type: string; readonly ttlSeconds: number };

/** One question a name and type: Route 53 has one TTL for all its sets. An alias has none to look at. */
function questionsOf(sets: readonly RecordSet[]): readonly LowQuestion[] {
  const questions = new Map<string, LowQuestion>();
  for (const { name, type, content } of sets)
    if (content.kind === 'values')
      questions.set(`${name} ${type}`, { name, type, ttlSeconds: content.ttlSeconds });
  return [...questions.values()];
}

async function isLow(
  work: TtlWork,
  place: ZoneServerPlace,
  questions: readonly LowQuestion[],
): Promise<boolean> {
  for (const { name, type, ttlSeconds } of questions) {
    const reply: DnsReply = await work.resolver.ask({
      server: { address: place.address, port: place.port },
      question: { name, type },
      recursion: false,
      clientSubnet: null,
      limitMs: askMs,
    });
    if (reply.kind === 'failed' || !reply.authoritative) return false;
    const own = reply.answers.filter((record) => record.name === name);
    if (own.length === 0 || own.some((record) => record.ttlSeconds > ttlSeconds)) return false;
  }
  return true;
}

/** Puts the observed TTLs back, on what stands there now as the plan says; the file is kept under another name then. */
export async function restoreTtls(
  work: TtlWork,
): Promise<Result<{ readonly restored: number }, readonly string[]>> {
  const { file, channel, clock, dns, zone, say } = work;
  const record = file.read();
  if (!record.ok) return failed([record.error]);
  if (record.value === null)
    return failed([
      `There is no ${file.file}, expected the TTLs that were observed when they were lowered: nothing of zone ${zone.id} is lowered.`,
    ]);
  const live = await channel.list(listMs);
  if (live.kind !== 'ok') return failed([live.message]);
  const kept = observedSets(record.value);
  const planned = planRestoring(dns, { id: zone.id, live: live.value, kept }, healthCheckIds(dns));
  if (!planned.ok) return planned;
  const blocking = planned.value.refusals.filter(({ kind }) => kind !== 'already-after');
  if (blocking.length > 0) return failed(blocking.map(({ message }) => message));
  const there = new Set(planned.value.refusals.map(({ set }) => keyOfSet(set)));
  const entries = planned.value.entries.filter(
    ({ before }) => before === null || !there.has(keyOfSet(before)),
  );
  const batch = batchOf(entries);
  let changeId: string | null = null;
  if (batch.changes.length > 0) {
    const sent = await submitBatch(work, batch, 'cutover cockpit: TTLs restored');
    if (!sent.ok) return failed([sent.error]);
    changeId = sent.value;
    const insync = await untilInsync(work, changeId);
    if (!insync.ok) return failed([insync.error]);
    say('Route 53 says INSYNC.');
  }
  const put = file.putAway({ kind: 'restored', at: clock.now().utcMs, changeId });
  return put.ok ? ok({ restored: batch.changes.length / 2 }) : failed([put.error]);
}
