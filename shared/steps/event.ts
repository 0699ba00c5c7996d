import type { Outcome } from './outcome.ts';
import type { Identity } from '../sessions/identity.ts';
import type { Driver } from './driver.ts';
import type { PreparedZone } from './prepared-zone.ts';
import type { RunMirror } from './mirror-place.ts';
import type { Answer } from '../sessions/session.ts';
import type { SwitchSaid } from './switch-said.ts';
import type { UndoItem } from './undo.ts';

/** When something happened: UTC and the laptop's monotonic clock, both in ms. */
export type Moment = { readonly utcMs: number; readonly monoMs: number };

/** Who did something: a person by name, or `unattended (<os user>)`. */
export type Who = string;

/** What the watchdog or the observer saw that the run must react to at once. */
export type Alarm = {
  readonly alarm:
    | 'fence-lost'
    | 'restarted'
    | 'identity-changed'
    | 'position-moved'
    | 'target-writable'
    | 'target-closed'
    | 'ring-closed'
    | 'way-back-stopped'
    | 'lock-lost'
    | 'session-lost'
    | 'switch-silent'
    | 'blind';
  /** Also a host, where the alarm is about what runs there beside the servers. */
  readonly instance: string;
  readonly seen: string;
  readonly expected: string;
};

/** Everything that can move a run. The journal holds these; the state of a run is their fold. */
export type RunEvent =
  /** All preparation is done: sessions are open, thread ids and identities are known. */
  | {
      readonly kind: 'begun';
      readonly who: Who;
      readonly unattended: boolean;
      /** Who drives from here, by epoch; in journals from before there were any: epoch 1. */
      readonly driver?: Driver;
      /** Where the journal is mirrored; absent: nowhere. */
      readonly mirror?: RunMirror;
      /** Thread ids of the acting sessions, by instance: journaled before any statement runs on them. */
      readonly threads: Readonly<Record<string, Readonly<Record<string, number>>>>;
      /** Identities as verified on the acting sessions, by instance. */
      readonly identities: Readonly<Record<string, Identity>>;
      /** Tables whose newest rows are compared, by chain. */
      readonly proofTables: Readonly<Record<string, readonly string[]>>;
      /** Tables without transactions, by instance: whoever writes one is never ended. Journals before it existed have none. */
      readonly fragileTables?: Readonly<Record<string, readonly string[]>>;
      /** What Route 53 will be asked, by zone: made and checked before the hold. Absent: nothing of DNS was prepared. */
      readonly zones?: readonly PreparedZone[];
    }
  | { readonly kind: 'released'; readonly hold: string; readonly who: Who }
  | { readonly kind: 'answered'; readonly key: string; readonly answer: Answer<unknown> }
  /** A time limit came due. */
  | { readonly kind: 'time' }
  | { readonly kind: 'alarmed'; readonly alarm: Alarm }
  | { readonly kind: 'abort-asked'; readonly who: Who; readonly reason: string }
  /** One press: the failed step is tried again (after the PONR only), over sessions that were opened again for it. */
  | {
      readonly kind: 'retry-asked';
      readonly who: Who;
      readonly step: string;
      /** Zones whose difference was shown: what they hold now may be overwritten (UPSERT), if it still is what was shown. */
      readonly overwrite?: readonly string[];
      /** Thread ids of sessions that are new, by instance: verified, and journaled before any statement runs on them. */
      readonly threads?: Readonly<Record<string, Readonly<Record<string, number>>>>;
      /** What could not be opened again, each with its reason. */
      readonly stillLost?: readonly string[];
      /** What the hosts say of their dead-man's switches now; absent: nobody asked. */
      readonly switches?: Readonly<Record<string, SwitchSaid>>;
    }
  | { readonly kind: 'close-asked'; readonly who: Who }
  /** Another run turns this one round: from here on that run says which side may take writes, and this one only waits. */
  | { readonly kind: 'reverse-asked'; readonly who: Who; readonly runId: string }
  /** How that run ended: done, and this one is reversed; or taken back, and this one is as it was. */
  | { readonly kind: 'reverse-ended'; readonly runId: string; readonly outcome: Outcome }
  /** A cockpit took the run up again from its journal: the one before it ended without a word, and its sessions with it. */
  | {
      readonly kind: 'resumed';
      readonly who: Who;
      /** A higher epoch than any before. */
      readonly driver?: Driver;
      readonly mirror?: RunMirror;
      /** Taken over from another laptop: what is set back beside what this journal knows, because the servers show it. */
      readonly takeover?: { readonly found: readonly UndoItem[] };
      /** Thread ids of the new sessions, by instance: verified, and journaled before any statement runs on them. */
      readonly threads: Readonly<Record<string, Readonly<Record<string, number>>>>;
      /** Servers that started after the run began: there the earlier threads are gone, and their numbers somebody else's. */
      readonly restarted: readonly string[];
      /** What could not be opened, each with its reason. */
      readonly stillLost: readonly string[];
      /** What each host said of its dead-man's switch; absent: none was asked, as in journals from before it was. */
      readonly switches?: Readonly<Record<string, SwitchSaid>>;
      /** Where things stood as the servers said themselves, in one sentence. */
      readonly stands: string;
    }
  /** Nothing is sent to the journal's mirror any more: it did not take what was recorded. */
  | { readonly kind: 'mirror-lost'; readonly why: string }
  /** Another cockpit drives this run now: this one stops, whatever it was about to do. */
  | { readonly kind: 'ousted'; readonly by: string; readonly seen: string };

export type StampedEvent = { readonly moment: Moment; readonly event: RunEvent };
