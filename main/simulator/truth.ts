import { holds } from './binlog.ts';
import type { ChainWorld, Server, Txn, World } from './world.ts';

function takesWrites(server: Server): boolean {
  return server.power !== 'down' && !server.readOnly;
}

/** Notes every moment at which a chain has a writable server on both sides: the one thing that must never be. */
export function noteWritable(world: World, server: Server): void {
  if (!takesWrites(server)) return;
  for (const other of server.chain.servers) {
    if (other.side === server.side || !takesWrites(other)) continue;
    const [source, target] = server.side === 'source' ? [server, other] : [other, server];
    server.chain.violations.push({ at: world.clock.nowMs(), source: source.id, target: target.id });
  }
}

/** Which servers of a chain take writes now. */
export function writableServers(chain: ChainWorld): readonly string[] {
  return chain.servers.filter(takesWrites).map((server) => server.id);
}

/** How many transactions that an application was told are safe a server does not hold; of these authors only, if given. */
export function missingAcknowledged(server: Server, authors: readonly string[] | null = null): number {
  let missing = 0;
  for (const [origin, last] of server.chain.acknowledged.entries()) {
    const author = server.chain.servers[origin];
    if (author === undefined || authors?.includes(author.id) === false) continue;
    for (let n = (server.top[origin] ?? 0) + 1; n <= last; n++) {
      const txn = authored(author, n);
      if (txn !== undefined && (txn.kind === 'app' || txn.kind === 'client') && !holds(server, txn))
        missing += 1;
    }
  }
  return missing;
}

/** A server's own nth transaction, found in its own log. */
function authored(author: Server, n: number): Txn | undefined {
  let low = 0;
  let high = author.log.length - 1;
  // A server's own numbers rise along its log; others' events stand between them.
  while (low <= high) {
    const middle = (low + high) >> 1;
    let probe = middle;
    while (probe <= high && author.log[probe]?.txn.origin !== author.index) probe += 1;
    const found = author.log[probe]?.txn;
    if (found === undefined || found.origin !== author.index || found.n > n) high = middle - 1;
    else if (found.n === n) return found;
    else low = probe + 1;
  }
  return undefined;
}
