import type { ZoneRefusal } from './zone-answers.ts';

/** What a MySQL session is for; each purpose is a connection of its own, opened before the hold. */
export type SessionPurpose =
  /** Holds the run lock and changes the server. */
  | 'act'
  /** Reads on behalf of steps while `act` may be waiting. */
  | 'look'
  /** The spare for abort and undo: never used before that. */
  | 'abort'
  /** Fast facts and the watchdog. */
  | 'watch'
  /** Writers, transactions, topology, accounts: slow or heavy reads. */
  | 'survey'
  /** The account that bypasses nothing: heartbeat, canary, proof of the fence. */
  | 'plain';

/** Why a call brought no answer from the server. */
export type NoAnswer =
  /** The limit passed; the statement may still run on the server. */
  | 'time-limit'
  /** The connection ended during the call; the effect is unknown. */
  | 'session-lost'
  /** There was no session any more, or none yet, when the call's turn came: nothing was sent. */
  | 'not-connected';

/**
 * The answer to one call: a value, the server's refusal, or nothing. `takenAt` is UTC in ms since the epoch (when the
 * answer arrived, by this laptop's clock), `tookMs` the round trip.
 */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly takenAt: number; readonly tookMs: number }
  | {
      readonly kind: 'refused';
      /** The server's error number (MySQL), the exit status (SSH) or null when there is none. */
      readonly code: number | null;
      readonly message: string;
      /** A host that keeps another driver's epoch refused the line before it was run: this cockpit drives no more. */
      readonly ousted?: true;
      /** Route 53's own word, where it was asked; only some of them say that nothing has happened. */
      readonly refusal?: ZoneRefusal;
      readonly takenAt: number;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'none';
      readonly why: NoAnswer;
      readonly message: string;
      readonly takenAt: number;
      readonly tookMs: number;
    };
