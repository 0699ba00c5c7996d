import { sha256, type Sha256 } from '../../shared/lib/sha256.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Fault, ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Ports } from '../ports.ts';
import { makeClients } from './clients.ts';
import { buildCluster } from './cluster-world.ts';
import { makeCluster } from './cluster.ts';
import { makeClock, type SimulatorClock, type Time } from './clock.ts';
import { makeDns } from './dns.ts';
import { buildAppHosts, buildHosts } from './estate-hosts.ts';
import { buildChains } from './estate.ts';
import { inject } from './faults.ts';
import { makeLaptop } from './laptop.ts';
import { makeLoad, type Load } from './load.ts';
import { makeMysqlPort } from './mysql-port.ts';
import { makeNetwork } from './network.ts';
import { seeded } from './random.ts';
import { makeRoute53 } from './route53.ts';
import { buildZones } from './zone-world.ts';
import { applyNext, refreshLinks } from './replication.ts';
import { makeSshPort } from './ssh-port.ts';
import { makeTriggers, type Triggers } from './triggers.ts';
import type { Actor, Link, Server, World } from './world.ts';
import { makeFlipHealth } from './flip-health.ts';
import { makeZones } from './zones.ts';

export type SimulatorOptions = {
  /** Default: the plan's simulator.seed. */
  readonly seed?: number;
  /** What the laptop's clock says when the world begins; default: a fixed night. */
  readonly startUtcMs?: number;
  /** Faults that happen at their own moments. */
  readonly faults?: readonly ScriptedFault[];
  /** See ClockOptions.settle. */
  readonly settle?: () => Promise<void>;
  /** Default: the one that needs no platform; where thousands of nights are played, pass the platform's faster one. */
  readonly sha256?: Sha256;
};

export type Simulator = {
  readonly ports: Ports;
  /** The ports of a second cockpit on the same world, with clients of its own: its plan may be the one turned round. */
  readonly portsFor: (plan: Plan) => Ports;
  readonly clock: SimulatorClock;
  /** The truth, for tests. */
  readonly world: World;
  readonly load: Load;
  /** Lets one thing go wrong now. */
  readonly inject: (fault: Fault) => void;
  /**
   * The cockpit dies as by kill -9: every session is lost, and nobody is told. `noticed`: its system still closed the
   * connections; otherwise (power, network) each server goes on believing in them, with their locks.
   */
  readonly loseCockpit: (noticed: boolean) => void;
  /** Adds faults that happen at their own moments. */
  readonly script: (faults: readonly ScriptedFault[]) => void;
  /** To be told when a step of the run changes its state: faults may wait for that. */
  readonly onStep: Triggers['onStep'];
  readonly happened: Triggers['happened'];
};

/** 2026-03-01T01:00:00Z: the same night for every rehearsal that does not say otherwise. */
const fixedNightUtcMs = 1_772_326_800_000;

/** Builds the simulated world of a plan and the ports to it. Time stands still until its clock is driven. */
export function createSimulator(plan: Plan, options: SimulatorOptions = {}): Simulator {
  const seed = options.seed ?? plan.simulator?.seed ?? 1;
  const actors: Actor[] = [];
  let cockpits = 1;
  const clock = makeClock({
    startUtcMs: options.startUtcMs ?? fixedNightUtcMs,
    move: (limitMs, time) => move(world, limitMs, time),
    settle: options.settle,
  });
  const hostedZones = buildZones(plan);
  const hosts = buildHosts(plan);
  const cluster = buildCluster(plan);
  const flips = makeFlipHealth(plan, { hosts, cluster }, clock);
  const zones = makeZones(hostedZones, clock, flips);
  const world: World = {
    plan,
    seed,
    clock,
    network: makeNetwork(plan, seed, () => clock),
    zones,
    flips,
    cluster,
    dns: makeDns(plan, { seed, clock, zones }),
    random: seeded(seed, 'world'),
    chains: buildChains(plan, seed),
    servers: new Map(),
    hosts,
    appHosts: buildAppHosts(plan),
    hostedZones,
    dnsRandom: seeded(seed, 'route53'),
    sha256: options.sha256 ?? sha256,
    unhealthyChecks: new Set(),
    actors,
    replyFaults: [],
    refusedLogins: new Map(),
    onOperation: [],
    onHostLine: [],
    sessions: new Set(),
  };
  for (const chain of world.chains.values())
    for (const server of chain.servers) world.servers.set(server.id, server);
  refreshLinks(world);
  const load = makeLoad(world);
  const ports: Ports = {
    clock: clock.port,
    mysql: makeMysqlPort(world),
    ssh: makeSshPort(world),
    clients: makeClients(world),
    laptop: makeLaptop(clock),
    route53: makeRoute53(world),
    cluster: makeCluster(world),
    dns: world.dns,
  };
  const triggers = makeTriggers(world);
  const script = (faults: readonly ScriptedFault[]): void => {
    for (const one of faults) triggers.add(one);
  };
  script(options.faults ?? []);
  return {
    ports,
    portsFor: (other) => ({
      ...ports,
      clients: makeClients({ ...world, plan: other }, `${(cockpits += 1)}`),
    }),
    clock,
    world,
    load,
    inject: (fault) => inject(world, fault),
    loseCockpit: (noticed) => {
      for (const session of [...world.sessions]) session.vanish(noticed);
    },
    script,
    onStep: triggers.onStep,
    happened: triggers.happened,
  };
}

/**
 * Lets writers write and links apply, each at its own time and in that order. What a lonely server applies changes nothing
 * for anybody else before something looks at it, so its turn comes last, all at once.
 */
function move(world: World, limitMs: number, time: Time): void {
  const { actors, clock, servers } = world;
  const begun = clock.nowMs();
  let end = limitMs;
  for (;;) {
    const actor = earliestActor(actors);
    const link = earliestLink(servers);
    const isLink = (link?.nextAt ?? Infinity) < (actor?.nextAt ?? Infinity);
    const due = (isLink ? link : actor)?.nextAt ?? Infinity;
    if (due > limitMs || due === Infinity) break;
    // What was planned for later than now and is overdue happens now: time never goes back.
    const at = Math.max(due, clock.nowMs());
    time.set(at);
    if (isLink && link !== null) applyNext(link, at);
    else actor?.fire(at);
    if (!time.interrupted()) continue;
    end = at;
    break;
  }
  for (const server of servers.values()) {
    const link = isLonely(server) ? server.links[0] : undefined;
    if (link === undefined) continue;
    for (let at = begun; link.nextAt <= end && link.nextAt < Infinity;) {
      at = Math.max(at, link.nextAt);
      applyNext(link, at);
    }
  }
}

/** Nobody follows it and no application writes there: only looks tell how far it has come. */
function isLonely({ readers, readOnly, links }: Server): boolean {
  return readers.length === 0 && readOnly && links.length === 1;
}

// A night asks for these two at each of its timers, and mostly nothing moves before the next one: they make nothing new.
function earliestActor(actors: readonly Actor[]): Actor | null {
  let found: Actor | null = null;
  for (const one of actors) if (one.nextAt < (found?.nextAt ?? Infinity)) found = one;
  return found;
}

function earliestLink(servers: World['servers']): Link | null {
  let found: Link | null = null;
  for (const server of servers.values()) {
    if (isLonely(server)) continue;
    for (const link of server.links) if (link.nextAt < (found?.nextAt ?? Infinity)) found = link;
  }
  return found;
}
