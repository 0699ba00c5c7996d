/** What the outside writers are told, and what they tell: the words both processes share. */

/** One writer: where it writes first, and where it goes when it is refused there. */
export type WriterSeat = {
  readonly name: string;
  readonly chain: string;
  readonly sourcePort: number;
  readonly targetPort: number;
};

/** The first and only argument of the writers' process, as JSON. */
export type WriterOrder = {
  readonly run: string;
  readonly logFile: string;
  readonly optionFile: string;
  readonly writers: readonly WriterSeat[];
  /** Pause after a refusal, ms: how finely the freeze is seen. */
  readonly retryMs: number;
  /** Writes per second of each writer; null: as fast as it is answered. */
  readonly perSecond: number | null;
  /** It ends by itself after this time, whatever becomes of who started it. */
  readonly limitMs: number;
};

/** One write, tried once. Times are of the writers' one clock, in ms. */
export type Write = {
  readonly id: string;
  readonly chain: string;
  readonly side: 'source' | 'target';
  readonly port: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  readonly errno: number | null;
};

/** What the writers say while they write. */
export type WriterNews =
  { readonly kind: 'ready' } | { readonly kind: 'target-acknowledged'; readonly chain: string };
