import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { sayTaken, takenPorts } from './lab-state.ts';
import { defaultBasePort, portOffsets } from './topology.ts';

test('the lab listens below the ports that the system gives to outgoing connections', () => {
  const last = defaultBasePort + Math.max(...Object.values(portOffsets));
  expect(last).toBeLessThan(32_768);
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    .trim()
    .split(/\s+/)
    .map(Number);
  expect(range[0] ?? 0).toBeGreaterThan(last);
});

test('a port that a server, an outgoing connection or a UDP socket has is named with what it is for', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  await new Promise((up) => client.once('connect', up));
  const heard = createSocket('udp4');
  await new Promise<void>((up) => heard.bind(0, '127.0.0.1', up));
  const ports = {
    'door us-east-1': port,
    'orders-a1': client.localPort ?? 0,
    'route53 dns': heard.address().port,
  };
  const taken = await takenPorts(ports);
  client.destroy();
  server.close();
  heard.close();
  expect(taken).toEqual(Object.entries(ports).map(([listener, at]) => `${at} (${listener})`));
  expect(sayTaken(taken)).toContain(`${port} (door us-east-1), `);
});
