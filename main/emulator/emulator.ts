import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { awsHttp } from './aws-http.ts';
import { emulatedAws, type EmulatedAccount, type EmulatedAws } from './emulated-aws.ts';
import { replyBytes } from './zone-dns.ts';

/** A running emulator: its account, where it listens, and what it was asked. */
export type Emulator = {
  readonly aws: EmulatedAws;
  /** For AWS_ENDPOINT_URL_ROUTE_53 and AWS_ENDPOINT_URL_STS. */
  readonly endpoint: string;
  /** Its authoritative DNS on 127.0.0.1, UDP and TCP. */
  readonly dnsPort: number;
  /** The newest requests, `POST /2013-04-01/hostedzone/Z1/rrset 200`, with when they came (`performance.now()`). */
  readonly heard: () => readonly { readonly line: string; readonly at: number }[];
  /** Connections that were made to it so far. */
  readonly connections: () => number;
  /** Ends the API's listener and its connections, as the control plane may go; or lets it listen again. */
  readonly reachable: (reachable: boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const host = '127.0.0.1';
const requestsKept = 1_000;

/**
 * Starts a Route 53 of one's own on loopback: the API over HTTP, and DNS that answers what was changed after a delay. For
 * rehearsals that must not touch a real zone, and for tests; it holds everything in memory.
 */
export async function startEmulator(
  account: EmulatedAccount,
  ports: { readonly api?: number; readonly dns?: number } = {},
): Promise<Emulator> {
  const aws = emulatedAws(account);
  const heard: { line: string; at: number }[] = [];
  const http = awsHttp(aws, (line, at) => {
    heard.push({ line, at });
    if (heard.length > requestsKept) heard.shift();
  });
  let connections = 0;
  http.on('connection', () => (connections += 1));
  const apiPort = await listen(http, ports.api ?? 0);
  const dns = await startDns(aws, ports.dns ?? 0);
  return {
    aws,
    endpoint: `http://${host}:${apiPort}`,
    dnsPort: dns.port,
    heard: () => heard,
    connections: () => connections,
    reachable: async (reachable) => {
      if (reachable && !http.listening) await listen(http, apiPort);
      if (!reachable && http.listening) await closed(http, () => http.closeAllConnections());
    },
    stop: async () => {
      if (http.listening) await closed(http, () => http.closeAllConnections());
      await dns.stop();
    },
  };
}

async function startDns(
  aws: EmulatedAws,
  port: number,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    answerOverTcp(aws, socket);
  });
  const bound = await listen(tcp, port);
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    const reply = replyBytes(aws, bytes, { address: from.address, transport: 'udp' });
    if (reply !== null) udp.send(reply, from.port, from.address);
  });
  await new Promise<void>((ready, unable) => {
    udp.once('error', unable);
    udp.bind(bound, host, ready);
  });
  return {
    port: bound,
    stop: async () => {
      await new Promise<void>((done) => udp.close(done));
      await closed(tcp, () => sockets.forEach((socket) => socket.destroy()));
    },
  };
}

/** Over TCP each message has its length before it; more than one may come on a connection. */
function answerOverTcp(aws: EmulatedAws, socket: Socket): void {
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const length = bytes.readUInt16BE(0);
      const from = { address: socket.remoteAddress ?? host, transport: 'tcp' as const };
      const reply = replyBytes(aws, bytes.subarray(2, 2 + length), from);
      bytes = bytes.subarray(2 + length);
      if (reply === null) return void socket.destroy();
      socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]));
    }
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((ready, unable) => {
    server.once('error', unable);
    server.listen(port, host, () => {
      server.removeListener('error', unable);
      const address = server.address();
      ready(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function closed(server: Server, endAll: () => void): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    endAll();
  });
}
