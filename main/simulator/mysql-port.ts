import { ok } from '../../shared/lib/result.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import type { MysqlPort, OpenRefused, Opened } from '../ports.ts';
import { accountName, cockpitNames } from './estate-accounts.ts';
import { openSession } from './mysql-session.ts';
import { laptopSite } from './network.ts';
import { statementsOf } from './statements.ts';
import type { Server, World } from './world.ts';

/** An SSH connection and a login take about this long, beside the way there and back. */
const openMs = 90;

/** Sessions to the world's servers. */
export function makeMysqlPort(world: World): MysqlPort {
  return {
    open: (instance, purpose, limitMs) =>
      new Promise((resolve) => {
        const server = world.servers.get(instance);
        if (server === undefined) {
          resolve(
            refused(
              'other',
              `the simulated world has no instance ${instance}; expected one of the plan's chains`,
            ),
          );
          return;
        }
        const limit = world.clock.in(limitMs, () =>
          answer(refused('time-limit', `${instance} did not answer within ${limitMs} ms`)),
        );
        let over = false;
        function answer(opened: Opened): void {
          if (over) return;
          over = true;
          limit.cancel();
          world.clock.answered();
          resolve(opened);
        }
        world.clock.answered();
        const there = world.network.carry(laptopSite, server.site);
        const rounds = 5 * world.network.oneWayMs(laptopSite, server.site);
        there(rounds + openMs, () =>
          whenAwake(server, () => {
            // Whoever waited no longer has hung up: a login needs both ends.
            if (!over) answer(login(world, server, purpose));
          }),
        );
      }),
    statements: (instance, operation, input) => {
      const server = world.servers.get(instance);
      return server === undefined ? [] : statementsOf(world.plan, server, { operation, input });
    },
    userOf: (reference) => Promise.resolve(ok(accountName(reference, 'replication'))),
  };
}

function whenAwake(server: Server, then: () => void): void {
  if (server.power === 'paused') server.stalled.push(then);
  else then();
}

function refused(reason: OpenRefused['reason'], message: string): OpenRefused {
  return { kind: 'refused', reason, message };
}

function login(world: World, server: Server, purpose: SessionPurpose): Opened {
  const planned = world.plan.instances.find((one) => one.id === server.id);
  const host = world.hosts.get(server.host);
  if (planned?.via === 'ssh' && host !== undefined) {
    if (!host.reachable)
      return refused(
        'unreachable',
        `no answer from host ${host.id}: expected its SSH server, connection timed out`,
      );
    if (host.known !== 'known') {
      return {
        ...refused(
          host.known === 'changed' ? 'changed-host-key' : 'unknown-host-key',
          host.known === 'changed'
            ? `the SSH key of host ${host.id} has changed; nothing was sent. Find out why before anything else.`
            : `the SSH key of host ${host.id} is not known; compare the fingerprint and accept it in preflight`,
        ),
        host: host.id,
        fingerprint: host.hostKey,
      };
    }
  }
  if (server.power !== 'up')
    return refused(
      'unreachable',
      `connection refused by ${server.address}:${server.port}; expected ${server.id} to listen there`,
    );
  const why = world.refusedLogins.get(`${server.id}/${purpose}`) ?? world.refusedLogins.get(server.id);
  const names = cockpitNames(world.plan, server.id);
  const user = purpose === 'plain' ? names.plain : names.operator;
  if (why === 'wrong-password')
    return refused(
      'wrong-password',
      `Access denied for user '${user}' (using password: YES); check the credential of ${server.id}`,
    );
  if (why !== undefined) return refused(why, `${server.id} refused the connection: ${why}`);
  const account = server.accounts.find((row) => row.user === user);
  if (account === undefined) return refused('wrong-password', `${server.id} has no account '${user}'`);
  if (server.threads.size >= 500)
    return refused('too-many-connections', `${server.id}: Too many connections`);
  return { kind: 'open', session: openSession({ world, server, account, purpose }) };
}
