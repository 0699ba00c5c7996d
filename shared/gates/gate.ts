/** The invariant a gate guards, when it guards one. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10';

export type GateGroup =
  | 'right-servers'
  | 'replication'
  | 'writers'
  | 'way-back'
  | 'durability'
  | 'hosts'
  | 'dns'
  | 'laptop'
  | 'people'
  | 'versions';

/** What a person sees as proof: a small table. */
export type Evidence = { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** The oldest of the facts that a gate takes up to one age, in ms; `takenAt` in UTC ms. */
export type Aged = { readonly takenAt: number; readonly limitMs: number };

/** The judgement of one gate over one snapshot. Unknown is never open. */
export type Verdict = {
  /** e.g. `writers.bypass:orders`; stable from judgement to judgement. */
  readonly gate: string;
  readonly group: GateGroup;
  readonly chain: string | null;
  /** A sentence that is true when the gate is open. */
  readonly title: string;
  readonly state: 'open' | 'closed' | 'unknown';
  /** Why it is closed or unknown; what was seen when it is open. Each says expected, seen. */
  readonly reasons: readonly string[];
  readonly evidence: Evidence | null;
  /** UTC ms of the oldest observation used. */
  readonly takenAt: number;
  /** What it used that grows old, one for each limit: past any of them the gate calls it too old. Empty: nothing does. */
  readonly ages: readonly Aged[];
  /** The command (SQL or shell) or the act that opens it; null when open. */
  readonly fix: string | null;
  readonly guards: readonly Invariant[];
  /** False for gates that guard I1, I2 or I7. */
  readonly overridable: boolean;
  /** Whether a closed gate stops the run; false: shown as a warning. */
  readonly blocking: boolean;
  readonly override: { readonly who: string; readonly reason: string; readonly atUtcMs: number } | null;
};

/** A person's answer to one checklist item. */
export type ChecklistAnswer = {
  readonly item: string;
  readonly answer: 'yes' | 'no';
  readonly who: string;
  readonly atUtcMs: number;
};

/** A person's decision to go on although a gate is closed; refused by judge for gates that may not be overridden. */
export type Override = {
  readonly gate: string;
  readonly who: string;
  readonly reason: string;
  readonly atUtcMs: number;
};

/** Whether a verdict lets the run begin: open, not blocking, or overridden where that is allowed. */
export function letsPass(verdict: Verdict): boolean {
  return verdict.state === 'open' || !verdict.blocking || (verdict.override !== null && verdict.overridable);
}
