import type { AppHost, ChainWorld, Server, World } from './world.ts';
import { acknowledge, commit } from './commits.ts';
import { routeOf } from './app-hosts.ts';
import { connect, disconnect } from './processes.ts';
import { seeded, type Random } from './random.ts';
import type { Actor } from './world.ts';

/** Running totals of the application's own writes, for tests. */
export type Load = { readonly totals: { acknowledged: number; refused: number; lostConnections: number } };

type Group = {
  readonly chain: ChainWorld;
  readonly host: AppHost | null;
  readonly everyMs: number;
  readonly writers: number;
  readonly random: Random;
  server: Server;
  threads: number[];
  turn: number;
};

const reconnectMs = 20;
const retryMs = 100;

/**
 * The application's writers on every source master: on both co-masters of a ring. Writers of one application host on
 * one master are one group, which commits at the pace of all of them and moves with its host.
 */
export function makeLoad(world: World): Load {
  const totals = { acknowledged: 0, refused: 0, lostConnections: 0 };
  const writers = world.plan.simulator?.writersPerMaster ?? 0;
  const perSecond = world.plan.simulator?.writesPerSecond ?? 0;
  for (const chain of world.chains.values()) {
    for (const master of chain.servers.filter(
      (server) => server.side === 'source' && server.role === 'master',
    )) {
      for (const group of groupsOf(world, master, { writers, perSecond })) addGroup(world, group, totals);
    }
  }
  return { totals };
}

function groupsOf(
  world: World,
  master: Server,
  rate: { readonly writers: number; readonly perSecond: number },
): Group[] {
  if (rate.writers === 0) return [];
  const near = [...world.appHosts.values()].filter((host) => routeOf(master.chain, host) === master);
  const hosts: (AppHost | null)[] = near.length === 0 ? [null] : near.slice(0, rate.writers);
  return hosts.map((host, index) => {
    const count = Math.floor(rate.writers / hosts.length) + (index < rate.writers % hosts.length ? 1 : 0);
    return {
      chain: master.chain,
      host,
      everyMs: (1000 * rate.writers) / Math.max(rate.perSecond * count, 0.001),
      writers: count,
      random: seeded(world.seed, `load ${master.id} ${host?.host ?? ''}`),
      server: master,
      threads: [],
      turn: 0,
    };
  });
}

function addGroup(world: World, group: Group, totals: Load['totals']): void {
  const actor: Actor = {
    nextAt: group.random.next() * group.everyMs,
    fire: (now) => write(group, actor, { now, world, totals }),
  };
  for (let count = 0; count < group.writers; count++) group.threads.push(login(world, group, 0));
  group.host?.moved.push((now) => {
    const next = group.host === null ? undefined : routeOf(group.chain, group.host);
    if (next === undefined || next === group.server) return;
    for (const thread of group.threads) disconnect(group.server, thread, 'closed');
    group.server = next;
    group.threads = group.threads.map(() => 0);
    actor.nextAt = now + reconnectMs * group.random.between(0.5, 1.5);
  });
  if ((world.plan.simulator?.writesPerSecond ?? 0) > 0) world.actors.push(actor);
}

function login(world: World, group: Group, now: number): number {
  const user = world.plan.appFleets.find((fleet) => fleet.id === group.host?.fleet)?.accounts[0] ?? 'app';
  const host = `${group.host?.host ?? 'app'}:${50_000 + group.random.whole(9_000)}`;
  return connect(group.server, { user, host, owner: 'client', end: () => undefined }, now).id;
}

type Turn = { readonly now: number; readonly world: World; readonly totals: Load['totals'] };

function write(group: Group, actor: Actor, { now, world, totals }: Turn): void {
  const { server, random } = group;
  if (server.power !== 'up' || group.host?.maintenance === true) {
    actor.nextAt = now + retryMs * random.between(0.5, 1.5);
    return;
  }
  group.turn = (group.turn + 1) % group.threads.length;
  const thread = group.threads[group.turn] ?? 0;
  if (!server.threads.has(thread)) {
    totals.lostConnections += 1;
    group.threads[group.turn] = login(world, group, now);
    actor.nextAt = now + reconnectMs * random.between(0.5, 1.5);
    return;
  }
  if (server.pendingFences.length > 0) {
    actor.nextAt = Infinity;
    server.blocked.push((at) => {
      if (actor.nextAt === Infinity) actor.nextAt = at;
    });
    return;
  }
  actor.nextAt =
    now + Math.max(group.everyMs, server.commitExtraMs / group.writers) * random.between(0.5, 1.5);
  if (server.readOnly) {
    totals.refused += 1;
    return;
  }
  acknowledge(server, commit(server, { kind: 'app', id: null, value: 0 }, now));
  totals.acknowledged += 1;
}
