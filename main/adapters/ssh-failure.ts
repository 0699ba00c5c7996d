import type { OpenRefused } from '../ports.ts';
import type { Offer } from './ssh-identities.ts';

/** Why a hop could not be reached; `shown` is the unknown host key that may be accepted in preflight. */
export type ConnectFailed = {
  readonly kind: 'failed';
  readonly reason: OpenRefused['reason'];
  readonly message: string;
  readonly shown?: Buffer;
};

/** Why a connection failed, in words for the operator. */
export function failureOf(
  where: string,
  seen: {
    readonly error: Error & { readonly level?: string };
    readonly notes: readonly string[];
    readonly offer: Offer;
  },
): ConnectFailed {
  const { error, notes, offer } = seen;
  if (error.level === 'client-authentication') {
    const offered = [
      ...offer.keys.map((key) => key.path),
      ...(offer.agent === null ? [] : ['the keys of ssh-agent']),
    ];
    const aside = notes.length === 0 ? '' : ` (ssh-agent: ${notes.join('; ')})`;
    const message = `${where} accepted none of the offered keys: ${offered.join(', ')}${aside}. Put the public key into its authorized_keys, or name another identityFile`;
    return { kind: 'failed', reason: 'credential', message };
  }
  const reason = error.level === 'client-socket' || error.level === 'client-dns' ? 'unreachable' : 'other';
  return { kind: 'failed', reason, message: `${where}: ${words(error)}` };
}

/** What an error says. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
