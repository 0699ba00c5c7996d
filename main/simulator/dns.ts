import { isWithin, parseDnsName } from '../../shared/observations/dns-name.ts';
import type { DnsRecord, DnsReply } from '../../shared/observations/dns-reply.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { DnsAsk, DnsPort } from '../ports.ts';
import type { SimulatorClock } from './clock.ts';
import { authorityAnswer, bare, parentServer, serversOf } from './dns-authority.ts';
import { seeded, type Random } from './random.ts';
import { regionOfUsers } from './zone-world.ts';
import { serversOfZone, type SimulatedZones } from './zones.ts';

type Answered = Extract<DnsReply, { kind: 'answered' }>;

/** A way in which one DNS server misbehaves. `keeps` is a cache that holds on to what it has for that long, whatever its TTL. */
export type DnsFault =
  | { readonly way: 'dead' | 'servfail' | 'lame' | 'nxdomain' }
  | { readonly way: 'keeps'; readonly seconds: number };

/** The DNS of the simulated world. */
export type SimulatedDns = DnsPort & {
  /** From now on the server at this address does that; null: it behaves again. */
  readonly break: (address: string, fault: DnsFault | null) => void;
  /** What an application on a host gets when it asks for a name by the ways of its system. */
  readonly lookUp: (
    question: { readonly name: string; readonly type: string },
    region: string | null,
  ) => readonly DnsRecord[];
};

type Kept = { readonly reply: Answered; readonly at: number; readonly untilMs: number };

/** Servers of the plan's zones and the resolvers that it names, each with a cache of its own. */
export function makeDns(
  plan: Plan,
  {
    seed,
    clock,
    zones,
  }: { readonly seed: number; readonly clock: SimulatorClock; readonly zones: SimulatedZones },
): SimulatedDns {
  const dns = plan.dns ?? null;
  const random = seeded(seed, 'dns');
  const faults = new Map<string, DnsFault>();
  const caches = new Map<string, Map<string, Kept>>();
  const answer = (ask: DnsAsk): DnsReply =>
    dns === null ? bare('REFUSED', false) : answerOf({ dns, random, faults, caches, clock, zones }, ask);
  return {
    ask: (asked) =>
      new Promise((resolve) => {
        const fault = faults.get(asked.server.address);
        const settle = (ms: number, reply: () => DnsReply): void => {
          clock.answered();
          clock.in(ms, () => {
            const told = reply();
            clock.answered();
            resolve(told);
          });
        };
        if (fault?.way === 'dead')
          settle(asked.limitMs, () => ({
            kind: 'failed',
            why: 'timeout',
            detail: `no answer to ${asked.question.type} within ${asked.limitMs} ms`,
          }));
        else settle(random.between(4, 40), () => answer(asked));
      }),
    break: (address, fault) => void (fault === null ? faults.delete(address) : faults.set(address, fault)),
    lookUp: (question, region) => {
      const server = { address: 'a host of the world', port: 53 };
      const asked = { server, question, recursion: true, clientSubnet: null, limitMs: 1_000 };
      const reply =
        dns === null
          ? null
          : cached({ dns, random, faults, caches, clock, zones }, asked, {
              region,
              view: 'public',
              passes: false,
            });
      return reply?.answers ?? [];
    },
  };
}

type Ground = {
  readonly dns: PlannedDns;
  readonly random: Random;
  readonly faults: ReadonlyMap<string, DnsFault>;
  readonly caches: Map<string, Map<string, Kept>>;
  readonly clock: SimulatorClock;
  readonly zones: SimulatedZones;
};

function answerOf(ground: Ground, ask: DnsAsk): DnsReply {
  const { dns, faults, zones } = ground;
  const { address } = ask.server;
  const fault = faults.get(address);
  if (fault?.way === 'servfail') return bare('SERVFAIL', false);
  if (fault?.way === 'lame') return bare('REFUSED', false);
  if (address === parentServer.address) return handedOn(dns, ask);
  for (const [zoneAt, zone] of dns.zones.entries())
    for (let server = 0; server < serversOfZone; server += 1)
      if (address === `198.18.${zoneAt + 1}.${server + 1}`) {
        if (fault?.way === 'nxdomain') return bare('NXDOMAIN', true);
        return authorityAnswer(
          zones,
          { zone, zoneAt, server },
          { question: ask.question, region: regionOfUsers(dns, ask.clientSubnet) },
        );
      }
  const resolver = dns.resolvers.find((each) => each.address === address);
  if (resolver === undefined)
    return {
      kind: 'failed',
      why: 'timeout',
      detail: `no answer to ${ask.question.type} within ${ask.limitMs} ms`,
    };
  if (fault?.way === 'nxdomain') return bare('NXDOMAIN', false);
  return cached(ground, ask, {
    region: resolver.region ?? null,
    view: resolver.view,
    passes: resolver.clientSubnet,
  });
}

/** The parent knows who holds a zone, and who holds itself; nothing else. */
function handedOn(dns: PlannedDns, { question }: DnsAsk): DnsReply {
  for (const [zoneAt, zone] of dns.zones.entries())
    if (isWithin(question.name, parseDnsName(zone.name) ?? zone.name))
      return { ...bare('NOERROR', false), authority: serversOf(zone, zoneAt).ns };
  return bare('NXDOMAIN', true);
}

/** A cache: what it has it gives with what is left of its TTL; what it has not it fetches from one of the zone's servers. */
function cached(
  ground: Ground,
  ask: DnsAsk,
  at: { readonly region: string | null; readonly view: 'public' | 'private'; readonly passes: boolean },
): Answered {
  const { dns, caches, clock, faults } = ground;
  const region = (at.passes ? regionOfUsers(dns, ask.clientSubnet) : null) ?? at.region;
  const cache = caches.get(ask.server.address) ?? new Map<string, Kept>();
  caches.set(ask.server.address, cache);
  const key = `${ask.question.name} ${ask.question.type} ${region ?? ''}`;
  const now = clock.nowMs();
  const kept = cache.get(key);
  const scope = at.passes && ask.clientSubnet !== null ? 24 : null;
  if (kept !== undefined && now < kept.untilMs) return aged(kept, now, scope);
  const reply = fetched(ground, ask, { region, view: at.view });
  const fault = faults.get(ask.server.address);
  const ttls = [...reply.answers, ...reply.authority].map(({ ttlSeconds }) => ttlSeconds);
  const seconds = fault?.way === 'keeps' ? fault.seconds : Math.min(...ttls);
  const next = { reply, at: now, untilMs: now + (Number.isFinite(seconds) ? seconds : 0) * 1_000 };
  cache.set(key, next);
  return aged(next, now, scope);
}

/** One that keeps answers longer than it may begins to count again, as such caches do. */
function aged({ reply, at }: Kept, now: number, subnetScope: number | null): Answered {
  const passed = Math.floor((now - at) / 1_000);
  const older = (record: DnsRecord): DnsRecord => {
    const left = record.ttlSeconds - passed;
    return { ...record, ttlSeconds: left >= 0 ? left : record.ttlSeconds };
  };
  return {
    ...reply,
    authoritative: false,
    subnetScope,
    answers: reply.answers.map(older),
    authority: reply.authority.map(older),
  };
}

function fetched(
  { dns, random, faults, zones }: Ground,
  { question }: DnsAsk,
  { region, view }: { readonly region: string | null; readonly view: 'public' | 'private' },
): Answered {
  const above: readonly DnsRecord[] = [
    { name: '', type: 'NS', ttlSeconds: 3_600, data: parentServer.name },
    { name: parentServer.name, type: 'A', ttlSeconds: 3_600, data: parentServer.address },
    ...parentsOf(dns).map((name) => ({ name, type: 'NS', ttlSeconds: 3_600, data: parentServer.name })),
  ];
  const known = above.filter(({ name, type }) => name === question.name && type === question.type);
  if (known.length > 0) return { ...bare('NOERROR', false), answers: known };
  const zoneAt = dns.zones.findIndex(
    (zone) => zone.view === view && isWithin(question.name, parseDnsName(zone.name) ?? zone.name),
  );
  const zone: DnsZone | undefined = dns.zones[zoneAt];
  if (zone === undefined) return bare('NXDOMAIN', false);
  // As resolvers do: another server when one does not answer or does not hold the zone.
  const first = random.whole(serversOfZone);
  for (let each = 0; each < serversOfZone; each += 1) {
    const server = (first + each) % serversOfZone;
    const fault = faults.get(`198.18.${zoneAt + 1}.${server + 1}`)?.way;
    if (fault === 'nxdomain') return bare('NXDOMAIN', false);
    if (fault === undefined)
      return { ...authorityAnswer(zones, { zone, zoneAt, server }, { question, region }), subnetScope: null };
  }
  return bare('SERVFAIL', false);
}

function parentsOf(dns: PlannedDns): readonly string[] {
  return [
    ...new Set(dns.zones.map(({ name }) => (parseDnsName(name) ?? name).split('.').slice(1).join('.'))),
  ].filter((name) => name !== '');
}
