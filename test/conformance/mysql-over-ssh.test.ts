import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCredentials } from '../../main/adapters/credentials.ts';
import { createMysql } from '../../main/adapters/mysql.ts';
import type { MysqlPort } from '../../main/ports.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { cableTo } from '../lab/loopback-sshd.ts';
import { sshGround } from '../lab/ssh-ground.ts';
import type { SshGround } from '../lab/ssh-ground.ts';
import { makePlace, removePlace } from './real-places.ts';
import type { Place } from './real-places.ts';
import { makeCertificates, passwords, startServer } from './real-servers.ts';
import type { RealServer } from './real-servers.ts';
import { smallPlan } from '../helpers/small-plan.ts';

/** MySQL over the stream of an SSH connection: no listener here, and what happens to the one happens to the other. */

let place: Place;
let server: RealServer;
let ground: SshGround;

beforeAll(async () => {
  place = makePlace('mariadb');
  const certificates = makeCertificates(place);
  server = await startServer({ kind: 'mariadb', serverId: 1, place, certificates });
  ground = await sshGround();
});
afterAll(async () => {
  await ground?.remove();
  await server?.stop();
  removePlace(place);
});

function plan(): Plan {
  const account = { user: 'cockpit', environment: 'OPERATOR' };
  return smallPlan({
    accounts: { operator: account, plain: account },
    instances: [
      { id: 'a1', host: 'h-source', port: server.port, tls: { mode: 'REQUIRED' } },
      { id: 'e1', host: 'h-target', port: server.port },
    ],
  });
}

function portOver(sshPort: number): MysqlPort {
  const ssh = ground.ssh({ 'h-source': ground.access(sshPort) });
  return createMysql(plan(), {
    credentials: createCredentials({
      planFolder: '/',
      redactor: { register: () => undefined },
      environment: { OPERATOR: passwords.cockpit },
    }),
    connectStream: (instance) => ssh.forward(instance.host, instance.address, instance.port),
  });
}

test('a session over SSH is encrypted inside too, answers, and ends cleanly', async () => {
  const opened = await portOver(ground.first.port).open('a1', 'act', 10_000);
  if (opened.kind !== 'open') throw new Error(opened.message);
  expect(await opened.session.ask('identity', {}, 5_000)).toMatchObject({
    kind: 'ok',
    value: { serverId: 1 },
  });
  await opened.session.close();
  expect(opened.session.state()).toBe('closed');
});

test('the SSH connection dies under a running call: the session is lost and the effect unknown', async () => {
  const cable = await cableTo(ground.first.port);
  const line = ground.first.knownHostsLine.replace(`:${ground.first.port}`, `:${cable.port}`);
  appendFileSync(ground.knownHosts, `${line}\n`);
  const opened = await portOver(cable.port).open('a1', 'act', 10_000);
  if (opened.kind !== 'open') throw new Error(opened.message);
  const lost = new Promise<string>((resolve) => opened.session.onLost(resolve));
  const position = { flavor: 'mariadb', file: null, offset: null, gtid: '0-77-999999' } as const;
  const waiting = opened.session.ask('waitApplied', { position, sliceMs: 20_000 }, 30_000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  cable.cut();
  expect(await waiting).toMatchObject({ kind: 'none', why: 'session-lost' });
  expect(await lost).not.toBe('');
  expect(opened.session.state()).toBe('lost');
  await cable.remove();
});

test('an unknown host key refuses the session with its fingerprint', async () => {
  const stranger = await ground.started();
  expect(await portOver(stranger.port).open('a1', 'act', 10_000)).toMatchObject({
    kind: 'refused',
    reason: 'unknown-host-key',
    fingerprint: stranger.fingerprint,
  });
});

test('the server is stopped: the session is lost, a new one is unreachable', async () => {
  const port = portOver(ground.first.port);
  const opened = await port.open('a1', 'look', 10_000);
  if (opened.kind !== 'open') throw new Error(opened.message);
  const lost = new Promise<string>((resolve) => opened.session.onLost(resolve));
  await server.stop();
  await lost;
  expect(await opened.session.ask('identity', {}, 1_000)).toMatchObject({
    kind: 'none',
    why: 'not-connected',
  });
  expect(await port.open('a1', 'look', 5_000)).toMatchObject({ kind: 'refused', reason: 'unreachable' });
});
