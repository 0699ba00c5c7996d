import { createWriteStream, readFileSync } from 'node:fs';
import { createConnection, type Connection } from 'mysql2/promise';
import type { LoadOrder, LoadRecord } from './load.ts';

/** The load's own process: writers that try each write once and record what came of it. */

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
const password = /^password=(.+)$/m.exec(readFileSync(order.optionFile, 'utf8'))?.[1] ?? '';
const log = createWriteStream(order.logFile, { flags: 'a', mode: 0o600 });
const limitMs = 10_000;
const afterRefusalMs = 20;
const readOnly = new Set([1290, 1792, 1836]);

let stopping = false;
process.on('SIGTERM', () => (stopping = true));
process.on('SIGINT', () => (stopping = true));
const bound = setTimeout(() => (stopping = true), order.seconds * 1_000);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function write(writer: LoadOrder['writers'][number]): Promise<void> {
  let connection: Connection | null = null;
  let at = 0;
  let due = performance.now();
  for (let n = 1; !stopping;) {
    const port = writer.ports[at % writer.ports.length] ?? 0;
    connection ??= await open(port);
    if (connection === null) {
      // Nothing was tried: there is nothing to record.
      at += 1;
      await pause(100);
      continue;
    }
    if (order.perSecond !== null) {
      due = Math.max(due + 1_000 / order.perSecond, performance.now() - 1_000);
      await pause(Math.max(0, due - performance.now()));
    }
    const id = `${order.run}-${writer.name}-${n}`;
    const begun = performance.now();
    const errno = await insert(connection, { id, client: writer.name, n });
    const outcome = errno === null ? 'acknowledged' : readOnly.has(errno) ? 'refused' : 'unknown';
    const record: LoadRecord = {
      id,
      chain: writer.chain,
      port,
      at: Date.now(),
      ms: Math.round((performance.now() - begun) * 100) / 100,
      outcome,
      ...(errno === null ? {} : { errno }),
    };
    log.write(`${JSON.stringify(record)}\n`);
    n += 1;
    if (errno === null) continue;
    // A session on a server that takes no writes is given up, as a careful pool does.
    connection.destroy();
    connection = null;
    at += 1;
    await pause(afterRefusalMs);
  }
  connection?.destroy();
}

async function open(port: number): Promise<Connection | null> {
  try {
    const connection = await createConnection({
      host: '127.0.0.1',
      port,
      user: 'app',
      password,
      database: 'shop',
      connectTimeout: 2_000,
    });
    // A session that is ended between two writes reports it here; the next write meets it again.
    connection.on('error', () => undefined);
    return connection;
  } catch {
    return null;
  }
}

/** Null when the row was acknowledged, else the error number (0: the answer was lost). */
async function insert(
  connection: Connection,
  row: { readonly id: string; readonly client: string; readonly n: number },
): Promise<number | null> {
  const sql = 'INSERT INTO `writes` (id, client, n, at) VALUES (?, ?, ?, UTC_TIMESTAMP(6))';
  const values = [row.id, row.client, row.n];
  try {
    if (row.n % 10 !== 0) {
      await connection.query({ sql, values, timeout: limitMs });
      return null;
    }
    // Every tenth is a transaction over two tables: it is refused at COMMIT when the fence falls in between.
    await connection.query({ sql: 'BEGIN', timeout: limitMs });
    await connection.query({ sql, values, timeout: limitMs });
    const line = 'INSERT INTO `lines` (write_id, sku, quantity) VALUES (?, ?, ?)';
    await connection.query({
      sql: line,
      values: [row.id, `sku-${row.n % 97}`, 1 + (row.n % 5)],
      timeout: limitMs,
    });
    await connection.query({ sql: 'COMMIT', timeout: limitMs });
    return null;
  } catch (error) {
    const { errno } = error as { readonly errno?: number };
    return errno !== undefined && errno > 0 ? errno : 0;
  }
}

await Promise.all(order.writers.map(write));
clearTimeout(bound);
log.end();
