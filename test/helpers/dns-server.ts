import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { DnsMessage } from '../../shared/sessions/dns-message-read.ts';
import { readDnsMessage } from '../../shared/sessions/dns-message-read.ts';

type Answers = (query: DnsMessage, transport: 'udp' | 'tcp') => readonly Uint8Array[];

/** A DNS server on a free loopback port, UDP and TCP, that answers what the test says: whatever bytes, or nothing. */
export async function dnsServer(
  answers: Answers,
): Promise<{ readonly port: number; readonly asked: () => number; readonly stop: () => Promise<void> }> {
  let asked = 0;
  const answersTo = (bytes: Uint8Array, transport: 'udp' | 'tcp'): readonly Uint8Array[] => {
    const query = readDnsMessage(bytes);
    if (!query.ok) throw new Error(query.error);
    asked += 1;
    return answers(query.value, transport);
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const answer of answersTo(chunk.subarray(2), 'tcp')) {
        // In two pieces, as a network may deliver it.
        const framed = Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 0xff]), answer]);
        socket.write(framed.subarray(0, 5));
        setImmediate(() => socket.write(framed.subarray(5)));
      }
    });
  });
  await new Promise<void>((listening) => tcp.listen(0, '127.0.0.1', listening));
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    for (const answer of answersTo(bytes, 'udp')) udp.send(answer, from.port, from.address);
  });
  await new Promise<void>((bound) => udp.bind(port, '127.0.0.1', bound));
  return {
    port,
    asked: () => asked,
    stop: async () => {
      await new Promise<void>((closed) => udp.close(closed));
      await new Promise<void>((closed) => tcp.close(() => closed()));
    },
  };
}
