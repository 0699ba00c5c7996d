import type { Limits } from '../plan/plan.ts';

/** The steps of the minute, in the order of the product's first page. */
export type StepId =
  | 'lock'
  | 'pre-drain'
  | 'arm'
  | 'quiet'
  | 'configure-reverse'
  | 'fence'
  | 'end-sessions'
  | 'converge'
  | 'drain'
  | 'prepare-reverse'
  | 'prove'
  | 'barrier'
  | 'claim'
  | 'last-look'
  | 'mirror'
  | 'persist-fence'
  | 'detach'
  | 'promote'
  | 'restore'
  | 'redirect'
  | 'flip'
  | 'announce'
  | 'reverse'
  | 'events'
  | 'canary'
  | 'residue'
  /** Not in the order: taking everything back before the PONR, and ending the night after it. */
  | 'unwind'
  | 'close';

export type StepPlace = {
  readonly id: StepId;
  readonly scope: 'run' | 'chain';
  /** Steps that must be done first. A chain step waits for its own chain's; a run step for those of every chain. */
  readonly after: readonly StepId[];
  readonly limit: keyof Limits;
  /** On which side of the point of no return it stands. */
  readonly side: 'before' | 'passage' | 'after';
  /** Shown on the track. */
  readonly word: string;
  /** What it makes true, in one sentence for the operator. */
  readonly says: string;
};
