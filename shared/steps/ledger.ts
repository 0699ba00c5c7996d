/**
 * Entries under their keys, in the order in which the keys came: plain data that never changes. A run of a long night asks
 * thousands of things, and each answer makes a new ledger: what is new is kept apart from what is older, so that only a few
 * entries are copied each time.
 */
export type Ledger<T> = {
  readonly older: Readonly<Record<string, T>>;
  readonly newer: Readonly<Record<string, T>>;
  /** How many changes `newer` holds. */
  readonly changes: number;
};

/** After so many changes the newer entries become older ones, all at once. */
const mostChanges = 64;

/** A ledger without entries. */
export function emptyLedger<T>(): Ledger<T> {
  return { older: {}, newer: {}, changes: 0 };
}

/** What stands under a key. */
export function entryIn<T>({ older, newer }: Ledger<T>, key: string): T | undefined {
  return newer[key] ?? older[key];
}

/** Everything that stands in a ledger, in the order of its keys' coming. */
export function entriesOf<T>({ older, newer }: Ledger<T>): readonly T[] {
  return Object.values({ ...older, ...newer });
}

/** The ledger with these entries; one under a key that is there takes its place. */
export function withEntries<T>(
  { older, newer, changes }: Ledger<T>,
  fresh: readonly (readonly [key: string, entry: T])[],
): Ledger<T> {
  const latest: Record<string, T> = { ...newer };
  for (const [key, entry] of fresh) latest[key] = entry;
  return changes + fresh.length <= mostChanges
    ? { older, newer: latest, changes: changes + fresh.length }
    : { older: { ...older, ...latest }, newer: {}, changes: 0 };
}

/** The ledger with every entry changed. */
export function mapEntries<T>({ older, newer }: Ledger<T>, change: (entry: T) => T): Ledger<T> {
  const all = Object.entries({ ...older, ...newer }).map(([key, entry]) => [key, change(entry)] as const);
  return { older: Object.fromEntries(all), newer: {}, changes: 0 };
}
