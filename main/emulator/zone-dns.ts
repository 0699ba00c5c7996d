import type { DnsQuestion } from '../../shared/observations/dns-reply.ts';
import { isWithin } from '../../shared/observations/dns-name.ts';
import { formatIp, parseIp, type IpAddress, type Subnet } from '../../shared/observations/ip-address.ts';
import { answerOfZone, type ZoneAnswer } from '../../shared/observations/zone-choice.ts';
import { readDnsMessage } from '../../shared/sessions/dns-message-read.ts';
import { writeDnsReply } from '../../shared/sessions/dns-message-write.ts';
import { udpBytes } from '../../shared/sessions/dns-numbers.ts';
import { zoneOfServers, type EmulatedAws, type EmulatedZone } from './emulated-aws.ts';

/** A question to the account's zones; `zone` where one was named, else the longest that fits, public before private. */
export type ZoneQuestion = {
  readonly question: DnsQuestion;
  readonly client: string | null;
  readonly zone: EmulatedZone | null;
};

/** What the zone's servers answer now: the newest version that has reached them. */
export function answerTo(aws: EmulatedAws, { question, client, zone: named }: ZoneQuestion): ZoneAnswer {
  const zone = named ?? zoneFor(aws, question);
  // A stranger's name is refused there too.
  if (zone === null)
    return answerOfZone(zoneOfServers(aws), question, { region: null, isHealthy: aws.isHealthy, draw: 0 });
  const now = aws.about.now();
  const version = zone.versions.findLast(({ from }) => from <= now);
  const { name } = zone;
  const held = { name, sets: version?.sets ?? [], serial: version?.serial ?? 0 };
  const address = client === null ? null : parseIp(client);
  return answerOfZone(held, question, {
    region: address === null ? null : regionOf(aws, address),
    isHealthy: aws.isHealthy,
    draw: Math.random(),
  });
}

/** The bytes of the reply to the bytes of a query; null for what is no query. Over UDP a long one is cut off. */
export function replyBytes(
  aws: EmulatedAws,
  bytes: Uint8Array,
  from: { readonly address: string; readonly transport: 'udp' | 'tcp' },
): Uint8Array | null {
  const read = readDnsMessage(bytes);
  if (!read.ok || read.value.isReply) return null;
  const { id, question, recursionDesired, clientSubnet } = read.value;
  const subnet: Subnet | null =
    clientSubnet === null || clientSubnet.address === null
      ? null
      : { address: clientSubnet.address, bits: clientSubnet.sourceBits };
  const client = subnet === null ? from.address : formatIp(subnet.address);
  const { rcode, answers, authority, byRegion } = answerTo(aws, { question, client, zone: null });
  const query = { id, question, recursion: recursionDesired, clientSubnet: subnet };
  const reply = {
    query,
    rcode,
    authoritative: rcode !== 'REFUSED',
    truncated: false,
    answers,
    authority,
    scopeBits: subnet === null ? null : byRegion ? subnet.bits : 0,
    extendedErrors: [],
  };
  const whole = writeDnsReply(reply);
  if (from.transport === 'tcp' || whole.length <= udpBytes) return whole;
  return writeDnsReply({ ...reply, truncated: true, answers: [], authority: [] });
}

function zoneFor(aws: EmulatedAws, { name }: DnsQuestion): EmulatedZone | null {
  const fitting = [...aws.zones.values()].filter((zone) => isWithin(name, zone.name));
  const rank = (zone: EmulatedZone): number => zone.name.length * 2 + (zone.view === 'public' ? 1 : 0);
  return fitting.toSorted((one, other) => rank(other) - rank(one))[0] ?? null;
}

/** The region of the longest network that holds the address; null for a stranger. */
function regionOf(aws: EmulatedAws, address: IpAddress): string | null {
  const holding = aws.about.users.filter(({ subnet }) => holds(subnet, address));
  return holding.toSorted((one, other) => other.subnet.bits - one.subnet.bits)[0]?.region ?? null;
}

function holds({ address, bits }: Subnet, other: IpAddress): boolean {
  if (address.family !== other.family) return false;
  return address.bytes.every((byte, at) => {
    const mask = 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - at * 8)));
    return (byte & mask) === ((other.bytes[at] ?? 0) & mask);
  });
}
