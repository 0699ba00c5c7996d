import { afterEach, describe, expect, test } from 'vitest';
import { dnsClient } from '../../main/adapters/dns.ts';
import type { DnsAsk } from '../../main/ports.ts';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import { parseSubnet } from '../../shared/observations/ip-address.ts';
import type { DnsMessage } from '../../shared/sessions/dns-message-read.ts';
import { writeDnsReply, type DnsReplyToWrite } from '../../shared/sessions/dns-message-write.ts';
import { dnsServer } from '../helpers/dns-server.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const address = { name: 'www.shop.example', type: 'A', ttlSeconds: 30, data: '192.0.2.1' };
const subnet = parseSubnet('192.0.2.0/24');

/** The reply to a query, with what the test changes of it. */
function answerTo(query: DnsMessage, change: Partial<DnsReplyToWrite> = {}): Uint8Array {
  return writeDnsReply({
    query: {
      id: query.id,
      question: query.question,
      recursion: query.recursionDesired,
      clientSubnet: subnet,
    },
    rcode: 'NOERROR',
    authoritative: true,
    truncated: false,
    answers: [address],
    authority: [],
    scopeBits: null,
    extendedErrors: [],
    ...change,
  });
}

async function asking(
  answers: Parameters<typeof dnsServer>[0],
  change: Partial<DnsAsk> = {},
): Promise<{ readonly reply: DnsReply; readonly asked: number }> {
  const server = await dnsServer(answers);
  stops.push(server.stop);
  const reply = await dnsClient().ask({
    server: { address: '127.0.0.1', port: server.port },
    question: { name: 'www.shop.example', type: 'A' },
    recursion: false,
    clientSubnet: null,
    limitMs: 5_000,
    ...change,
  });
  return { reply, asked: server.asked() };
}

describe('an answer', () => {
  test('brings every record with its TTL, the AA bit and the code', async () => {
    const { reply } = await asking((query) => [answerTo(query)]);
    expect(reply).toEqual({
      kind: 'answered',
      rcode: 'NOERROR',
      authoritative: true,
      answers: [address],
      authority: [],
      subnetScope: null,
      extendedErrors: [],
      transport: 'udp',
    });
  });

  test('says how much of the client subnet it depends on', async () => {
    const { reply } = await asking(
      (query) => [answerTo(query, { scopeBits: query.clientSubnet?.sourceBits ?? null })],
      {
        clientSubnet: subnet,
      },
    );
    expect(reply).toMatchObject({ subnetScope: 24 });
  });

  test('that does not fit is fetched over TCP, in however many pieces', async () => {
    const many = Array.from({ length: 200 }, (_, at) => ({ ...address, data: `192.0.2.${at}` }));
    const { reply } = await asking((query, transport) => [
      answerTo(query, transport === 'udp' ? { truncated: true, answers: [] } : { answers: many }),
    ]);
    expect(reply).toMatchObject({ transport: 'tcp', answers: many });
  });

  test('is asked for once more when a datagram was lost', async () => {
    let times = 0;
    const { reply, asked } = await asking((query) => ((times += 1) === 1 ? [] : [answerTo(query)]), {
      limitMs: 3_000,
    });
    expect(reply.kind).toBe('answered');
    expect(asked).toBe(2);
  });
});

describe('what is not the answer to this question is not believed', () => {
  test.each<[string, (query: DnsMessage) => Uint8Array]>([
    ['another id', (query) => answerTo({ ...query, id: (query.id + 1) % 0x1_0000 })],
    ['another name', (query) => answerTo({ ...query, question: { name: 'evil.example', type: 'A' } })],
    ['another type', (query) => answerTo({ ...query, question: { ...query.question, type: 'AAAA' } })],
    ['three bytes', () => Uint8Array.from([1, 2, 3])],
  ])('%s', async (_, stranger) => {
    const after = await asking((query) => [stranger(query), answerTo(query)]);
    expect(after.reply.kind).toBe('answered');
    const alone = await asking((query) => [stranger(query)], { limitMs: 200 });
    expect(alone.reply).toMatchObject({ kind: 'failed', why: 'timeout' });
  });

  test('a reply that cannot be read is told as that', async () => {
    const { reply } = await asking((query) => [answerTo(query).subarray(0, 30)], { limitMs: 200 });
    expect(reply).toEqual({ kind: 'failed', why: 'malformed', detail: 'it ends too early' });
  });
});

describe('no answer', () => {
  test('in time is told with the limit', async () => {
    const { reply } = await asking(() => [], { limitMs: 150 });
    expect(reply).toEqual({ kind: 'failed', why: 'timeout', detail: 'no answer to A within 150 ms' });
  });

  test('where nobody listens is told at once', async () => {
    const server = await dnsServer(() => []);
    await server.stop();
    const reply = await dnsClient().ask({
      server: { address: '127.0.0.1', port: server.port },
      question: { name: 'www.shop.example', type: 'A' },
      recursion: true,
      clientSubnet: null,
      limitMs: 20_000,
    });
    expect(reply).toMatchObject({ kind: 'failed', why: 'unreachable' });
  });

  test('over TCP after a cut-off one is told too', async () => {
    const { reply } = await asking(
      (query, transport) => (transport === 'udp' ? [answerTo(query, { truncated: true })] : []),
      { limitMs: 300 },
    );
    expect(reply).toMatchObject({ kind: 'failed', why: 'timeout' });
  });
});
