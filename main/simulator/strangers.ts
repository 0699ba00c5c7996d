import type { HostChoice } from '../../shared/plan/scenario.ts';
import { hostsChosen } from './fault-places.ts';
import { bootServer, killServer } from './lifecycle.ts';
import { connect } from './processes.ts';
import type { Server, World } from './world.ts';

/** No server of a plan has a number from here on. */
const firstStrangeId = 1_000_000;

/** A server dies, and a copy of it starts at its address: with its data and its files, and with an identity of its own. */
export function replaceServer(world: World, server: Server, downMs: number): void {
  killServer(world, server);
  world.clock.in(downMs, () => {
    if (server.power !== 'down') return;
    const serverId = firstStrangeId + server.serverId;
    const serverUuid = server.serverUuid === null ? null : `ffffffff${server.serverUuid.slice(8)}`;
    server.replacedBy = { serverId, serverUuid };
    bootServer(world, server);
  });
}

/** Application hosts connect to a server once more, each with a session that idles there. */
export function keepSession(world: World, server: Server, from: HostChoice): void {
  if (server.power !== 'up') return;
  for (const host of hostsChosen(world, from))
    connect(
      server,
      { user: 'app', host: `${host}:49999`, owner: 'client', end: () => undefined },
      world.clock.nowMs(),
    );
}
