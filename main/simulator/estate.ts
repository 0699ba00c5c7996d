import type { Chain, Instance, Member, Plan } from '../../shared/plan/plan.ts';
import { present } from '../../shared/lib/assert.ts';
import { accountsOf } from './estate-accounts.ts';
import { settingsOf } from './estate-settings.ts';
import { seeded, uuidOf } from './random.ts';
import { attach } from './replication.ts';
import type { ChainWorld, Link, Server } from './world.ts';

type Place = { readonly member: Member; readonly side: Server['side']; readonly role: Server['role'] };

/** Builds every chain of a plan as it should stand before the night: replicating, targets and slaves read-only. */
export function buildChains(plan: Plan, seed: number): Map<string, ChainWorld> {
  const chains = new Map<string, ChainWorld>();
  for (const chain of plan.chains) chains.set(chain.id, buildChain(plan, chain, seed));
  return chains;
}

function buildChain(plan: Plan, chain: Chain, seed: number): ChainWorld {
  const world: ChainWorld = {
    id: chain.id,
    gtid: chain.gtid === 'on',
    servers: [],
    named: new Map(),
    acknowledged: [],
    violations: [],
  };
  const places: Place[] = [
    ...chain.source.masters.map((member): Place => ({ member, side: 'source', role: 'master' })),
    ...chain.source.slaves.map((member): Place => ({ member, side: 'source', role: 'replica' })),
    ...chain.target.masters.map((member): Place => ({ member, side: 'target', role: 'master' })),
    ...chain.target.replicas.map((member): Place => ({ member, side: 'target', role: 'replica' })),
  ];
  const random = seeded(seed, `chain ${chain.id}`);
  // Everything before the night is history that all servers share: so many transactions of each source master.
  const history = places.map((place) =>
    place.side === 'source' && place.role === 'master' ? 100_000 + random.whole(8_000_000) : 0,
  );
  const seqs = history.map((count) => (count > 0 ? Math.max(...history) * 2 - random.whole(3) : 0));
  const masters = places.filter((place) => place.role === 'master').length;
  for (const [index, place] of places.entries()) {
    world.servers.push(buildServer({ plan, chain, world, place, index, seed, masters, history, seqs }));
    world.acknowledged.push(history[index] ?? 0);
  }
  for (const [index, place] of places.entries()) {
    const receiver = present(world.servers[index], `server ${index}`);
    const source = world.servers.find((server) => server.id === place.member.from);
    if (source === undefined) continue;
    const link = makeLink(receiver, {
      channel: place.member.channel,
      ...replicationAddress(plan, source.id),
    });
    attach(link, source, 0);
    link.receiverOn = true;
    link.applierOn = true;
    link.usesGtid = world.gtid;
    link.perSecond = plan.simulator?.appliesPerSecond ?? 3_000;
  }
  return world;
}

/** Where the other instances find this one. */
export function replicationAddress(
  plan: Plan,
  instance: string,
): { readonly address: string; readonly port: number } {
  const planned = present(
    plan.instances.find((one) => one.id === instance),
    `instance ${instance}`,
  );
  return {
    address: planned.replicationAddress ?? planned.address,
    port: planned.replicationPort ?? planned.port,
  };
}

/** A link that was never configured, stopped. */
export function makeLink(
  receiver: Server,
  to: { readonly channel: string; readonly address: string; readonly port: number },
): Link {
  const link: Link = {
    channel: to.channel,
    receiver,
    source: null,
    sourceAddress: to.address,
    sourcePort: to.port,
    usesGtid: true,
    begin: null,
    hasAccount: true,
    accountIsForgotten: false,
    receiverOn: false,
    applierOn: false,
    connectedOnce: false,
    online: false,
    wayMs: 1,
    connectedAt: 0,
    offlineAt: 0,
    receiverError: null,
    applierError: null,
    received: 0,
    next: 0,
    busyUntil: 0,
    nextAt: Infinity,
    perSecond: 3_000,
    delayMs: 0,
    filters: [],
    retrieved: null,
  };
  receiver.links.push(link);
  return link;
}

type ServerInput = {
  readonly plan: Plan;
  readonly chain: Chain;
  readonly world: ChainWorld;
  readonly place: Place;
  readonly index: number;
  readonly seed: number;
  readonly masters: number;
  readonly history: readonly number[];
  readonly seqs: readonly number[];
};

function buildServer(input: ServerInput): Server {
  const { plan, chain, place, index, seed } = input;
  const id = place.member.instance;
  const instance = present(
    plan.instances.find((one) => one.id === id),
    `instance ${id}`,
  );
  const host = present(
    plan.hosts.find((one) => one.id === instance.host),
    `host ${instance.host}`,
  );
  const pinned = plan.identities.find((one) => one.instance === id);
  const flavor = plan.simulator?.flavor ?? 'mariadb';
  const random = seeded(seed, `server ${id}`);
  const writable = place.side === 'source' && place.role === 'master';
  const tables =
    chain.proofTables ??
    ['orders', 'order_lines', 'customers', 'sessions'].map((table) => `${schemaOf(chain.id)}.${table}`);
  const clientTables = plan.clients.flatMap((client) =>
    client.kind === 'mysql' && client.chain === chain.id ? [client.table] : [],
  );
  return {
    id,
    chain: input.world,
    index,
    side: place.side,
    role: place.role,
    host: host.id,
    site: host.site,
    address: instance.address,
    port: instance.port,
    flavor,
    version: flavor === 'mariadb' ? '10.11.19' : '9.7.4',
    versionText: flavor === 'mariadb' ? '10.11.19-MariaDB-deb12-log' : '9.7.4',
    serverUuid:
      flavor === 'mysql' ? (pinned?.serverUuid?.toLowerCase() ?? uuidOf(`${plan.name} ${id}`)) : null,
    serverId: pinned?.serverId ?? serverIdOf(plan, id),
    datadir: pinned?.datadir ?? dataDirectory(plan, instance),
    replacedBy: null,
    bootReadOnly: !writable,
    clockOffsetMs: random.between(-4, 4),
    power: 'up',
    bootedAt: -1000 * (86_400 + random.whole(20_000_000)),
    readOnly: !writable,
    superReadOnly: !writable && flavor === 'mysql',
    persisted: false,
    eventScheduler: place.side === 'source',
    schemaPrepared: false,
    settings: settingsOf(flavor, chain.gtid === 'on', { offset: index + 1, masters: input.masters }),
    accounts: accountsOf(plan, chain, id),
    tables: [...new Set([...tables, ...clientTables])],
    tablesWithoutKey: new Set(),
    events: new Map(chain.events.map((event) => [event, writable ? 'ENABLED' : disabledEvent(flavor)])),
    threads: new Map(),
    nextThread: 1_000 + random.whole(90_000),
    lockHolder: null,
    blockers: [],
    showsLocks: flavor === 'mysql',
    pendingFences: [],
    blocked: [],
    prepared: [],
    trxReadAt: -Infinity,
    trxCopy: [],
    commitExtraMs: 0,
    stalled: [],
    applied: null,
    top: [...input.history],
    beyond: input.history.map(() => null),
    seqTop: [...input.seqs],
    lastOrigin: 0,
    seqMax: Math.max(...input.seqs),
    duplicates: 0,
    beats: new Map(),
    log: [],
    logBase: 0,
    file: 3 + random.whole(900),
    offset: 10_000 + random.whole(500_000_000),
    writesCounted: random.whole(40_000_000),
    links: [],
    readers: [],
    unlogged: [],
  };
}

function schemaOf(chain: string): string {
  return chain.replaceAll(/[^A-Za-z0-9_$-]/g, '_');
}

/** A replica's word for an event that its source owns. */
export function disabledEvent(flavor: Server['flavor']): string {
  return flavor === 'mariadb' ? 'SLAVESIDE_DISABLED' : 'REPLICA_SIDE_DISABLED';
}

function serverIdOf(plan: Plan, id: string): number {
  const taken = new Set(
    plan.identities.flatMap((one) =>
      one.instance !== id && one.serverId !== undefined ? [one.serverId] : [],
    ),
  );
  let serverId = 101 + plan.instances.findIndex((one) => one.id === id);
  while (taken.has(serverId)) serverId += 1000;
  return serverId;
}

function dataDirectory(plan: Plan, instance: Instance): string {
  const alone = plan.instances.filter((one) => one.host === instance.host).length === 1;
  return alone ? '/var/lib/mysql/' : `/var/lib/mysql-${instance.port}/`;
}
