import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Caller } from './dispatch.ts';

export type Session = { readonly role: Caller['role']; readonly cookie: string; readonly header: string };

/** Wrong tokens before no token is taken any more; sessions that exist go on. */
export const maxFailures = 5;
/** Windows of one night; the oldest session ends when one more is opened. */
const maxSessions = 32;

/** 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares without telling by the time it takes where two secrets differ. */
export function sameSecret(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/**
 * Whether a request comes from our own page: exact Host (DNS rebinding), Origin on everything but plain reads and on
 * every WebSocket upgrade, Sec-Fetch-Site when the browser sends it. Answers why not, or null.
 */
export function refuseOrigin(request: IncomingMessage, port: number): string | null {
  const hosts = [`127.0.0.1:${String(port)}`, `localhost:${String(port)}`];
  const host = request.headers.host ?? '';
  const seen = request.rawHeaders.filter((value, index) => index % 2 === 0 && value.toLowerCase() === 'host');
  if (seen.length !== 1 || !hosts.includes(host)) return 'unexpected Host';
  const upgrade = request.headers.upgrade !== undefined;
  const reads = (request.method === 'GET' || request.method === 'HEAD') && !upgrade;
  const origin = request.headers.origin;
  if (origin === undefined ? !reads : origin !== `http://${host}`) return 'unexpected Origin';
  const site = request.headers['sec-fetch-site'];
  // "none" is a person who opens the URL; everything but that first page comes from the page itself.
  const allowed = reads ? ['same-origin', 'none'] : ['same-origin'];
  if (site !== undefined && (typeof site !== 'string' || !allowed.includes(site)))
    return 'cross-site request';
  return null;
}

/**
 * Tokens, sessions and the lock after too many wrong tokens. A token may be exchanged again (a second tab) until then,
 * and a reload goes on by its cookie. Each role has its own cookie, so that opening the observers' URL in the driver's
 * browser takes nothing from the driver's window.
 */
export class Door {
  readonly #sessions: Session[] = [];
  readonly #tokens: Readonly<Record<Caller['role'], string>>;
  readonly #port: number;
  #failures = 0;

  constructor(tokens: Readonly<Record<Caller['role'], string>>, port: number) {
    this.#tokens = tokens;
    this.#port = port;
  }

  get locked(): boolean {
    return this.#failures >= maxFailures;
  }

  /** The session of a right token: the browser's own one of that role, or a new one. Null: wrong token, or locked. */
  exchange(token: string, request: IncomingMessage): Session | null {
    if (this.locked) return null;
    // Both are compared, whichever matches, so that the time tells nothing.
    const driver = sameSecret(this.#tokens.driver, token);
    const observer = sameSecret(this.#tokens.observer, token);
    if (!driver && !observer) {
      this.#failures += 1;
      return null;
    }
    const role = driver ? 'driver' : 'observer';
    const existing = this.sessionOf(request, role);
    if (existing !== null) return existing;
    const session: Session = { role, cookie: newSecret(), header: newSecret() };
    this.#sessions.push(session);
    if (this.#sessions.length > maxSessions) this.#sessions.shift();
    return session;
  }

  /** The session of that role whose cookie a request carries, or null. */
  sessionOf(request: IncomingMessage, role: Caller['role']): Session | null {
    const cookies = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
    const prefix = `${this.#cookieName(role)}=`;
    const value = cookies.find((part) => part.startsWith(prefix))?.slice(prefix.length);
    if (value === undefined || value === '') return null;
    return (
      this.#sessions.find((session) => session.role === role && sameSecret(session.cookie, value)) ?? null
    );
  }

  /** The session that both a cookie and the header value name, or null. */
  authenticate(request: IncomingMessage, header: string): Session | null {
    const both = [this.sessionOf(request, 'driver'), this.sessionOf(request, 'observer')];
    return both.find((session) => session !== null && sameSecret(session.header, header)) ?? null;
  }

  /** The Set-Cookie value of a session: not readable by scripts, sent to this site only. */
  setCookie(session: Session): string {
    return `${this.#cookieName(session.role)}=${session.cookie}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Cookies do not know ports: the name keeps two cockpits on one machine apart. */
  #cookieName(role: Caller['role']): string {
    return `cockpit_${String(this.#port)}_${role}`;
  }
}

/** A bucket of requests that fills again with time; the clock is monotonic milliseconds. */
export function createRateLimit(perSecond: number, burst: number): (nowMs: number) => boolean {
  let tokens = burst;
  let lastMs: number | null = null;
  return (nowMs) => {
    tokens = Math.min(burst, tokens + ((nowMs - (lastMs ?? nowMs)) / 1000) * perSecond);
    lastMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
