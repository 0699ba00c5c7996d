import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { sessionHeader } from '../../shared/contract/channels.ts';
import type { WebSession } from '../../shared/contract/channels.ts';
import { fileHeaders } from './content-policy.ts';
import type { Caller, Dispatcher } from './dispatch.ts';
import { readRendererFile } from './renderer-files.ts';
import { Door, createRateLimit, newSecret, refuseOrigin } from './web-guard.ts';
import { openPushSockets } from './web-socket.ts';
import type { Audience } from './web-socket.ts';

const maxBodyBytes = 1024 * 1024;
const loopback = '127.0.0.1';

export type WebShellOptions = {
  readonly dispatcher: Dispatcher;
  /** The built renderer. */
  readonly rendererDirectory: string;
  /** Without one the system chooses a free port. */
  readonly port?: number;
  /** Hears how many windows are connected, by role, whenever that changes. */
  readonly onAudience?: (audience: Audience) => void;
};

export type WebShell = {
  readonly url: string;
  readonly observerUrl: string;
  readonly close: () => Promise<void>;
};

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...fileHeaders, 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  // The body may still be on its way: the connection ends, so nobody can make us read it.
  response.setHeader('connection', 'close');
  answer(response, status, { ok: false, message });
}

/** The JSON body, or undefined when it is too large or no JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) return undefined;
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

function isJson(request: IncomingMessage): boolean {
  return /^application\/json(; *charset=utf-8)?$/i.test(request.headers['content-type'] ?? '');
}

function roleIn(value: unknown): Caller['role'] | null {
  return value === 'driver' || value === 'observer' ? value : null;
}

async function serveFile(
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const file = await readRendererFile(directory, path);
  if (file === null) return refuse(response, 404, 'There is no such file.');
  response.writeHead(200, { ...fileHeaders, 'content-type': file.type });
  response.end(request.method === 'HEAD' ? undefined : file.body);
}

/** POST /session: {token} once, {role} with the cookie from then on; answers the role and the header value. */
async function openSession(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(request);
  const token = field(body, 'token');
  const role = roleIn(field(body, 'role'));
  const known = role === null ? null : door.sessionOf(request, role);
  const session = typeof token === 'string' ? door.exchange(token, request) : known;
  if (session === null) {
    const message = door.locked
      ? 'Too many wrong tokens: this cockpit takes no new windows until it is started again. Windows that are open go on.'
      : 'This needs the URL that the cockpit printed, with its token.';
    return refuse(response, 403, message);
  }
  const value: WebSession = { role: session.role, header: session.header };
  response.setHeader('set-cookie', door.setCookie(session));
  answer(response, 200, value);
}

/** POST /request: {name, input} for the dispatcher. */
async function serveRequest(
  shell: { door: Door; dispatcher: Dispatcher },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const header = request.headers[sessionHeader];
  const session = typeof header === 'string' ? shell.door.authenticate(request, header) : null;
  if (session === null) return refuse(response, 403, 'No session: open the URL that the cockpit printed.');
  const body = await readJson(request);
  const name = field(body, 'name');
  if (typeof name !== 'string')
    return refuse(response, 400, 'A request is {name, input}, at most 1 MiB of JSON.');
  answer(response, 200, await shell.dispatcher.handle(name, field(body, 'input'), { role: session.role }));
}

/**
 * The renderer in a browser of this machine. Bound to 127.0.0.1 only. Who may talk is decided before anything is read:
 * Host, Origin and Sec-Fetch-Site first, then the session, then the dispatcher's own checks.
 */
export async function startWebShell(options: WebShellOptions): Promise<WebShell> {
  const { dispatcher, rendererDirectory } = options;
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 5_000 });
  server.listen(options.port ?? 0, loopback);
  await once(server, 'listening').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Nothing can be served on port ${options.port ?? 0} of ${loopback} (${why}). Stop what listens there, or leave --port out: then a free one is taken.`,
      { cause: error },
    );
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const tokens = { driver: newSecret(), observer: newSecret() };
  const door = new Door(tokens, port);
  const sockets = openPushSockets(dispatcher, options.onAudience ?? (() => {}));
  const mayAsk = createRateLimit(50, 200);

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const why = refuseOrigin(request, port);
    if (why !== null) return refuse(response, 403, `Refused: ${why}.`);
    if (request.method === 'GET' || request.method === 'HEAD')
      return serveFile(rendererDirectory, request, response);
    if (request.method !== 'POST') return refuse(response, 403, 'Refused: only GET and POST.');
    if (!isJson(request)) return refuse(response, 403, 'Refused: only JSON.');
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes)
      return refuse(response, 403, 'Refused: more than 1 MiB.');
    if (!mayAsk(performance.now())) return refuse(response, 429, 'Too many requests at once: wait a second.');
    if (request.url === '/session') return openSession(door, request, response);
    if (request.url === '/request') return serveRequest({ door, dispatcher }, request, response);
    refuse(response, 403, 'Refused: nothing is posted here.');
  }

  server.on('request', (request, response) => {
    route(request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => {
    // A browser cannot set headers on an upgrade: Origin, the cookie and the role in the path decide.
    const role = roleIn(/^\/push\/(\w+)$/.exec(request.url ?? '')?.[1]);
    const session =
      role !== null && refuseOrigin(request, port) === null ? door.sessionOf(request, role) : null;
    if (session === null)
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else sockets.accept({ request, socket, head }, session.role);
  });

  const base = `http://${loopback}:${String(port)}/`;
  return {
    url: `${base}#${tokens.driver}`,
    observerUrl: `${base}#${tokens.observer}`,
    async close() {
      sockets.close();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}
