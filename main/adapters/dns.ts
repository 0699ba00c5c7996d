import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import type { PlannedDns } from '../../shared/plan/plan-dns.ts';
import { isLoopback } from '../../shared/plan/loopback.ts';
import { readDnsMessage, type DnsMessage } from '../../shared/sessions/dns-message-read.ts';
import { writeDnsQuery } from '../../shared/sessions/dns-message-write.ts';
import type { DnsAsk, DnsPort } from '../ports.ts';
import { limitTimer } from './limit-timer.ts';

type Failed = Extract<DnsReply, { kind: 'failed' }>;
type Heard = { readonly kind: 'heard'; readonly message: DnsMessage } | Failed;

/**
 * Asks one DNS server at a time and hands on what it said: the system's own resolver would hide which server answered, the
 * AA bit, the response code and the TTL of each record. UDP first, sent once more after a third of the limit; TCP when the
 * answer did not fit. A reply that is not to this question from this server is not listened to.
 */
export function dnsClient(): DnsPort {
  return { ask };
}

/**
 * The client of a plan. Where it rehearses on an emulator, the servers of its zones have loopback addresses, and port 53 of
 * those is this machine's own: they are asked at the emulator's port instead.
 */
export function dnsClientOf(dns: PlannedDns | undefined): DnsPort {
  const emulator = dns?.emulator;
  if (emulator === undefined) return dnsClient();
  return {
    ask: (asked) => {
      const isEmulated = asked.server.port === 53 && isLoopback(asked.server.address);
      return ask(isEmulated ? { ...asked, server: { address: '127.0.0.1', port: emulator.dnsPort } } : asked);
    },
  };
}

async function ask(asked: DnsAsk): Promise<DnsReply> {
  const started = performance.now();
  const id = randomInt(0x1_0000);
  const query = writeDnsQuery({ id, ...asked });
  const overUdp = await askUdp(asked, query, id);
  if (overUdp.kind === 'failed') return overUdp;
  if (!overUdp.message.truncated) return replyOf(overUdp.message, 'udp');
  const left = asked.limitMs - (performance.now() - started);
  const overTcp = await askTcp({ ...asked, limitMs: left }, query, id);
  return overTcp.kind === 'failed' ? overTcp : replyOf(overTcp.message, 'tcp');
}

/** Waits for one reply to this very question. Reading is harmless, so it is sent twice: datagrams get lost. */
function askUdp({ server, question, limitMs }: DnsAsk, query: Uint8Array, id: number): Promise<Heard> {
  return new Promise((done) => {
    // A socket of its own for each question: its port is another secret that a forged reply has to guess.
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    let strangers = 0;
    let unread: string | null = null;
    const end = (heard: Heard): void => {
      limit.cancel();
      again.cancel();
      socket.removeAllListeners();
      // A late error of a closing socket is nobody's news.
      socket.on('error', () => {});
      socket.close();
      done(heard);
    };
    const send = (): void => socket.send(query);
    const limit = limitTimer(limitMs, () => {
      if (unread !== null) end(failed('malformed', unread));
      else
        end(failed('timeout', `no answer to ${question.type} within ${limitMs} ms${heardFrom(strangers)}`));
    });
    const again = limitTimer(limitMs / 3, () => {
      if (connected) send();
    });
    let connected = false;
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(failed('unreachable', `${error.code ?? error.message} at ${server.address}:${server.port}`)),
    );
    socket.on('message', (bytes) => {
      const judged = judge(bytes, { id, question });
      if (judged.kind === 'heard') end(judged);
      else if (judged.kind === 'unread') unread = judged.why;
      else strangers += 1;
    });
    // Connected, the system itself drops what comes from elsewhere, and says when nothing listens there.
    socket.connect(server.port, server.address, () => {
      connected = true;
      send();
    });
  });
}

/** The same question over TCP, where a message has its length before it. */
function askTcp({ server, question, limitMs }: DnsAsk, query: Uint8Array, id: number): Promise<Heard> {
  return new Promise((done) => {
    const socket = connect({ host: server.address, port: server.port });
    let bytes = Buffer.alloc(0);
    const end = (heard: Heard): void => {
      limit.cancel();
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      done(heard);
    };
    const limit = limitTimer(limitMs, () =>
      end(failed('timeout', 'the answer did not fit into UDP, and over TCP it did not come in time')),
    );
    socket.on('connect', () =>
      socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 0xff]), query])),
    );
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(
        failed('unreachable', `${error.code ?? error.message} at ${server.address}:${server.port} over TCP`),
      ),
    );
    socket.on('close', () =>
      end(failed('unreachable', 'it closed the TCP connection before its answer was whole')),
    );
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const length = bytes.length < 2 ? Infinity : bytes.readUInt16BE(0);
      if (bytes.length < 2 + length) return;
      const judged = judge(bytes.subarray(2, 2 + length), { id, question });
      if (judged.kind === 'heard') end(judged);
      else
        end(
          failed(
            'malformed',
            judged.kind === 'unread' ? judged.why : 'it answered another question over TCP',
          ),
        );
    });
  });
}

type Judged =
  | Extract<Heard, { kind: 'heard' }>
  | { readonly kind: 'stranger' }
  | { readonly kind: 'unread'; readonly why: string };

/** A reply is ours when its id and its question are: the id is looked at first, before anything else is believed. */
function judge(
  bytes: Uint8Array,
  { id, question }: Pick<DnsAsk, 'question'> & { readonly id: number },
): Judged {
  if (bytes.length < 12 || (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) !== id) return { kind: 'stranger' };
  const read = readDnsMessage(bytes);
  if (!read.ok) return { kind: 'unread', why: read.error };
  const message = read.value;
  const ours =
    message.isReply && message.question.name === question.name && message.question.type === question.type;
  return ours ? { kind: 'heard', message } : { kind: 'stranger' };
}

function replyOf(message: DnsMessage, transport: 'udp' | 'tcp'): DnsReply {
  const { rcode, authoritative, answers, authority, extendedErrors } = message;
  const subnetScope = message.clientSubnet?.scopeBits ?? null;
  return {
    kind: 'answered',
    rcode,
    authoritative,
    answers,
    authority,
    subnetScope,
    extendedErrors,
    transport,
  };
}

function failed(why: Failed['why'], detail: string): Failed {
  return { kind: 'failed', why, detail };
}

function heardFrom(strangers: number): string {
  return strangers === 0 ? '' : `; ${strangers} replies to other questions came and were not believed`;
}
