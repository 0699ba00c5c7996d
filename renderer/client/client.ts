import type { Push, Reply, RequestInput, RequestName } from '../../shared/contract/api.ts';

export type Role = 'driver' | 'observer';

/** What the store is told about the way to main. */
export type ConnectionNews =
  | { readonly kind: 'connected'; readonly role: Role }
  /** Nothing is heard from main; the run goes on without this window. */
  | { readonly kind: 'lost'; readonly why: string }
  /** main does not let this window in; trying again is of no use. */
  | { readonly kind: 'refused'; readonly why: string };

/** The way to main, the same for both shells. */
export type Client = {
  readonly request: <K extends RequestName>(name: K, input: RequestInput<K>) => Promise<Reply>;
  /** Begins; each push and each change of the connection is told until the answered function is called. */
  readonly start: (heard: {
    readonly push: (message: Push) => void;
    readonly connection: (news: ConnectionNews) => void;
  }) => () => void;
};

/** A reply from outside: anything that does not look like one is told as a failure. */
export function parseReply(value: unknown): Reply {
  if (typeof value === 'object' && value !== null && 'ok' in value) {
    if (value.ok === true) return { ok: true, value: 'value' in value ? value.value : null };
    if (value.ok === false && 'message' in value && typeof value.message === 'string')
      return { ok: false, message: value.message };
  }
  return {
    ok: false,
    message: 'The cockpit answered something that this screen does not understand. Reload the page.',
  };
}

/** A kind that is missing here would never be seen on the screen: this does not compile without it. */
const kinds: { readonly [K in Push['kind']]: true } = { view: true, series: true, dns: true, residue: true };

/** A push from main, or null. main and this screen are of one build, so only the outer form is looked at. */
export function parsePush(value: unknown): Push | null {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('seq' in value)) return null;
  return typeof value.kind === 'string' && Object.hasOwn(kinds, value.kind) ? (value as Push) : null;
}
