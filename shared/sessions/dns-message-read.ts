import { failed, ok, type Result } from '../lib/result.ts';
import { nameOfLabels, showName, type DnsName } from '../observations/dns-name.ts';
import type { DnsQuestion, DnsRecord } from '../observations/dns-reply.ts';
import { formatIp, type IpAddress } from '../observations/ip-address.ts';
import { ednsOption, rcodeName, typeName } from './dns-numbers.ts';

/** A DNS message as far as a question and its reply need it (RFC 1035, 6891, 7871, 8914). */
export type DnsMessage = {
  readonly id: number;
  readonly isReply: boolean;
  readonly authoritative: boolean;
  /** The TC bit: the rest did not fit and is to be had over TCP. */
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly rcode: string;
  readonly question: DnsQuestion;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  /** The client subnet option: for whom was asked, with how many bits, and how many the answer depends on. */
  readonly clientSubnet: {
    readonly sourceBits: number;
    readonly scopeBits: number;
    /** Null for a family of addresses that is neither of the two. */
    readonly address: IpAddress | null;
  } | null;
  readonly extendedErrors: readonly number[];
};

/** More records than this are no answer to one question. */
const mostRecords = 1_000;

/** Reads a message; whatever the bytes, the answer is a value, and no byte is read twice for ever. */
export function readDnsMessage(bytes: Uint8Array): Result<DnsMessage, string> {
  try {
    return ok(messageOf({ bytes, at: 0 }));
  } catch (error) {
    if (error instanceof Unreadable) return failed(error.message);
    throw error;
  }
}

/** Thrown and caught in this file alone: a reader of nested parts that gives up in one place. */
class Unreadable extends Error {}

type Cursor = { readonly bytes: Uint8Array; at: number };

function messageOf(cursor: Cursor): DnsMessage {
  const [id, flags, questions, answerCount, authorityCount, additionalCount] = [
    u16(cursor),
    u16(cursor),
    u16(cursor),
    u16(cursor),
    u16(cursor),
    u16(cursor),
  ];
  if (questions !== 1) throw new Unreadable(`it holds ${questions} questions, expected one`);
  if (answerCount + authorityCount + additionalCount > mostRecords)
    throw new Unreadable(`it holds more than ${mostRecords} records`);
  const name = nameAt(cursor);
  const type = typeName(u16(cursor));
  if (u16(cursor) !== 1) throw new Unreadable('its question is not of class IN');
  const truncated = (flags & 0x0200) !== 0;
  const section = (count: number): readonly Raw[] => rawRecords(cursor, count, truncated);
  const answers = section(answerCount);
  const authority = section(authorityCount);
  const opt = section(additionalCount).find((raw) => raw.type === 'OPT');
  return {
    id,
    isReply: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    truncated,
    recursionDesired: (flags & 0x0100) !== 0,
    // EDNS carries the upper eight bits of the code where a TTL would stand.
    rcode: rcodeName((flags & 0x000f) | (opt === undefined ? 0 : (opt.ttl >>> 24) << 4)),
    question: { name, type },
    answers: answers.map((raw) => recordOf(cursor.bytes, raw)),
    authority: authority.map((raw) => recordOf(cursor.bytes, raw)),
    ...optionsOf(cursor.bytes, opt),
  };
}

type Raw = {
  readonly name: DnsName;
  readonly type: string;
  readonly ttl: number;
  readonly from: number;
  readonly to: number;
};

function rawRecords(cursor: Cursor, count: number, truncated: boolean): readonly Raw[] {
  const records: Raw[] = [];
  for (let left = count; left > 0; left -= 1) {
    // A message that was cut off counts records that it does not hold; what is whole is still of use.
    if (truncated && cursor.at >= cursor.bytes.length) break;
    const name = nameAt(cursor);
    const type = typeName(u16(cursor));
    u16(cursor);
    const ttl = u16(cursor) * 0x1_0000 + u16(cursor);
    const length = u16(cursor);
    const from = cursor.at;
    cursor.at += length;
    if (cursor.at > cursor.bytes.length) throw new Unreadable('a record is longer than the message');
    records.push({ name, type, ttl, from, to: cursor.at });
  }
  return records;
}

function recordOf(bytes: Uint8Array, raw: Raw): DnsRecord {
  const { name, type } = raw;
  // A TTL with its highest bit set means zero (RFC 2181, 8).
  const ttlSeconds = raw.ttl > 0x7fff_ffff ? 0 : raw.ttl;
  const cursor: Cursor = { bytes, at: raw.from };
  const data = bytes.subarray(raw.from, raw.to);
  const whole = <T>(value: T): T => {
    if (cursor.at !== raw.to) throw new Unreadable(`a ${type} record has another length than it says`);
    return value;
  };
  switch (type) {
    case 'A':
    case 'AAAA': {
      const family = type === 'A' ? 4 : 6;
      if (data.length !== (family === 4 ? 4 : 16))
        throw new Unreadable(`a ${type} record of ${data.length} bytes`);
      return { name, type, ttlSeconds, data: formatIp({ family, bytes: [...data] }) };
    }
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { name, type, ttlSeconds, data: whole(nameAt(cursor)) };
    case 'SOA': {
      const primary = nameAt(cursor);
      nameAt(cursor);
      const [serial, , , , minimumSeconds] = [
        u32(cursor),
        u32(cursor),
        u32(cursor),
        u32(cursor),
        u32(cursor),
      ];
      const soa = { serial, minimumSeconds };
      return whole({ name, type, ttlSeconds, data: `${showName(primary)} ${serial}`, soa });
    }
    default:
      return {
        name,
        type,
        ttlSeconds,
        data: [...data].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      };
  }
}

function optionsOf(
  bytes: Uint8Array,
  opt: Raw | undefined,
): Pick<DnsMessage, 'clientSubnet' | 'extendedErrors'> {
  let clientSubnet: DnsMessage['clientSubnet'] = null;
  const extendedErrors: number[] = [];
  if (opt === undefined) return { clientSubnet, extendedErrors };
  const cursor: Cursor = { bytes, at: opt.from };
  while (cursor.at < opt.to) {
    const code = u16(cursor);
    const length = u16(cursor);
    const from = cursor.at;
    cursor.at += length;
    if (cursor.at > opt.to) throw new Unreadable('an EDNS option is longer than its record');
    if (code === ednsOption.clientSubnet && length >= 4)
      clientSubnet = {
        sourceBits: bytes[from + 2] ?? 0,
        scopeBits: bytes[from + 3] ?? 0,
        address: subnetAddress(bytes.subarray(from, cursor.at)),
      };
    if (code === ednsOption.extendedError && length >= 2)
      extendedErrors.push(((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0));
  }
  return { clientSubnet, extendedErrors };
}

/** Only the bytes that the prefix needs stand in the option; the others are zero. */
function subnetAddress(option: Uint8Array): IpAddress | null {
  const family = ((option[0] ?? 0) << 8) | (option[1] ?? 0);
  if (family !== 1 && family !== 2) return null;
  const length = family === 1 ? 4 : 16;
  return { family: family === 1 ? 4 : 6, bytes: Array.from({ length }, (_, at) => option[4 + at] ?? 0) };
}

/** A name, following pointers only backwards: a loop cannot be written. */
function nameAt(cursor: Cursor): DnsName {
  const labels: (readonly number[])[] = [];
  let at = cursor.at;
  let end: number | null = null;
  for (let earliest = at; ;) {
    const length = byteAt(cursor.bytes, at);
    if (length >= 0xc0) {
      const pointed = ((length & 0x3f) << 8) | byteAt(cursor.bytes, at + 1);
      if (pointed >= earliest) throw new Unreadable('a name points forwards');
      end ??= at + 2;
      earliest = pointed;
      at = pointed;
    } else if (length > 63) throw new Unreadable('a name holds a label of an unknown kind');
    else {
      at += 1;
      if (length === 0) break;
      labels.push(Array.from({ length }, (_, offset) => byteAt(cursor.bytes, at + offset)));
      if (labels.length > 127) throw new Unreadable('a name has too many labels');
      at += length;
    }
  }
  cursor.at = end ?? at;
  const name = nameOfLabels(labels);
  if (name === null) throw new Unreadable('a name is longer than 255 bytes');
  return name;
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Unreadable('it ends too early');
  return byte;
}

function u16(cursor: Cursor): number {
  const value = (byteAt(cursor.bytes, cursor.at) << 8) | byteAt(cursor.bytes, cursor.at + 1);
  cursor.at += 2;
  return value;
}

function u32(cursor: Cursor): number {
  return u16(cursor) * 0x1_0000 + u16(cursor);
}
