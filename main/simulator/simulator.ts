import type { Plan } from '../../shared/plan/plan.ts';
import type { Fault, ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Ports } from '../ports.ts';
import { makeClients } from './clients.ts';
import { makeClock, type SimulatorClock, type Time } from './clock.ts';
import { buildAppHosts, buildHosts } from './estate-hosts.ts';
import { buildChains } from './estate.ts';
import { inject } from './faults.ts';
import { makeLaptop } from './laptop.ts';
import { makeLoad, type Load } from './load.ts';
import { makeMysqlPort } from './mysql-port.ts';
import { makeNetwork } from './network.ts';
import { seeded } from './random.ts';
import { applyNext, refreshLinks } from './replication.ts';
import { makeSshPort } from './ssh-port.ts';
import { makeTriggers, type Triggers } from './triggers.ts';
import type { Actor, Link, World } from './world.ts';

export type SimulatorOptions = {
  /** Default: the plan's simulator.seed. */
  readonly seed?: number;
  /** What the laptop's clock says when the world begins; default: a fixed night. */
  readonly startUtcMs?: number;
  /** Faults that happen at their own moments. */
  readonly faults?: readonly ScriptedFault[];
  /** See ClockOptions.settle. */
  readonly settle?: () => Promise<void>;
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
  const world: World = {
    plan,
    seed,
    clock,
    network: makeNetwork(plan, seed, () => clock),
    random: seeded(seed, 'world'),
    chains: buildChains(plan, seed),
    servers: new Map(),
    hosts: buildHosts(plan),
    appHosts: buildAppHosts(plan),
    actors,
    replyFaults: [],
    refusedLogins: new Map(),
    onOperation: [],
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

/** Lets writers write and links apply, each at its own time and in that order. */
function move(world: World, limitMs: number, time: Time): void {
  const { actors } = world;
  for (;;) {
    let at = Infinity;
    let actor: Actor | null = null;
    let link: Link | null = null;
    for (const one of actors) {
      if (one.nextAt < at) {
        at = one.nextAt;
        actor = one;
      }
    }
    for (const server of world.servers.values()) {
      for (const one of server.links) {
        if (one.nextAt < at) {
          at = one.nextAt;
          link = one;
        }
      }
    }
    if (at > limitMs || at === Infinity) return;
    // What was planned for later than now and is overdue happens now: time never goes back.
    at = Math.max(at, world.clock.nowMs());
    time.set(at);
    if (link !== null) applyNext(link, at);
    else actor?.fire(at);
    if (time.interrupted()) return;
  }
}
