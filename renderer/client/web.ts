import { pulse, pulseLostMs, sessionHeader } from '../../shared/contract/channels.ts';
import type { WebSession } from '../../shared/contract/channels.ts';
import type { Client, ConnectionNews, Role } from './client.ts';
import { parsePush, parseReply } from './client.ts';

const roleKey = 'cockpit-role';
const requestLimitMs = 10_000;
const retryMs = [250, 500, 1_000, 2_000] as const;

function parseSession(value: unknown): WebSession | null {
  if (typeof value !== 'object' || value === null || !('role' in value) || !('header' in value)) return null;
  const { role, header } = value;
  return (role === 'driver' || role === 'observer') && typeof header === 'string' ? { role, header } : null;
}

/** Takes the token out of the address bar, so that neither a screenshot nor the history shows it. */
function takeToken(): string | null {
  const token = window.location.hash.slice(1);
  if (token === '') return null;
  window.history.replaceState(null, '', window.location.pathname);
  return token;
}

function rememberedRole(): Role {
  return window.sessionStorage.getItem(roleKey) === 'observer' ? 'observer' : 'driver';
}

async function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly value: unknown }> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(requestLimitMs),
  });
  return { status: response.status, value: (await response.json()) as unknown };
}

/** The client of the web shell: a session by token or cookie, requests by POST, pushes by WebSocket with reconnect. */
export function webClient(): Client {
  let token = takeToken();
  let session: WebSession | null = null;

  async function openSession(): Promise<WebSession | ConnectionNews> {
    const { status, value } = await post(
      'session',
      token === null ? { role: rememberedRole() } : { token },
      {},
    );
    const opened = parseSession(value);
    if (status === 200 && opened !== null) {
      token = null;
      window.sessionStorage.setItem(roleKey, opened.role);
      return opened;
    }
    const reply = parseReply(value);
    return { kind: 'refused', why: reply.ok ? 'The cockpit did not open a session.' : reply.message };
  }

  return {
    async request(name, input) {
      try {
        const { value } = await post('request', { name, input }, { [sessionHeader]: session?.header ?? '' });
        return parseReply(value);
      } catch {
        return {
          ok: false,
          message: `The cockpit could not be reached for "${name}". Whether it heard the request is unknown: look at what it shows.`,
        };
      }
    },

    start({ push, connection }) {
      let ended = false;
      let attempt = 0;
      let socket: WebSocket | null = null;
      let timer: ReturnType<typeof setTimeout> | undefined;

      function again(why: string): void {
        if (ended) return;
        connection({ kind: 'lost', why });
        clearTimeout(timer);
        timer = setTimeout(connect, retryMs[Math.min(attempt, retryMs.length - 1)]);
        attempt += 1;
      }

      function listen(role: Role): void {
        const opened = new WebSocket(`ws://${window.location.host}/push/${role}`);
        socket = opened;
        let silence: ReturnType<typeof setTimeout> | undefined;
        const heard = () => {
          clearTimeout(silence);
          silence = setTimeout(() => opened.close(), pulseLostMs);
        };
        heard();
        opened.onopen = () => {
          attempt = 0;
          connection({ kind: 'connected', role });
        };
        opened.onmessage = (event: MessageEvent<unknown>) => {
          heard();
          if (event.data === pulse || typeof event.data !== 'string') return;
          const message = parsePush(JSON.parse(event.data) as unknown);
          if (message !== null) push(message);
        };
        opened.onclose = () => {
          clearTimeout(silence);
          if (socket === opened) again('the connection closed');
        };
      }

      function connect(): void {
        openSession().then(
          (result) => {
            if (ended) return;
            if ('kind' in result) return connection(result);
            session = result;
            listen(result.role);
          },
          () => again('the cockpit does not answer'),
        );
      }

      connect();
      return () => {
        ended = true;
        clearTimeout(timer);
        socket?.close();
      };
    },
  };
}
