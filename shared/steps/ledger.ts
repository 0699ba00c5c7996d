/**
 * Entries under their keys, in the order in which the keys came, which never change. A run of a long night asks thousands
 * of things, and each answer makes a new ledger: what is new is kept apart from what is older, so that only a few entries
 * are copied each time.
 */
export type Ledger<T> = {
  readonly older: ReadonlyMap<string, T>;
  readonly newer: ReadonlyMap<string, T>;
  /** How many changes `newer` holds. */
  readonly changes: number;
};

/** After so many changes the newer entries become older ones, all at once. */
const mostChanges = 32;

/** A ledger without entries. */
export function emptyLedger<T>(): Ledger<T> {
  return { older: new Map(), newer: new Map(), changes: 0 };
}

/** What stands under a key. */
export function entryIn<T>({ older, newer }: Ledger<T>, key: string): T | undefined {
  return newer.get(key) ?? older.get(key);
}

/** Everything that stands in a ledger, in the order of its keys' coming. */
export function entriesOf<T>(ledger: Ledger<T>): readonly T[] {
  return [...together(ledger).values()];
}

/** The ledger with these entries; one under a key that is there takes its place. */
export function withEntries<T>(
  { older, newer, changes }: Ledger<T>,
  fresh: readonly (readonly [key: string, entry: T])[],
): Ledger<T> {
  const latest = new Map(newer);
  for (const [key, entry] of fresh) latest.set(key, entry);
  return changes + fresh.length <= mostChanges
    ? { older, newer: latest, changes: changes + fresh.length }
    : { older: together({ older, newer: latest }), newer: new Map(), changes: 0 };
}

/** The ledger with every entry changed. */
export function mapEntries<T>(ledger: Ledger<T>, change: (entry: T) => T): Ledger<T> {
  const all = [...together(ledger)].map(([key, entry]) => [key, change(entry)] as const);
  return { older: new Map(all), newer: new Map(), changes: 0 };
}

/**
 * Finds the entries that pass a test, which must hang on the entry alone; older ones first. A ledger is asked at every
 * event, and most of it is older: that part is gone through once.
 */
export function sieve<T>(passes: (entry: T) => boolean): (ledger: Ledger<T>) => readonly T[] {
  const ofOlder = new WeakMap<Ledger<T>['older'], readonly (readonly [key: string, entry: T])[]>();
  const ofAll = new WeakMap<Ledger<T>, readonly T[]>();
  return (ledger) => {
    const known = ofAll.get(ledger);
    if (known !== undefined) return known;
    const { older, newer } = ledger;
    const passed = ofOlder.get(older) ?? [...older].filter(([, entry]) => passes(entry));
    ofOlder.set(older, passed);
    const all = passed.flatMap(([key, entry]) => (newer.has(key) ? [] : [entry]));
    for (const entry of newer.values()) if (passes(entry)) all.push(entry);
    ofAll.set(ledger, all);
    return all;
  };
}

function together<T>({ older, newer }: Pick<Ledger<T>, 'older' | 'newer'>): Map<string, T> {
  const all = new Map(older);
  for (const [key, entry] of newer) all.set(key, entry);
  return all;
}
