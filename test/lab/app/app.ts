import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';

/**
 * The lab's site-aware web application: it takes writes for both chains and sends them to the database of its site.
 * `POST /orders {id, client}` answers 200 acknowledged, 503 refused (nothing was written) or 500 (nobody knows).
 */

type Settings = {
  readonly host: string;
  readonly port: number;
  readonly siteFile: string;
  readonly optionFile: string;
  readonly databasePorts: Readonly<Record<string, Readonly<Record<string, number>>>>;
};
type Databases = { readonly site: string; readonly pools: Readonly<Record<string, Pool>> };
type Write = { readonly id: string; readonly client: string; readonly n: number };

/** Read-only (1290, 1792, 1836), or no connection to begin with: the row was certainly not written. */
const refusals = new Set(['1290', '1792', '1836', '1040', 'ECONNREFUSED', 'ER_CON_COUNT_ERROR']);
const limitMs = 4_000;

const settingsFile = process.argv[2];
if (settingsFile === undefined) throw new Error('usage: app.ts SETTINGS');
const settings = JSON.parse(readFileSync(settingsFile, 'utf8')) as Settings;
const password = /^password=(.+)$/m.exec(readFileSync(settings.optionFile, 'utf8'))?.[1] ?? '';

let databases = open(siteOnFile());

function siteOnFile(): string {
  return (JSON.parse(readFileSync(settings.siteFile, 'utf8')) as { readonly site: string }).site;
}

function open(site: string): Databases {
  const ports = settings.databasePorts[site];
  if (ports === undefined) throw new Error(`no databases for site ${site}`);
  const pools = Object.entries(ports).map(([chain, port]) => {
    const pool = createPool({
      host: '127.0.0.1',
      port,
      user: 'app',
      password,
      database: 'shop',
      connectionLimit: 10,
      connectTimeout: 2_000,
      timezone: 'Z',
    });
    return [chain, pool] as const;
  });
  return { site, pools: Object.fromEntries(pools) };
}

/** Takes the site file to heart: new requests go to the new site, those under way end where they began. */
async function reload(): Promise<string> {
  const site = siteOnFile();
  if (site === databases.site) return site;
  const next = open(site);
  // The first request at the new site finds its connection open.
  await Promise.all(
    Object.values(next.pools).map((pool) =>
      pool.query({ sql: 'SELECT 1', timeout: 1_000 }).catch(() => undefined),
    ),
  );
  const before = databases;
  databases = next;
  for (const pool of Object.values(before.pools)) pool.end().catch(() => undefined);
  return site;
}

async function write(pool: Pool, row: Write): Promise<number> {
  let connection;
  try {
    connection = await pool.getConnection();
  } catch (error) {
    console.error(`no connection: ${codeOf(error)}`);
    return 503;
  }
  try {
    await connection.query({
      sql: 'INSERT INTO `writes` (id, client, n, at) VALUES (?, ?, ?, UTC_TIMESTAMP(6))',
      values: [row.id, row.client, row.n],
      timeout: limitMs,
    });
    connection.release();
    return 200;
  } catch (error) {
    // A pool would hand the connection to a read-only server out again and again.
    connection.destroy();
    return refusals.has(codeOf(error)) ? 503 : 500;
  }
}

function codeOf(error: unknown): string {
  const fields = error as { readonly errno?: number; readonly code?: string };
  return fields.errno !== undefined && fields.errno > 0 ? String(fields.errno) : (fields.code ?? 'unknown');
}

async function read(pool: Pool, id: string): Promise<unknown> {
  const [rows] = await pool.query<RowDataPacket[]>({
    sql: 'SELECT id, client, n FROM `writes` WHERE id = ?',
    values: [id],
    timeout: limitMs,
  });
  return rows[0] ?? null;
}

async function bodyOf(request: IncomingMessage): Promise<Write> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const body = JSON.parse(text) as Partial<Write>;
  if (typeof body.id !== 'string' || !/^[\w.:-]{1,64}$/.test(body.id)) throw new Error('id');
  return { id: body.id, client: String(body.client ?? '').slice(0, 40), n: Number(body.n ?? 0) };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain', 'x-app-host': settings.host }).end(text);
  };
  const url = new URL(request.url ?? '/', 'http://app');
  // Healthy means: the application runs. Whether its database takes writes is not the load balancer's business.
  if (url.pathname === '/health') return say(200, 'ok');
  if (url.pathname === '/admin/site') return say(200, databases.site);
  if (url.pathname === '/admin/reload' && request.method === 'POST') return say(200, await reload());
  const [chain = '', ...rest] = url.pathname
    .split('/')
    .filter((part) => part !== '' && part !== 'writes')
    .map(decodeURIComponent);
  const pool = databases.pools[chain];
  if (pool === undefined) return say(404, 'no such chain');
  if (request.method === 'POST') {
    const row = await bodyOf(request).catch(() => null);
    if (row === null) return say(400, 'expected {id, client}');
    const status = await write(pool, row);
    return say(status, { 200: 'acknowledged', 503: 'refused' }[status] ?? 'unknown');
  }
  const row = await read(pool, rest[0] ?? '');
  return row === null ? say(404, 'no such row') : say(200, JSON.stringify(row));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(codeOf(error));
    if (!response.headersSent) response.writeHead(500);
    response.end('unknown');
  });
});
// Longer than the load balancer keeps one: it is never the application that closes under a request.
server.keepAliveTimeout = 60_000;
server.listen(settings.port, '127.0.0.1');
process.on('SIGHUP', () => void reload().catch((error: unknown) => console.error(codeOf(error))));
