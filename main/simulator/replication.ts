import { absorb, coordinatesBefore, entryAt, holds, logEnd } from './binlog.ts';
import type { ReplicationLink } from '../../shared/sessions/replication-link.ts';
import type { Link, LogEntry, Server, World } from './world.ts';

/** The receiver notices a silent source only after its net timeout. */
const netTimeoutMs = 60_000;
const handshakeMs = 15;
/** Events that one link may hold unapplied; then it stops reading. */
const relayCapacity = 2_000_000;

function arrivalOf(link: Link, entry: LogEntry): number {
  return Math.max(entry.at, link.connectedAt) + link.wayMs + link.delayMs;
}

/** Receives what has arrived until `now`. */
function receive(link: Link, now: number): void {
  const source = link.source;
  if (source === null || !link.online) return;
  const end = Math.min(logEnd(source), link.next + relayCapacity);
  let place = link.received;
  while (place < end) {
    const entry = entryAt(source, place);
    if (entry === undefined || arrivalOf(link, entry) - link.delayMs > now) break;
    place += 1;
    link.retrieved = entry.txn;
  }
  link.received = place;
}

/** Works out anew when a link applies its next event. */
export function plan(link: Link): void {
  link.nextAt = Infinity;
  const source = link.source;
  if (source === null || !link.applierOn || link.receiver.power !== 'up') return;
  const entry = entryAt(source, link.next);
  if (entry === undefined) return;
  const received = link.next < link.received;
  if (!received && !link.online) return;
  const ready = received ? entry.at + link.delayMs : arrivalOf(link, entry);
  link.nextAt = Math.max(ready, link.busyUntil) + 1000 / link.perSecond;
}

/** Tells the links that read this server's log that there is something new. */
export function wakeReaders(server: Server): void {
  for (const link of server.readers) if (link.nextAt === Infinity) plan(link);
}

/** Applies the next event of a link. */
export function applyNext(link: Link, now: number): void {
  const { source, receiver } = link;
  const entry = source === null ? undefined : entryAt(source, link.next);
  if (entry === undefined) return plan(link);
  const outcome = judgeEvent(link, entry);
  if (outcome === 'stop') {
    receive(link, now);
    link.applierOn = false;
    link.applierError = {
      code: 1062,
      message: `Could not execute Write_rows event: Duplicate entry for key 'PRIMARY', error 1062`,
    };
    return plan(link);
  }
  if (link.received <= link.next) {
    link.received = link.next + 1;
    link.retrieved = entry.txn;
  }
  link.next += 1;
  if (outcome === 'apply') {
    link.busyUntil = now;
    if (holds(receiver, entry.txn)) receiver.duplicates += 1;
    absorb(receiver, entry.txn, now);
    receiver.applied = entry.txn;
    wakeReaders(receiver);
  }
  plan(link);
}

/**
 * What a server does with an event: its own come back round the ring and are ignored; MySQL with GTID skips what it
 * has; everything else is applied again, which stops at a primary key and circles for ever without one.
 */
function judgeEvent(link: Link, entry: LogEntry): 'apply' | 'ignore' | 'stop' {
  const { receiver } = link;
  const { txn } = entry;
  if (txn.origin === receiver.index) return 'ignore';
  if (!holds(receiver, txn)) return 'apply';
  if (link.usesGtid && (receiver.flavor === 'mysql' || receiver.settings.gtidIgnoreDuplicates === true))
    return 'ignore';
  const keyed = txn.kind !== 'beat' && txn.kind !== 'schema' && receiver.tablesWithoutKey.size === 0;
  return keyed ? 'stop' : 'apply';
}

/** Looks at every link after something changed: servers up or down, ways cut or healed, links started or stopped. */
export function refreshLinks(world: World): void {
  const now = world.clock.nowMs();
  for (const server of world.servers.values()) {
    for (const link of server.links) refresh(world, link, now);
  }
}

function refresh(world: World, link: Link, now: number): void {
  const { source, receiver } = link;
  if (source !== null) link.wayMs = world.network.oneWayMs(source.site, receiver.site);
  const online =
    source !== null &&
    link.receiverOn &&
    link.receiverError === null &&
    source.power === 'up' &&
    receiver.power === 'up' &&
    !world.network.isCut(source.site, receiver.site);
  if (link.online && !online) {
    receive(link, now);
    link.online = false;
    link.offlineAt = now;
  } else if (!link.online && online) {
    link.online = true;
    link.connectedOnce = true;
    link.connectedAt = now + (now === 0 ? 0 : handshakeMs);
  }
  plan(link);
}

/** Points a link at a source and a place in its history. */
export function attach(link: Link, source: Server | null, place: number): void {
  if (link.source !== null) link.source.readers.splice(link.source.readers.indexOf(link), 1);
  link.source = source;
  source?.readers.push(link);
  link.received = place;
  link.next = place;
}

/** Takes a link away from both its ends. */
export function detach(link: Link): void {
  attach(link, null, 0);
  link.receiver.links.splice(link.receiver.links.indexOf(link), 1);
  link.nextAt = Infinity;
}

/** What the receiver reports of a link. A silent source looks healthy for a minute: status lies, as on real servers. */
export function linkReport(link: Link, now: number): ReplicationLink {
  receive(link, now);
  const source = link.source;
  const read = source === null ? { file: '', offset: 4 } : coordinatesBefore(source, link.received);
  const applied = source === null ? { file: '', offset: 4 } : coordinatesBefore(source, link.next);
  const pending = link.received - link.next;
  const next = source === null || pending <= 0 ? undefined : entryAt(source, link.next);
  const receiver = receiverState(link, now);
  const behind =
    !link.applierOn || receiver !== 'running'
      ? null
      : next === undefined
        ? 0
        : Math.max(0, Math.floor((now - next.txn.at) / 1000));
  return {
    channel: link.channel,
    sourceHost: link.sourceAddress,
    sourcePort: link.sourcePort,
    sourceServerId: link.connectedOnce ? (source?.serverId ?? 0) : 0,
    sourceUuid: link.connectedOnce ? (source?.serverUuid ?? null) : null,
    receiver,
    applier: link.applierOn ? 'running' : 'stopped',
    receiverError: link.receiverError,
    applierError: link.applierError,
    secondsBehind: behind,
    delaySeconds: Math.round(link.delayMs / 1000),
    readFile: read.file,
    readOffset: read.offset,
    appliedFile: applied.file,
    appliedOffset: applied.offset,
    relayBytes: pending * 400,
    usesGtid: link.usesGtid,
    retrievedGtid: retrievedText(link),
    filters: [...link.filters],
  };
}

function receiverState(link: Link, now: number): ReplicationLink['receiver'] {
  if (!link.receiverOn || link.receiverError !== null) return 'stopped';
  if (link.online) return now < link.connectedAt ? 'connecting' : 'running';
  const silent = link.source !== null && link.source.power !== 'down';
  return silent && link.connectedOnce && now - link.offlineAt < netTimeoutMs ? 'running' : 'connecting';
}

function retrievedText(link: Link): string {
  const { retrieved, source } = link;
  if (retrieved === null || source === null || !link.usesGtid) return '';
  const origin = source.chain.servers[retrieved.origin];
  return link.receiver.flavor === 'mariadb'
    ? `0-${origin?.serverId ?? 0}-${retrieved.seq}`
    : `${origin?.serverUuid ?? ''}:1-${retrieved.n}`;
}
