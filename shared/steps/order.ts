import { present } from '../lib/assert.ts';
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
  | 'persist-fence'
  | 'detach'
  | 'promote'
  | 'redirect'
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

/** Order as data: each pair is stated by a test. The PONR is recorded when `last-look` is done. */
export const order: readonly StepPlace[] = [
  {
    id: 'lock',
    scope: 'run',
    after: [],
    limit: 'quietMs',
    side: 'before',
    word: 'lock',
    says: 'This cockpit alone holds the run lock on every database.',
  },
  {
    id: 'pre-drain',
    scope: 'chain',
    after: ['lock'],
    limit: 'preDrainMs',
    side: 'before',
    word: 'pre-drain',
    says: 'Each target has reached a snapshot of its source; giving up here costs nothing.',
  },
  {
    id: 'arm',
    scope: 'run',
    after: ['pre-drain'],
    limit: 'quietMs',
    side: 'before',
    word: 'arm',
    says: "The dead-man's switch is armed on every source host.",
  },
  {
    id: 'quiet',
    scope: 'run',
    after: ['arm'],
    limit: 'quietMs',
    side: 'before',
    word: 'quiet',
    says: 'Maintenance mode is on where planned and the event scheduler is off on the source.',
  },
  {
    id: 'configure-reverse',
    scope: 'chain',
    // Ahead of the fence: it changes nothing that moves, takes longer than most of what follows, and is in the undo list.
    after: ['quiet'],
    limit: 'reverseMs',
    side: 'before',
    word: 'way back',
    says: 'The reverse link is configured, not started.',
  },
  {
    id: 'fence',
    scope: 'chain',
    after: ['configure-reverse'],
    limit: 'fenceMs',
    side: 'before',
    word: 'fence',
    says: 'No source node takes writes, and that is proven.',
  },
  {
    id: 'end-sessions',
    scope: 'chain',
    after: ['fence'],
    limit: 'endSessionsMs',
    side: 'before',
    word: 'sessions',
    says: 'Sessions from before the fence are gone and no XA transaction is prepared.',
  },
  {
    id: 'converge',
    scope: 'chain',
    after: ['end-sessions'],
    limit: 'convergeMs',
    side: 'before',
    word: 'converge',
    says: 'Every source master contains what the others originated; the final position is read.',
  },
  {
    id: 'drain',
    scope: 'chain',
    after: ['converge'],
    limit: 'drainMs',
    side: 'before',
    word: 'drain',
    says: 'The target has applied everything the source ever committed.',
  },
  {
    id: 'prepare-reverse',
    scope: 'chain',
    after: ['converge'],
    limit: 'drainMs',
    side: 'before',
    word: 'ring',
    says: 'The ring is open where events could circle, and the reverse link waits to be started.',
  },
  {
    id: 'prove',
    scope: 'chain',
    // Beside prepare-reverse: configuring a link moves nothing, and the last look reads it all again behind the barrier.
    after: ['drain'],
    limit: 'proveMs',
    side: 'before',
    word: 'prove',
    says: 'Target contains everything, the second reading equals the first, nothing changed meanwhile.',
  },
  {
    id: 'barrier',
    scope: 'run',
    after: ['prove', 'prepare-reverse'],
    limit: 'drainMs',
    side: 'before',
    word: 'barrier',
    says: 'All chains are proven; otherwise everything thaws.',
  },
  {
    id: 'claim',
    scope: 'run',
    after: ['barrier'],
    limit: 'passageMs',
    side: 'passage',
    word: 'claim',
    says: "Forward coordinates are journaled and every dead-man's switch is claimed.",
  },
  {
    id: 'last-look',
    scope: 'run',
    after: ['claim'],
    limit: 'passageMs',
    side: 'passage',
    word: 'last look',
    says: 'Every source and target was looked at once more. Then the point of no return is recorded.',
  },
  {
    id: 'persist-fence',
    scope: 'chain',
    after: ['last-look'],
    limit: 'passageMs',
    side: 'after',
    word: 'durable',
    says: 'The fence outlives a restart of the source, where the server can do that.',
  },
  {
    id: 'detach',
    scope: 'chain',
    after: ['last-look'],
    limit: 'promoteMs',
    side: 'after',
    word: 'detach',
    says: 'The target no longer follows the source.',
  },
  {
    id: 'promote',
    scope: 'chain',
    after: ['persist-fence', 'detach'],
    limit: 'promoteMs',
    side: 'after',
    word: 'promote',
    says: 'The target takes writes, and that is read back.',
  },
  {
    id: 'redirect',
    scope: 'run',
    after: ['promote'],
    limit: 'redirectMs',
    side: 'after',
    word: 'redirect',
    says: 'Every application host uses its target site, verified on the host.',
  },
  {
    id: 'announce',
    scope: 'run',
    after: ['promote'],
    limit: 'redirectMs',
    side: 'after',
    word: 'announce',
    says: 'Route 53 answers with the target.',
  },
  {
    id: 'reverse',
    scope: 'chain',
    after: ['promote'],
    limit: 'reverseMs',
    side: 'after',
    word: 'reverse',
    says: 'The source follows the target: the way back is open.',
  },
  {
    id: 'events',
    scope: 'chain',
    after: ['promote'],
    limit: 'reverseMs',
    side: 'after',
    word: 'events',
    says: 'The listed events run on the target.',
  },
  {
    id: 'canary',
    scope: 'run',
    after: ['redirect', 'announce', 'reverse', 'events'],
    limit: 'canaryMs',
    side: 'after',
    word: 'canary',
    says: 'A write through every region is on every target node and, over the reverse link, on the source.',
  },
  {
    id: 'residue',
    scope: 'run',
    after: ['canary'],
    limit: 'canaryMs',
    side: 'after',
    word: 'residue',
    says: 'No client is left on the source side.',
  },
];

/** The place of the undo list, which stands outside the order: it may begin at any moment before the PONR. */
export const unwindPlace: StepPlace = {
  id: 'unwind',
  scope: 'run',
  after: [],
  limit: 'abortMs',
  side: 'before',
  word: 'thaw',
  says: 'Every source is writable again and every changed setting is restored.',
};

/** The place of Close, after the watch. */
export const closePlace: StepPlace = {
  id: 'close',
  scope: 'run',
  after: [],
  limit: 'canaryMs',
  side: 'after',
  word: 'close',
  says: "The cockpit's schema is removed and its locks are given back.",
};

const places: ReadonlyMap<StepId, StepPlace> = new Map(
  [...order, unwindPlace, closePlace].map((place) => [place.id, place]),
);

/** Looks a place up by its id. */
export function placeOf(id: StepId): StepPlace {
  return present(places.get(id), `the place of step ${id}`);
}
