import type { Fault } from '../../shared/plan/scenario.ts';
import { never } from '../../shared/lib/assert.ts';
import { commit } from './commits.ts';
import { open, releaseBlocker } from './fence.ts';
import { injectAtCluster, isClusterFault } from './cluster-faults.ts';
import { hostsChosen, serverChosen } from './fault-places.ts';
import { bootServer, killServer, pauseServer, resumeServer } from './lifecycle.ts';
import { connect, disconnect, statementEnded } from './processes.ts';
import { attach, plan as planLink, refreshLinks } from './replication.ts';
import { keepSession, replaceServer } from './strangers.ts';
import { logEnd } from './binlog.ts';
import { replicationAddress } from './estate.ts';
import type { Blocker, Server, World } from './world.ts';
import { injectAtZones, isZoneFault } from './zone-faults.ts';

/** Lets one thing go wrong, now. A place the plan does not have changes nothing. */
export function inject(world: World, fault: Fault): void {
  if ('host' in fault) {
    for (const host of hostsChosen(world, fault.host)) injectAtHost(world, host, fault);
    return;
  }
  if (fault.kind === 'partition') return partition(world, fault);
  if (isZoneFault(fault)) return injectAtZones(world, fault);
  if (isClusterFault(fault)) return injectAtCluster(world, fault);
  const server = serverChosen(world, fault.on);
  if (server !== undefined) injectAtServer(world, server, fault);
}

type HostFault = Extract<Fault, { readonly host: unknown }>;
type ServerFault = Extract<Fault, { readonly on: unknown }>;

function injectAtHost(world: World, name: string, fault: HostFault): void {
  const host = world.hosts.get(name);
  if (host === undefined) return;
  switch (fault.kind) {
    case 'host-unreachable':
      host.reachable = false;
      for (const lose of [...host.channels]) lose(`host ${name} no longer answers`);
      if (fault.forMs !== undefined) world.clock.in(fault.forMs, () => void (host.reachable = true));
      return;
    case 'host-key':
      host.known = fault.state;
      return;
    case 'failed-switch':
      host.failing = { times: fault.times, code: fault.code, output: fault.output, delayMs: fault.delayMs };
      return;
    case 'host-reply':
      host.replyFaults.push({ way: fault.way, code: fault.code, ms: fault.ms, times: fault.times });
      return;
    case 'lost-channel':
      for (const lose of [...host.channels]) lose(`the connection to ${name} was reset`);
      return;
    default:
      never(fault, 'a fault at a host');
  }
}

function partition(world: World, fault: Extract<Fault, { readonly kind: 'partition' }>): void {
  const [from, to] = fault.between;
  world.network.cut(from, to);
  refreshLinks(world);
  if (fault.forMs === null) return;
  world.clock.in(fault.forMs, () => {
    world.network.heal(from, to);
    refreshLinks(world);
  });
}

function injectAtServer(world: World, server: Server, fault: ServerFault): void {
  const now = world.clock.nowMs();
  switch (fault.kind) {
    case 'lag-spike':
      return lagSpike(world, server, fault);
    case 'long-transaction':
      return longTransaction(world, server, fault);
    case 'slow-commit':
      server.commitExtraMs = fault.extraMs;
      world.clock.in(fault.forMs, () => void (server.commitExtraMs = 0));
      return;
    case 'lost-session':
      for (const session of [...world.sessions]) {
        if (session.instance === server.id && session.purpose === fault.purpose)
          disconnect(server, session.thread, 'Connection was killed');
      }
      return;
    case 'reply':
      world.replyFaults.push({ ...fault, instance: server.id, purpose: fault.purpose ?? null });
      return;
    case 'refused-login':
      world.refusedLogins.set(
        fault.purpose === undefined ? server.id : `${server.id}/${fault.purpose}`,
        fault.why,
      );
      return;
    case 'server-killed':
      killServer(world, server);
      if (fault.downMs !== null) world.clock.in(fault.downMs, () => bootServer(world, server));
      return;
    case 'server-replaced':
      return replaceServer(world, server, fault.downMs);
    case 'kept-session':
      return keepSession(world, server, fault.from);
    case 'server-paused':
      pauseServer(world, server);
      world.clock.in(fault.forMs, () => resumeServer(world, server));
      return;
    case 'writable':
      open(world, server);
      if (fault.writesPerSecond > 0) strayWriter(world, server, fault.writesPerSecond);
      return;
    case 'wrong-source':
      return wrongSource(world, server, serverChosen(world, fault.source));
    case 'applier-stopped':
      return stopApplier(world, server, fault);
    case 'errant-transaction':
    case 'late-write':
      // Both come from accounts that read_only does not stop.
      for (let count = fault.kind === 'late-write' ? fault.count : 1; count > 0; count--)
        commit(server, { kind: 'other', id: null, value: 0 }, now);
      return;
    case 'prepared-transaction':
      return preparedTransaction(world, server, fault.commitAfterMs);
    case 'bypass-account':
      server.accounts.push({
        user: fault.user,
        host: '%',
        privileges: ['SUPER', 'READ_ONLY ADMIN'],
        roles: [],
        bypasses: true,
        locked: false,
      });
      connect(
        server,
        { user: fault.user, host: '10.9.9.9:41000', owner: 'client', end: () => undefined },
        now,
      );
      return;
    case 'table-without-key':
      for (const one of server.chain.servers) one.tablesWithoutKey.add(fault.table);
      return;
    case 'setting':
      return changeSettings(world, server, fault);
    case 'clock-offset':
      server.clockOffsetMs = fault.offsetMs;
      return;
    default:
      never(fault, 'a fault at a server');
  }
}

type Of<K extends ServerFault['kind']> = Extract<ServerFault, { readonly kind: K }>;

function lagSpike(world: World, server: Server, fault: Of<'lag-spike'>): void {
  for (const link of server.links) {
    const usual = link.perSecond;
    link.perSecond = fault.appliesPerSecond;
    planLink(link);
    world.clock.in(fault.forMs, () => {
      link.perSecond = usual;
      planLink(link);
    });
  }
}

const heldStatements: Readonly<Record<Blocker['kind'], string | null>> = {
  statement: 'UPDATE archive SET state = 7 WHERE state = 3',
  fragile: 'UPDATE old_log SET seen = 1',
  ddl: 'ALTER TABLE archive ADD COLUMN note TEXT',
  'lock-queue': 'ALTER TABLE archive ADD COLUMN note TEXT',
  'semi-sync': 'COMMIT',
  'lock-tables': null,
  backup: null,
};
const heldStates: Readonly<Record<Blocker['kind'], string>> = {
  statement: 'Updating',
  fragile: 'Updating',
  ddl: 'copy to tmp table',
  'lock-queue': 'Waiting for table metadata lock',
  'semi-sync': 'Waiting for semi-sync ACK from replica',
  'lock-tables': '',
  backup: '',
};

function longTransaction(world: World, server: Server, fault: Of<'long-transaction'>): void {
  const now = world.clock.nowMs();
  const thread = connect(
    server,
    { user: fault.user, host: '10.9.9.8:42000', owner: 'client', end: () => undefined },
    now,
  );
  if (fault.how === 'idle')
    thread.trx = { startedAt: now, rows: fault.rows, locked: fault.rows, state: 'idle' };
  else {
    const kind: Blocker['kind'] = fault.how === 'running' ? 'statement' : fault.how;
    server.blockers.push({ thread: thread.id, kind });
    thread.statement = heldStatements[kind];
    thread.state = heldStates[kind];
    if (kind === 'lock-queue') idleOnItsTable(world, server, { waiting: thread.id, forMs: fault.forMs });
    else if (thread.statement !== null && kind !== 'fragile')
      thread.trx = { startedAt: now, rows: fault.rows, locked: fault.rows, state: 'running' };
  }
  world.clock.in(fault.forMs, () => {
    if (!server.threads.has(thread.id)) return;
    // What it wrote is committed, unless the server is fenced by now: then its commit is refused.
    if (thread.trx !== null && !server.readOnly)
      commit(server, { kind: 'other', id: null, value: 0 }, world.clock.nowMs());
    thread.trx = null;
    thread.statement = null;
    releaseBlocker(server, thread.id);
    disconnect(server, thread.id, 'closed');
  });
}

/** Whoever idles in a transaction on the table that a change of it waits for; when it ends, the change goes through. */
function idleOnItsTable(
  world: World,
  server: Server,
  { waiting, forMs }: { readonly waiting: number; readonly forMs: number },
): void {
  const now = world.clock.nowMs();
  const end = (): void => {
    world.clock.in(5, () => {
      releaseBlocker(server, waiting);
      statementEnded(server, waiting, world.clock.nowMs());
    });
  };
  const idle = connect(server, { user: 'report', host: '10.9.9.6:44000', owner: 'client', end }, now);
  idle.trx = { startedAt: now, rows: 0, locked: 0, state: 'idle' };
  world.clock.in(forMs, () => disconnect(server, idle.id, 'closed'));
}

function strayWriter(world: World, server: Server, perSecond: number): void {
  const thread = connect(
    server,
    { user: 'cron', host: '10.9.9.7:43000', owner: 'client', end: () => undefined },
    world.clock.nowMs(),
  );
  const write = (): void => {
    if (server.power !== 'up' || server.readOnly || !server.threads.has(thread.id)) return;
    commit(server, { kind: 'other', id: null, value: 0 }, world.clock.nowMs());
    world.clock.in(1000 / perSecond, write);
  };
  write();
}

function wrongSource(world: World, server: Server, source: Server | undefined): void {
  const link = server.links[0];
  if (link === undefined || source === undefined || source === server) return;
  const address = replicationAddress(world.plan, source.id);
  link.sourceAddress = address.address;
  link.sourcePort = address.port;
  attach(link, source, logEnd(source));
  link.online = false;
  refreshLinks(world);
}

function stopApplier(world: World, server: Server, fault: Of<'applier-stopped'>): void {
  for (const link of server.links) {
    link.applierOn = false;
    link.applierError =
      fault.code === 0 ? null : { code: fault.code, message: `The applier stopped with error ${fault.code}` };
    planLink(link);
    if (fault.forMs === undefined) continue;
    world.clock.in(fault.forMs, () => {
      link.applierOn = true;
      link.applierError = null;
      planLink(link);
    });
  }
}

/** A prepared transaction's commit passes super_read_only on MySQL; MariaDB refuses it while read_only is on. */
function preparedTransaction(world: World, server: Server, commitAfterMs: number | undefined): void {
  const xid = `X'${world.random.whole(1_000_000_000).toString(16)}',X'',1`;
  server.prepared.push({ xid, thread: null });
  if (commitAfterMs === undefined) return;
  world.clock.in(commitAfterMs, () => {
    if (server.power !== 'up' || (server.flavor === 'mariadb' && server.readOnly)) return;
    server.prepared.splice(0, server.prepared.length, ...server.prepared.filter((one) => one.xid !== xid));
    commit(server, { kind: 'other', id: null, value: 0 }, world.clock.nowMs());
  });
}

function changeSettings(world: World, server: Server, fault: Of<'setting'>): void {
  server.settings = {
    ...server.settings,
    ...(fault.durable === undefined
      ? {}
      : { syncBinlog: fault.durable ? 1 : 0, flushLogAtCommit: fault.durable ? 1 : 2 }),
    ...(fault.logReplicaUpdates === undefined ? {} : { logReplicaUpdates: fault.logReplicaUpdates }),
  };
  const twin =
    fault.duplicateServerIdOf === undefined ? undefined : serverChosen(world, fault.duplicateServerIdOf);
  if (twin !== undefined) server.serverId = twin.serverId;
}
