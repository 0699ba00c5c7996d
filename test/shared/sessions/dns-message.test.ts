import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsRecord } from '../../../shared/observations/dns-reply.ts';
import { parseSubnet } from '../../../shared/observations/ip-address.ts';
import { readDnsMessage } from '../../../shared/sessions/dns-message-read.ts';
import {
  writeDnsQuery,
  writeDnsReply,
  type DnsReplyToWrite,
} from '../../../shared/sessions/dns-message-write.ts';

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from((hex.replaceAll(' ', '').match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
function read(message: Uint8Array) {
  const result = readDnsMessage(message);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
const why = (message: Uint8Array): string => {
  const result = readDnsMessage(message);
  return result.ok ? 'read' : result.error;
};

test('a query holds the question, and of the client subnet only what its prefix needs', () => {
  const query = { id: 0x1234, question: { name: 'a.example', type: 'A' }, recursion: true };
  const question = '0161076578616d706c6500 0001 0001';
  expect(writeDnsQuery({ ...query, clientSubnet: null })).toEqual(
    bytes(`1234 0100 0001 0000 0000 0001 ${question} 00 0029 04d0 00000000 0000`),
  );
  expect(writeDnsQuery({ ...query, clientSubnet: parseSubnet('192.0.2.0/24') })).toEqual(
    bytes(`1234 0100 0001 0000 0000 0001 ${question} 00 0029 04d0 00000000 000b 0008 0007 0001 18 00 c00002`),
  );
});

describe('a reply as servers write it', () => {
  // From documentation: RFC 1035, 4.1.4 (compression), RFC 2308 (the SOA of a negative answer), RFC 6891, RFC 8914.
  const head = (counts: string, flags = '8180'): string => `0001 ${flags} 0001 ${counts}`;
  const question = '03777777 0473686f70 07 6578616d706c65 00 0001 0001';

  test('with compressed names and a chain', () => {
    const message = read(
      bytes(
        `${head('0002 0000 0000')} ${question} c00c 0005 0001 0000012c 0007 04 65646765 c010  c02e 0001 0001 0000003c 0004 c0000201`,
      ),
    );
    expect(message.answers).toEqual([
      { name: 'www.shop.example', type: 'CNAME', ttlSeconds: 300, data: 'edge.shop.example' },
      { name: 'edge.shop.example', type: 'A', ttlSeconds: 60, data: '192.0.2.1' },
    ]);
    expect(message).toMatchObject({ rcode: 'NOERROR', authoritative: false, truncated: false });
  });

  test('with the upper bits of its code, a stale answer and a TTL that means zero', () => {
    const opt = '00 0029 04d0 01000000 0006 000f 0002 0003';
    const message = read(
      bytes(`${head('0001 0000 0001')} ${question} c00c 0001 0001 80000001 0004 c0000201 ${opt}`),
    );
    expect(message).toMatchObject({ rcode: 'RCODE16', extendedErrors: [3] });
    expect(message.answers[0]?.ttlSeconds).toBe(0);
  });

  test('that was cut off is read as far as it goes', () => {
    expect(read(bytes(`${head('0005 0000 0000', '8380')} ${question}`))).toMatchObject({
      truncated: true,
      answers: [],
    });
  });

  test.each<[string, string, string]>([
    [
      'a pointer to itself',
      `${head('0001 0000 0000')} ${question} c022 0001 0001 0000003c 0004 c0000201`,
      'a name points forwards',
    ],
    [
      'a pointer forwards',
      `${head('0001 0000 0000')} ${question} c030 0001 0001 0000003c 0004 c0000201`,
      'a name points forwards',
    ],
    [
      'a record beyond the end',
      `${head('0001 0000 0000')} ${question} c00c 0001 0001 0000003c 0004 c000`,
      'a record is longer than the message',
    ],
    [
      'an address of three bytes',
      `${head('0001 0000 0000')} ${question} c00c 0001 0001 0000003c 0003 c00002`,
      'a A record of 3 bytes',
    ],
    [
      'a CNAME shorter than it says',
      `${head('0001 0000 0000')} ${question} c00c 0005 0001 0000003c 0004 c00c 0000`,
      'a CNAME record has another length than it says',
    ],
    ['two questions', `0001 8180 0002 0000 0000 0000 ${question}`, 'it holds 2 questions, expected one'],
    ['records without end', `${head('ffff ffff ffff')} ${question}`, 'it holds more than 1000 records'],
    ['nothing', '00', 'it ends too early'],
  ])('is not read with %s', (_, message, reason) => {
    expect(why(bytes(message))).toBe(reason);
  });
});

const name = fc
  .array(fc.constantFrom('a', 'www', 'shop', '\\052', 'x-1', 'a\\056b'), { minLength: 1, maxLength: 5 })
  .map((labels) => labels.join('.'));
const ttlSeconds = fc.nat(0x7fff_ffff);
const record: fc.Arbitrary<DnsRecord> = fc.oneof(
  fc.record({ name, type: fc.constant('A'), ttlSeconds, data: fc.ipV4() }),
  fc.record({ name, type: fc.constantFrom('CNAME', 'NS'), ttlSeconds, data: name }),
  fc.record({ name, type: fc.constant('TXT'), ttlSeconds, data: fc.constant('0161') }),
);
const reply: fc.Arbitrary<DnsReplyToWrite> = fc.record({
  query: fc.record({
    id: fc.nat(0xffff),
    question: fc.record({ name, type: fc.constantFrom('A', 'AAAA', 'TYPE65280') }),
    recursion: fc.boolean(),
    clientSubnet: fc.constantFrom(null, parseSubnet('192.0.2.0/24'), parseSubnet('2001:db8::/32')),
  }),
  rcode: fc.constantFrom('NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED'),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  answers: fc.array(record, { maxLength: 5 }),
  authority: fc.array(record, { maxLength: 2 }),
  scopeBits: fc.option(fc.nat(32)),
  extendedErrors: fc.array(fc.nat(30), { maxLength: 2 }),
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(reply, (written) => {
      const message = read(writeDnsReply(written));
      expect(message).toMatchObject({
        id: written.query.id,
        isReply: true,
        authoritative: written.authoritative,
        truncated: written.truncated,
        rcode: written.rcode,
        question: written.query.question,
        answers: written.answers,
        authority: written.authority,
        extendedErrors: written.extendedErrors,
      });
      const echoed = written.query.clientSubnet !== null && written.scopeBits !== null;
      expect(message.clientSubnet?.scopeBits ?? null).toBe(echoed ? written.scopeBits : null);
    }),
  );
});

test('whatever the bytes, the answer is a value', () => {
  const flip = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(reply, flip, fc.nat(400), (written, flips, length) => {
      const message = writeDnsReply(written);
      for (const [at, byte] of flips) if (at < message.length) message[at] = byte;
      expect(typeof readDnsMessage(message.subarray(0, length)).ok).toBe('boolean');
    }),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (message) => typeof readDnsMessage(message).ok === 'boolean',
    ),
  );
});
