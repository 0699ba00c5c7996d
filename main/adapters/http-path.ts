import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What the application answered: a status, or how the attempt ended without one. */
export type HttpEnd =
  | { readonly kind: 'status'; readonly status: number; readonly body: string }
  | {
      readonly kind: 'no-answer';
      readonly why: 'time-limit' | 'not-connected' | 'cut';
      readonly message: string;
    };

/** One user's way to the application: its connections are kept open, as a browser keeps them. */
export type HttpPath = {
  readonly write: (id: string, limitMs: number) => Promise<HttpEnd>;
  readonly read: (id: string, limitMs: number) => Promise<HttpEnd>;
  readonly close: () => void;
};

const bodyCapBytes = 64 * 1024;

/** Opens a client's way: POST {id, client} to `writeUrl`, GET `readUrl` with the id appended. Nothing is tried twice. */
export function httpPath(at: {
  readonly client: string;
  readonly writeUrl: string;
  readonly readUrl: string;
}): HttpPath {
  const options = { keepAlive: true, maxSockets: 4 };
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  const send = (url: string, body: string | null, limitMs: number): Promise<HttpEnd> =>
    new Promise((resolve) => {
      let connected = false;
      const began = performance.now();
      const finish = (end: HttpEnd): void => {
        clearTimeout(timer);
        resolve(end);
      };
      const secure = url.startsWith('https:');
      const headers =
        body === null
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method: body === null ? 'GET' : 'POST',
        agent: secure ? https : http,
        headers,
      });
      const timer = setTimeout(
        () => {
          const ms = Math.round(performance.now() - began);
          finish({ kind: 'no-answer', why: 'time-limit', message: `${url}: no answer within ${ms} ms` });
          request.destroy();
        },
        Math.max(0, limitMs),
      );
      const failed = (error: Error): void =>
        finish({
          kind: 'no-answer',
          why: connected ? 'cut' : 'not-connected',
          message: `${url}: ${error.message || error.name}`,
        });
      request.on('socket', (socket) => {
        const ready = secure ? 'secureConnect' : 'connect';
        if (socket.connecting) socket.once(ready, () => (connected = true));
        else connected = true;
      });
      request.on('error', failed);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= bodyCapBytes) chunks.push(chunk);
        });
        response.on('error', failed);
        response.on('end', () =>
          finish({
            kind: 'status',
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      request.end(body ?? undefined);
    });
  return {
    write: (id, limitMs) => send(at.writeUrl, JSON.stringify({ id, client: at.client }), limitMs),
    read: (id, limitMs) => send(`${at.readUrl}${encodeURIComponent(id)}`, null, limitMs),
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}
