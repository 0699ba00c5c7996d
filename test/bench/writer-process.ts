import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection, type Connection } from 'mysql2';
import type { Write, WriterNews, WriterOrder, WriterSeat } from './writer-order.ts';

/**
 * The outside writers, in a process of their own with one clock: each write is tried once, and what came of it is
 * written down. It keeps its log in memory and writes it at the end, so that measuring costs the disk nothing.
 */

const order = JSON.parse(process.argv[2] ?? '') as WriterOrder;
const password = /^password=(.+)$/m.exec(readFileSync(order.optionFile, 'utf8'))?.[1] ?? '';
const readOnly = new Set([1290, 1792, 1836]);
const answerLimitMs = 10_000;
/** How often a closed source is knocked at, so that one that opens again would be seen. */
const knockMs = 10;

const log: Write[] = [];
const opened = new Set<string>();
const knocking = new Set<string>();
const ending: Promise<void>[] = [];
let stopping = false;

const now = (): number => performance.timeOrigin + performance.now();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const tell = (news: WriterNews): void => void process.send?.(news);

process.on('message', () => (stopping = true));
process.on('disconnect', () => (stopping = true));
process.on('SIGTERM', () => (stopping = true));
// Ctrl-C is for the benchmark, which then ends this process itself.
process.on('SIGINT', () => undefined);
setTimeout(() => (stopping = true), order.limitMs).unref();

/** One connection that is opened again when it was lost; a write on it is never tried again. */
type Line = { readonly port: number; connection: Connection | null };

async function connected(line: Line): Promise<Connection | null> {
  if (line.connection !== null) return line.connection;
  const connection = createConnection({
    host: '127.0.0.1',
    port: line.port,
    user: 'app',
    password,
    database: 'shop',
    connectTimeout: 2_000,
  });
  const open = await new Promise<boolean>((resolve) => {
    connection.once('connect', () => resolve(true));
    connection.once('error', () => resolve(false));
  });
  connection.on('error', () => {
    if (line.connection === connection) line.connection = null;
  });
  if (!open) return null;
  line.connection = connection;
  return connection;
}

async function write(line: Line, seat: WriterSeat, id: string): Promise<Write | null> {
  const connection = await connected(line);
  if (connection === null) return null;
  const startedAt = now();
  const errno = await insert(connection, id, seat.name);
  const endedAt = now();
  if (errno !== null && !readOnly.has(errno)) {
    connection.destroy();
    line.connection = null;
  }
  const outcome = errno === null ? 'acknowledged' : readOnly.has(errno) ? 'refused' : 'unknown';
  const side = line.port === seat.targetPort ? 'target' : 'source';
  const done: Write = { id, chain: seat.chain, side, port: line.port, startedAt, endedAt, outcome, errno };
  log.push(done);
  if (side === 'target' && outcome === 'acknowledged' && !opened.has(seat.chain)) {
    opened.add(seat.chain);
    tell({ kind: 'target-acknowledged', chain: seat.chain });
  }
  return done;
}

function insert(connection: Connection, id: string, client: string): Promise<number | null> {
  return new Promise((resolve) => {
    const sql = 'INSERT INTO `writes` (id, client, n, at) VALUES (?, ?, 0, UTC_TIMESTAMP(6))';
    connection.query({ sql, values: [id, client], timeout: answerLimitMs }, (error) =>
      resolve(error === null ? null : (error.errno ?? 0)),
    );
  });
}

/** Writes to the source until it is refused there, and from then on to the target, as an application that was switched. */
async function writer(seat: WriterSeat, [source, target]: readonly [Line, Line]): Promise<void> {
  let line = source;
  let due = now();
  for (let n = 1; !stopping; n += 1) {
    if (order.perSecond !== null) {
      due = Math.max(due + 1_000 / order.perSecond, now() - 1_000);
      if (due > now()) await pause(due - now());
    }
    const done = await write(line, seat, `${order.run}-${seat.name}-${n}`);
    if (done?.outcome === 'acknowledged') continue;
    if (line === source) {
      line = target;
      knock(seat);
    } else await pause(order.retryMs);
  }
}

/** From the first refusal on somebody keeps writing to each source: an acknowledgement there would be an overlap. */
function knock(seat: WriterSeat): void {
  const place = `${seat.chain} ${seat.sourcePort}`;
  if (knocking.has(place)) return;
  knocking.add(place);
  ending.push(knockOn({ ...seat, name: `${seat.name}-knock` }));
}

async function knockOn(seat: WriterSeat): Promise<void> {
  const line: Line = { port: seat.sourcePort, connection: null };
  for (let n = 1; !stopping; n += 1) {
    await pause(knockMs);
    await write(line, seat, `${order.run}-${seat.name}-${n}`);
  }
  line.connection?.destroy();
}

const lines = order.writers.map((seat): readonly [Line, Line] => [
  { port: seat.sourcePort, connection: null },
  { port: seat.targetPort, connection: null },
]);
await Promise.all(lines.flat().map((line) => connected(line)));
tell({ kind: 'ready' });
await Promise.all(
  order.writers.map((seat, index) =>
    writer(
      seat,
      lines[index] ?? [
        { port: 0, connection: null },
        { port: 0, connection: null },
      ],
    ),
  ),
);
await Promise.all(ending);
writeFileSync(order.logFile, log.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
process.exit(0);
