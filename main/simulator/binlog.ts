import type { LogEntry, Server, Txn } from './world.ts';

const keepEntries = 120_000;
const eventBytes = { app: 412, client: 367, canary: 320, beat: 301, schema: 245, other: 290 } as const;

/** The name of a server's log file, as its flavour writes it. */
export function logFile(server: Server, file: number): string {
  return `${server.flavor === 'mariadb' ? 'mariadb-bin' : 'binlog'}.${String(file).padStart(6, '0')}`;
}

/** Whether a server's data holds a transaction. */
export function holds(server: Server, txn: { readonly origin: number; readonly n: number }): boolean {
  return txn.n <= (server.top[txn.origin] ?? 0) || server.beyond[txn.origin]?.has(txn.n) === true;
}

/** Takes a transaction into a server's data and, where it logs, into its binary log. */
export function absorb(server: Server, txn: Txn, now: number): void {
  markHeld(server, txn);
  if (txn.kind === 'beat') server.beats.set(txn.beatOf, txn.value);
  if (txn.kind === 'schema') {
    server.schemaPrepared = txn.value === 1;
    if (txn.value === 0) server.beats.clear();
  }
  if (txn.seq > server.seqMax) server.seqMax = txn.seq;
  if (txn.origin === server.index || server.settings.logReplicaUpdates) append(server, txn, now);
  else {
    server.unlogged.push(txn);
    if (server.unlogged.length > 4_000) server.unlogged.splice(0, 2_000);
  }
}

function markHeld(server: Server, txn: Txn): void {
  const { origin, n } = txn;
  let top = server.top[origin] ?? 0;
  const beyond = server.beyond[origin] ?? null;
  if (n === top + 1) {
    top = n;
    while (beyond !== null && beyond.delete(top + 1)) top += 1;
    server.top[origin] = top;
  } else if (n > top) {
    if (beyond === null) server.beyond[origin] = new Set([n]);
    else beyond.add(n);
  }
}

function append(server: Server, txn: Txn, now: number): void {
  server.offset += eventBytes[txn.kind];
  if (server.offset > 1_073_741_824) rotate(server);
  server.seqTop[txn.origin] = txn.seq;
  server.lastOrigin = txn.origin;
  server.log.push({ txn, at: now, file: server.file, end: server.offset });
  if (server.log.length > keepEntries) purge(server);
}

/** Begins a new log file, as a restart does. */
export function rotate(server: Server): void {
  server.file += 1;
  server.offset = server.flavor === 'mariadb' ? 344 : 158;
}

/** Forgets the older half of the log, except what a replica still needs. */
function purge(server: Server): void {
  let cut = server.log.length >> 1;
  for (const link of server.readers) cut = Math.min(cut, link.next - server.logBase);
  if (cut < 1_000) return;
  server.log = server.log.slice(cut);
  server.logBase += cut;
}

/** The entry at a place in a server's whole history, if it still has it. */
export function entryAt(server: Server, place: number): LogEntry | undefined {
  return server.log[place - server.logBase];
}

/** The place after the last entry. */
export function logEnd(server: Server): number {
  return server.logBase + server.log.length;
}

/** The place that follows a file and offset; null: that part of the log is not there (any more, or yet). */
export function placeAfter(server: Server, file: string, offset: number): number | null {
  const number = Number(file.split('.').at(-1));
  if (logFile(server, number) !== file || number > server.file) return null;
  if (number === server.file && offset > server.offset) return null;
  const first = server.log[0];
  if (
    first !== undefined &&
    server.logBase > 0 &&
    (number < first.file || (number === first.file && offset < first.end))
  )
    return null;
  let low = 0;
  let high = server.log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = server.log[middle];
    if (entry !== undefined && (entry.file < number || (entry.file === number && entry.end <= offset)))
      low = middle + 1;
    else high = middle;
  }
  return server.logBase + low;
}

/** File and offset right before a place: what a replica reports when everything before it is read or applied. */
export function coordinatesBefore(
  server: Server,
  place: number,
): { readonly file: string; readonly offset: number } {
  const entry = entryAt(server, place - 1);
  if (entry !== undefined) return { file: logFile(server, entry.file), offset: entry.end };
  return { file: logFile(server, server.file), offset: server.offset };
}

/** What a server has of the transactions of its chain, newest last, as far back as it is kept. */
export function newestFirst(server: Server, limit: number): readonly Txn[] {
  const found: Txn[] = server.unlogged.slice(-limit);
  for (let index = server.log.length - 1; index >= 0 && found.length < limit; index--) {
    const entry = server.log[index];
    if (entry !== undefined) found.push(entry.txn);
  }
  return found;
}
