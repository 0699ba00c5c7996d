import { assert, present } from '../lib/assert.ts';
import { labelsOf } from '../observations/dns-name.ts';
import type { DnsQuestion, DnsRecord } from '../observations/dns-reply.ts';
import { parseIp, type Subnet } from '../observations/ip-address.ts';
import { ednsOption, rcodeNumber, typeNumber, udpBytes } from './dns-numbers.ts';

/** A question to one server. */
export type DnsQuery = {
  readonly id: number;
  readonly question: DnsQuestion;
  /** True for a resolver; a server that holds the zone is asked for what it holds. */
  readonly recursion: boolean;
  /** For whom is asked (RFC 7871); null: for whoever asks. */
  readonly clientSubnet: Subnet | null;
};

/** Writes a query with EDNS. Its name and type must be ones that can be asked for. */
export function writeDnsQuery({ id, question, recursion, clientSubnet }: DnsQuery): Uint8Array {
  const options = clientSubnet === null ? [] : subnetOption(clientSubnet, 0);
  return Uint8Array.from([
    ...u16(id),
    ...u16(recursion ? 0x0100 : 0),
    ...[1, 0, 0, 1].flatMap(u16),
    ...questionBytes(question),
    ...optRecord(options),
  ]);
}

/** A reply to a query, as a server that we run ourselves writes it: in rehearsal and in tests. */
export type DnsReplyToWrite = {
  readonly query: Pick<DnsQuery, 'id' | 'question' | 'recursion' | 'clientSubnet'>;
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  /** How many bits of the client subnet it depends on; null: the option is not echoed. */
  readonly scopeBits: number | null;
  readonly extendedErrors: readonly number[];
};

/** Writes a reply. Records of types other than A, AAAA, CNAME, NS, PTR and SOA carry their data as hex. */
export function writeDnsReply(reply: DnsReplyToWrite): Uint8Array {
  const { id, question, recursion, clientSubnet } = reply.query;
  const flags =
    0x8000 |
    (reply.authoritative ? 0x0400 : 0) |
    (reply.truncated ? 0x0200 : 0) |
    (recursion ? 0x0180 : 0) |
    rcodeNumber(reply.rcode);
  const subnet =
    clientSubnet === null || reply.scopeBits === null ? [] : subnetOption(clientSubnet, reply.scopeBits);
  const errors = reply.extendedErrors.flatMap((code) => [
    ...u16(ednsOption.extendedError),
    ...u16(2),
    ...u16(code),
  ]);
  return Uint8Array.from([
    ...u16(id),
    ...u16(flags),
    ...[1, reply.answers.length, reply.authority.length, 1].flatMap(u16),
    ...questionBytes(question),
    ...[...reply.answers, ...reply.authority].flatMap(recordBytes),
    ...optRecord([...subnet, ...errors]),
  ]);
}

function questionBytes({ name, type }: DnsQuestion): readonly number[] {
  return [...nameBytes(name), ...u16(numberOf(type)), ...u16(1)];
}

function recordBytes(record: DnsRecord): readonly number[] {
  const data = dataBytes(record);
  return [
    ...nameBytes(record.name),
    ...u16(numberOf(record.type)),
    ...u16(1),
    ...u32(record.ttlSeconds),
    ...u16(data.length),
    ...data,
  ];
}

function dataBytes({ type, data, soa, name }: DnsRecord): readonly number[] {
  switch (type) {
    case 'A':
    case 'AAAA':
      return present(parseIp(data), `the address ${data}`).bytes;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return nameBytes(data);
    case 'SOA': {
      const { serial, minimumSeconds } = soa ?? { serial: 1, minimumSeconds: 0 };
      return [
        ...nameBytes(name),
        ...nameBytes(name),
        ...[serial, 3_600, 600, 86_400, minimumSeconds].flatMap(u32),
      ];
    }
    default:
      return (data.match(/[0-9a-f]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16));
  }
}

function nameBytes(name: string): readonly number[] {
  const labels = present(labelsOf(name), `the labels of ${name}`);
  return [...labels.flatMap((label) => [label.length, ...label]), 0];
}

function optRecord(options: readonly number[]): readonly number[] {
  return [0, ...u16(numberOf('OPT')), ...u16(udpBytes), ...u32(0), ...u16(options.length), ...options];
}

/** Only the bytes that the prefix needs are sent: more would tell who asks. */
function subnetOption({ address, bits }: Subnet, scopeBits: number): readonly number[] {
  const bytes = address.bytes.slice(0, Math.ceil(bits / 8));
  const family = address.family === 4 ? 1 : 2;
  return [
    ...u16(ednsOption.clientSubnet),
    ...u16(4 + bytes.length),
    ...u16(family),
    bits,
    scopeBits,
    ...bytes,
  ];
}

function numberOf(type: string): number {
  const number = typeNumber(type);
  assert(number !== null, `${type} is a record type that can be asked for`);
  return number;
}

function u16(value: number): readonly number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function u32(value: number): readonly number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}
