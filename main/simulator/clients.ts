import type { SyntheticClient } from '../../shared/plan/plan.ts';
import type { ClientFacts } from '../../shared/observations/snapshot.ts';
import { known } from '../../shared/observations/observation.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { ClientsPort, ClientWrite } from '../ports.ts';
import { hostsOfRegion, routeOf } from './app-hosts.ts';
import { acknowledge, commit } from './commits.ts';
import { holds } from './binlog.ts';
import { seeded, type Random } from './random.ts';
import type { Actor, AppHost, Server, World } from './world.ts';

type Client = {
  readonly planned: SyntheticClient;
  readonly random: Random;
  readonly actor: Actor;
  readonly log: ClientWrite[];
  readonly totals: {
    acknowledged: number;
    refused: number;
    unknown: number;
    lastAcknowledgedAt: number | null;
  };
  made: number;
  readonly tag: string;
};

/** How a write goes; `wayMs` is one way. */
type Route = {
  readonly side: ClientWrite['side'];
  readonly server: Server | undefined;
  readonly host: AppHost | null;
  readonly wayMs: number;
};

const keepWrites = 400_000;

/** The synthetic clients of a plan, writing without pause from their start to their stop. `tag`: tells their ids from others'. */
export function makeClients(world: World, tag = ''): ClientsPort {
  const clients = new Map<string, Client>();
  let started = false;

  function start(planned: SyntheticClient): void {
    const random = seeded(world.seed, `client ${planned.id}`);
    const now = world.clock.nowMs();
    const client: Client = {
      planned,
      random,
      actor: { nextAt: now + random.next() * 5, fire: (at) => tick(world, client, at) },
      log: [],
      totals: { acknowledged: 0, refused: 0, unknown: 0, lastAcknowledgedAt: null },
      made: 0,
      tag,
    };
    clients.set(planned.id, client);
    world.actors.push(client.actor);
  }

  return {
    start: () => {
      if (!started) for (const planned of world.plan.clients) start(planned);
      started = true;
      return Promise.resolve();
    },
    facts: () => [...clients.values()].map((client) => factsOf(world, client)),
    writes: (sinceUtcMs) => {
      const now = world.clock.utcMs();
      const all = [...clients.values()].flatMap((client) =>
        client.log.filter((one) => one.endedAt >= sinceUtcMs && one.endedAt <= now),
      );
      return Promise.resolve(all.map((one) => ({ ...one })));
    },
    canary: (id, writeId, limitMs) => canary(world, { client: id, id: writeId }, limitMs),
    missing: (chain, instance, ids) => Promise.resolve(missing(world, { chain, instance }, ids)),
    stop: () => {
      for (const client of clients.values()) world.actors.splice(world.actors.indexOf(client.actor), 1);
      clients.clear();
      started = false;
      return Promise.resolve();
    },
  };
}

function factsOf(world: World, client: Client): ClientFacts {
  const now = world.clock.utcMs();
  return {
    client: client.planned.id,
    chain: client.planned.chain,
    ...client.totals,
    alive: known(true, Math.floor(now), 'simulated client'),
  };
}

/** Where the client's next writes go: through an application host, or straight to both its servers. */
function routesOf(world: World, client: Client): readonly Route[] {
  const { planned } = client;
  const chain = world.chains.get(planned.chain);
  if (chain === undefined) return [];
  if (planned.kind === 'mysql') {
    return (['source', 'target'] as const).map((side) => ({
      side,
      server: world.servers.get(planned[side]),
      host: null,
      wayMs: 1,
    }));
  }
  const hosts = hostsOfRegion(world, planned.region);
  const host = hosts[client.made % Math.max(1, hosts.length)];
  const server = host === undefined ? undefined : routeOf(chain, host);
  const site = host === undefined ? undefined : world.hosts.get(host.host)?.site;
  const appMs = site === undefined || server === undefined ? 0 : world.network.oneWayMs(site, server.site);
  return [{ side: 'path', server, host: host ?? null, wayMs: 2 + appMs }];
}

/**
 * The moment at which a client's next write arrives at its server: it was sent a moment earlier. The next one follows
 * after the interval, and never before this one has its answer.
 */
function tick(world: World, client: Client, now: number): void {
  client.actor.nextAt = now + client.planned.intervalMs * client.random.between(0.9, 1.1);
  let hanging = 0;
  for (const route of routesOf(world, client)) {
    client.made += 1;
    attempt(world, client, {
      route,
      id: `${client.planned.id}-${world.seed}${client.tag}-${client.made}`,
      startedAt: now - route.wayMs,
      hangs: () => {
        hanging += 1;
        client.actor.nextAt = Infinity;
      },
      answered: () => {
        hanging -= 1;
        if (hanging === 0) client.actor.nextAt = world.clock.nowMs() + route.wayMs;
      },
    });
  }
}

type Attempt = {
  readonly route: Route;
  readonly id: string;
  readonly startedAt: number;
  readonly hangs: () => void;
  readonly answered: () => void;
};

/** One write, tried once. A server that is silent, or a fence that waits, holds it up until its own limit. */
function attempt(world: World, client: Client, one: Attempt): void {
  const { route, startedAt } = one;
  const { server } = route;
  const limitMs = client.planned.limitMs;
  const arrives = startedAt + route.wayMs;
  const end = (endedAt: number, outcome: ClientWrite['outcome']): void =>
    record(world, client, { one, endedAt, outcome });
  if (server === undefined || route.host?.maintenance === true || server.power === 'down')
    return end(arrives + route.wayMs, 'refused');
  if (server.power === 'up' && server.pendingFences.length === 0)
    return finish(server, { client, one, end }, arrives);
  // It hangs: what comes first, the server's answer or the client's patience.
  one.hangs();
  let over = false;
  const give = world.clock.in(Math.max(0, startedAt + limitMs - world.clock.nowMs()), () => {
    over = true;
    end(startedAt + limitMs, 'unknown');
    one.answered();
  });
  const proceed = (): void => {
    const at = Math.max(arrives, world.clock.nowMs());
    if (over) {
      // The client has given up; the server does not know that.
      if (!server.readOnly && server.power === 'up')
        commit(server, { kind: 'client', id: one.id, value: 0 }, at);
      return;
    }
    give.cancel();
    finish(server, { client, one, end }, at);
    one.answered();
  };
  if (server.power === 'paused') server.stalled.push(proceed);
  else server.blocked.push(proceed);
}

type Finishing = {
  readonly client: Client;
  readonly one: Attempt;
  readonly end: (endedAt: number, outcome: ClientWrite['outcome']) => void;
};

function finish(server: Server, { client, one, end }: Finishing, at: number): void {
  if (server.readOnly) return end(at + one.route.wayMs, 'refused');
  const txn = commit(server, { kind: 'client', id: one.id, value: 0 }, at);
  const workMs = client.random.between(0.8, 2.5) + server.commitExtraMs;
  if (at + workMs + one.route.wayMs - one.startedAt > client.planned.limitMs)
    return end(one.startedAt + client.planned.limitMs, 'unknown');
  acknowledge(server, txn);
  end(at + workMs + one.route.wayMs, 'acknowledged');
}

type Recorded = { readonly one: Attempt; readonly endedAt: number; readonly outcome: ClientWrite['outcome'] };

function record(world: World, client: Client, { one, endedAt, outcome }: Recorded): void {
  const start = world.clock.utcMs() - world.clock.nowMs();
  const round = (ms: number): number => Math.round((start + ms) * 1000) / 1000;
  client.log.push({
    client: client.planned.id,
    chain: client.planned.chain,
    id: one.id,
    side: one.route.side,
    startedAt: round(one.startedAt),
    endedAt: round(endedAt),
    outcome,
  });
  if (client.log.length > keepWrites) client.log.splice(0, keepWrites / 2);
  client.actor.nextAt = Math.max(client.actor.nextAt, endedAt + one.route.wayMs);
  client.totals[outcome] += 1;
  if (outcome === 'acknowledged') client.totals.lastAcknowledgedAt = round(endedAt);
}

type Canary = { readonly client: string; readonly id: string };

/** One write and its read-back through the path of an http client, now. */
function canary(world: World, wanted: Canary, limitMs: number): Promise<Answer<{ readonly ms: number }>> {
  const planned = world.plan.clients.find((one) => one.id === wanted.client);
  const chain = planned === undefined ? undefined : world.chains.get(planned.chain);
  const host = planned?.kind === 'http' ? hostsOfRegion(world, planned.region)[0] : undefined;
  const direct = planned?.kind === 'mysql' ? world.servers.get(planned.target) : undefined;
  const server = direct ?? (chain === undefined || host === undefined ? undefined : routeOf(chain, host));
  const begun = world.clock.nowMs();
  return new Promise((resolve) => {
    const ms = world.random.between(8, 30);
    const cut = server === undefined || server.power === 'paused' || ms > limitMs;
    world.clock.answered();
    world.clock.in(cut ? limitMs : ms, () => {
      const stamp = { takenAt: Math.floor(world.clock.utcMs()), tookMs: world.clock.nowMs() - begun };
      world.clock.answered();
      if (cut)
        resolve({
          kind: 'none',
          why: 'time-limit',
          message: `no answer through ${wanted.client} within ${limitMs} ms`,
          ...stamp,
        });
      else if (server.power === 'down' || server.readOnly || host?.maintenance === true)
        resolve({ kind: 'refused', code: 503, message: `${server.id} refused the write: 1290`, ...stamp });
      else {
        acknowledge(server, commit(server, { kind: 'client', id: wanted.id, value: 0 }, world.clock.nowMs()));
        resolve({ kind: 'ok', value: { ms: stamp.tookMs }, ...stamp });
      }
    });
  });
}

function missing(
  world: World,
  where: { readonly chain: string; readonly instance: string },
  ids: readonly string[],
): Answer<readonly string[]> {
  const stamp = { takenAt: Math.floor(world.clock.utcMs()), tookMs: 1 };
  const server = world.servers.get(where.instance);
  if (server === undefined || server.chain.id !== where.chain)
    return {
      kind: 'refused',
      code: null,
      message: `${where.instance} is not of chain ${where.chain}`,
      ...stamp,
    };
  if (server.power !== 'up')
    return { kind: 'none', why: 'time-limit', message: `${where.instance} does not answer`, ...stamp };
  const value = ids.filter((id) => {
    const txn = server.chain.named.get(id);
    return txn === undefined || !holds(server, txn);
  });
  return { kind: 'ok', value, ...stamp };
}
