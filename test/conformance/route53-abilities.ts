/** What an implementation may lack. */
export type Ability =
  | 'other-accounts'
  | 'create-again'
  | 'way-back'
  | 'judging'
  | 'unknown-changes'
  | 'checks'
  | 'check-regions'
  | 'check-references'
  | 'check-votes'
  | 'unknown-checks'
  | 'test-answer';

/** What it lacks, and by which words of its own that was seen: the very test of the ability is run, and must fail so. */
export type Lacks = ReadonlyMap<Ability, RegExp>;
export type AbilityTest = (ability: Ability, title: string, work: () => Promise<void>) => void;
