import type { Position } from '../../shared/sessions/operations.ts';
import { holds, logEnd, placeAfter } from './binlog.ts';
import { refusal } from './commits.ts';
import { parseMaria } from './gtid-text.ts';
import { attach, refreshLinks } from './replication.ts';
import type { Link, Server, World } from './world.ts';

/** Where in the source's history a link with this configuration begins; null: the source cannot serve it (1236). */
function startingPlace(source: Server, receiver: Server, from: Position): number | null {
  if (!source.chain.gtid || from.gtid === '')
    return from.file === null ? null : placeAfter(source, from.file, from.offset ?? 0);
  if (receiver.flavor === 'mysql') return firstMissing(source, (entry) => holds(receiver, entry));
  const wanted = parseMaria(from.gtid) ?? [];
  const upTo = new Map(wanted.map((one) => [one.serverId, one.seq]));
  for (const one of wanted) {
    const origin = source.chain.servers.find((server) => server.serverId === one.serverId);
    if (origin === undefined || (source.seqTop[origin.index] ?? 0) < one.seq) return null;
  }
  if (wanted.length !== 1)
    return firstMissing(
      source,
      (entry) => entry.seq <= (upTo.get(source.chain.servers[entry.origin]?.serverId ?? -1) ?? -1),
    );
  // One GTID for the domain: the source sends what stands after it in its own log.
  const [only] = wanted;
  for (let place = logEnd(source) - 1; place >= source.logBase; place--) {
    const txn = source.log[place - source.logBase]?.txn;
    if (
      txn !== undefined &&
      txn.seq === only?.seq &&
      source.chain.servers[txn.origin]?.serverId === only.serverId
    )
      return place + 1;
  }
  return source.logBase;
}

function firstMissing(source: Server, held: (txn: Server['log'][number]['txn']) => boolean): number {
  let place = logEnd(source);
  while (place > source.logBase) {
    const entry = source.log[place - 1 - source.logBase];
    if (entry === undefined || held(entry.txn)) break;
    place -= 1;
  }
  return place;
}

/**
 * Starts both threads of a link; without an account the receiver ends at once. Where it begins is worked out now where it
 * was told, or where the server alone knows; what the source refuses shows as the receiver's error.
 */
export function startLink(world: World, link: Link): void {
  link.receiverError = null;
  const begin = link.begin ?? behindAllLinks(link);
  if (begin !== null && link.source !== null && link.hasAccount) {
    const place = startingPlace(link.source, link.receiver, begin);
    if (place === null) link.receiverError = refusal(1236);
    else {
      attach(link, link.source, place);
      link.begin = null;
    }
  }
  // ER_SLAVE_FATAL_ERROR: an empty user name.
  if (!link.hasAccount) link.receiverError = refusal(link.receiver.flavor === 'mariadb' ? 1593 : 13117);
  link.receiverOn = link.hasAccount;
  link.applierOn = true;
  link.applierError = null;
  refreshLinks(world);
}

/** Where MariaDB's links by GTID go on once both their threads were stopped: behind what came last, by whichever link. */
function behindAllLinks({ receiver, usesGtid, receiverOn, applierOn }: Link): Position | null {
  const { applied, flavor, chain } = receiver;
  if (flavor !== 'mariadb' || !usesGtid || receiverOn || applierOn || applied === null) return null;
  const origin = chain.servers[applied.origin];
  return origin === undefined
    ? null
    : { flavor, file: null, offset: null, gtid: `0-${origin.serverId}-${applied.seq}` };
}
