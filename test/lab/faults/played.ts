/** What is seen in a cell that held; one that does not hold throws. */
export type Played = {
  readonly outcome: string;
  /** Which command was struck. */
  readonly struck: string;
  readonly acknowledged: number;
  readonly ms: number;
};

/** A run that ended before its fault could strike. */
export type Missed = {
  readonly outcome: string;
  readonly missed: string;
};
