/**
 * The two Electron channels and the key under which the preload puts its object. Apart from the request table, so that
 * the preload stays one small file without the schema library.
 */
export const channels = {
  request: 'cockpit:request',
  push: 'cockpit:push',
  bridge: 'cockpit',
} as const;

/** What the preload offers the page, and nothing more. */
export type Bridge = {
  readonly request: (name: string, input: unknown) => Promise<unknown>;
  /** Answers the function that ends the subscription. */
  readonly subscribe: (push: (message: unknown) => void) => () => void;
};

/** What the web shell answers to POST /session; the page keeps `header` in memory and sends it with each request. */
export type WebSession = { readonly role: 'driver' | 'observer'; readonly header: string };

/** The header that carries WebSession.header. */
export const sessionHeader = 'x-cockpit-session';

/** Sent on the socket each second besides the pushes, so that a silent connection is noticed. */
export const pulse = 'pulse';
/** A page that heard nothing for this long calls the connection lost. */
export const pulseLostMs = 3_500;
