import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { pulse } from '../../shared/contract/channels.ts';
import type { Push } from '../../shared/contract/api.ts';
import type { Caller, Dispatcher } from './dispatch.ts';

/** Messages from the page are not expected; anything larger than this ends the connection before it is read. */
const maxPayloadBytes = 1024 * 1024;
/** A page that reads this slowly is cut off; it comes back and asks for the newest view. */
const maxBufferedBytes = 4 * 1024 * 1024;
const pulseMs = 1_000;
export const maxSockets = 64;

export type Audience = { readonly drivers: number; readonly observers: number };

/** What node hands over when a page asks for a socket. */
export type Upgrade = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
};

/** Streams pushes to the pages that were let in. One way only: requests are posted, never sent on the socket. */
export type PushSockets = {
  readonly accept: (upgrade: Upgrade, role: Caller['role']) => void;
  readonly close: () => void;
};

/** Opens the sockets over one dispatcher; `onAudience` hears how many windows look on. */
export function openPushSockets(
  dispatcher: Dispatcher,
  onAudience: (audience: Audience) => void,
): PushSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxPayloadBytes,
    perMessageDeflate: false,
  });
  const open = new Map<WebSocket, Caller['role']>();
  const count = () => {
    const roles = [...open.values()];
    onAudience({
      drivers: roles.filter((role) => role === 'driver').length,
      observers: roles.filter((role) => role === 'observer').length,
    });
  };

  function send(socket: WebSocket, text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > maxBufferedBytes) socket.terminate();
    else socket.send(text);
  }

  const stop = dispatcher.subscribe((push: Push) => {
    if (open.size === 0) return;
    const text = JSON.stringify(push);
    for (const socket of open.keys()) send(socket, text);
  });
  const timer = setInterval(() => {
    for (const socket of open.keys()) send(socket, pulse);
  }, pulseMs);
  timer.unref();

  return {
    accept({ request, socket, head }, role) {
      if (open.size >= maxSockets) {
        socket.destroy();
        return;
      }
      server.handleUpgrade(request, socket, head, (page) => {
        open.set(page, role);
        count();
        page.on('error', () => page.terminate());
        page.on('message', () => page.close(1008, 'requests are posted'));
        page.on('close', () => {
          open.delete(page);
          count();
        });
        send(page, pulse);
      });
    },
    close() {
      clearInterval(timer);
      stop();
      for (const socket of open.keys()) socket.terminate();
      server.close();
    },
  };
}
