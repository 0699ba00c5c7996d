import { isWithin, parseDnsName, type DnsName } from '../../shared/observations/dns-name.ts';
import type { DnsQuestion, DnsRecord, DnsReply } from '../../shared/observations/dns-reply.ts';
import { answerOfZone } from '../../shared/observations/zone-choice.ts';
import type { DnsZone } from '../../shared/plan/plan-dns.ts';
import { serversOfZone, type SimulatedZones } from './zones.ts';

type Answered = Extract<DnsReply, { kind: 'answered' }>;

/** What a name without a record may be kept for, s. */
const minimumSeconds = 60;
const nsTtlSeconds = 172_800;

/** An answer without anything in it. */
export function bare(rcode: string, authoritative: boolean): Answered {
  const nothing = { answers: [], authority: [], subnetScope: null, extendedErrors: [] } as const;
  return { kind: 'answered', rcode, authoritative, ...nothing, transport: 'udp' };
}

/** The name and address of one server of a zone. */
export function serverOf(
  zone: { readonly name: string },
  zoneAt: number,
  server: number,
): { readonly name: DnsName; readonly address: string } {
  const name = parseDnsName(zone.name) ?? zone.name;
  return { name: `ns${server + 1}.${name}`, address: `198.18.${zoneAt + 1}.${server + 1}` };
}

/** Where zones are handed on from. */
export const parentServer = { name: 'parent.example', address: '198.18.255.1' } as const;

/** The NS records of a zone, and the addresses of its servers. */
export function serversOf(
  zone: DnsZone,
  zoneAt: number,
): { readonly ns: readonly DnsRecord[]; readonly addresses: readonly DnsRecord[] } {
  const name = parseDnsName(zone.name) ?? zone.name;
  const servers = Array.from({ length: serversOfZone }, (_, server) => serverOf(zone, zoneAt, server));
  return {
    ns: servers.map((server) => ({ name, type: 'NS', ttlSeconds: nsTtlSeconds, data: server.name })),
    addresses: servers.map((server) => ({
      name: server.name,
      type: 'A',
      ttlSeconds: nsTtlSeconds,
      data: server.address,
    })),
  };
}

/** What one server of a zone answers to someone whose users are in that region. */
export function authorityAnswer(
  zones: SimulatedZones,
  { zone, zoneAt, server }: { readonly zone: DnsZone; readonly zoneAt: number; readonly server: number },
  { question, region }: { readonly question: DnsQuestion; readonly region: string | null },
): Answered {
  const name = parseDnsName(zone.name) ?? zone.name;
  if (!isWithin(question.name, name)) return bare('REFUSED', false);
  const { sets, serial } = zones.heldBy(zone.id, server);
  const soa: DnsRecord = {
    name,
    type: 'SOA',
    ttlSeconds: minimumSeconds,
    data: '',
    soa: { serial, minimumSeconds },
  };
  const { ns, addresses } = serversOf(zone, zoneAt);
  const own = [soa, ...ns, ...addresses].filter(
    (record) => record.name === question.name && record.type === question.type,
  );
  const { isHealthy } = zones;
  const held = answerOfZone({ name, sets, serial }, question, { region, isHealthy, draw: 0 });
  const answers = own.length > 0 ? own : held.answers;
  if (answers.length > 0) return { ...bare('NOERROR', true), answers, subnetScope: 24 };
  const isThere = [...ns, ...addresses].some((each) => each.name === question.name);
  return { ...bare(isThere ? 'NOERROR' : held.rcode, true), authority: [soa], subnetScope: 24 };
}
