import type { Timed } from '../../shared/observations/lag.ts';
import { known, unknown, type Observation } from '../../shared/observations/observation.ts';
import type { HostFacts, InstanceFacts, LaptopFacts } from '../../shared/observations/snapshot.ts';
import type { FastFacts } from '../../shared/sessions/operations.ts';

/** What is known of one server while it is watched; each reading replaces its part. */
export type WatchedFacts = { -readonly [K in keyof InstanceFacts]: InstanceFacts[K] } & {
  earlier: Timed<FastFacts> | null;
};

/** Keeps a reading as the earlier one, and the earlier one as what was before. */
export function remember(entry: WatchedFacts, later: Timed<FastFacts>): void {
  if (entry.earlier !== null)
    entry.fastBefore = known(
      entry.earlier.value,
      entry.earlier.takenAt,
      `earlier fast facts of ${entry.instance}`,
    );
  entry.earlier = later;
}

/** An answer as an observation: what was not answered is unknown, and says why. */
export function observed<T>(
  answer:
    | { readonly kind: 'ok'; readonly value: T; readonly takenAt: number }
    | { readonly kind: 'refused' | 'none'; readonly message: string; readonly takenAt: number },
  source: string,
): Observation<T> {
  return answer.kind === 'ok'
    ? known(answer.value, answer.takenAt, source)
    : unknown(answer.message, answer.takenAt, source);
}

/** A lost session is an observation: every part it fed becomes unknown, and unknown closes gates. */
export function forget(entry: WatchedFacts, why: string, at: number): void {
  const gone = unknown(why, at, entry.instance);
  entry.fast = gone;
  entry.fastAskedAt = null;
  entry.clock = gone;
  entry.writesPerSecond = gone;
  entry.earlier = null;
  delete entry.fastBefore;
}

/** A server before its first reading. */
export function nothingKnown(instance: string, at: number): WatchedFacts {
  const none = unknown('not read yet', at, instance);
  return {
    instance,
    identity: none,
    hostKey: none,
    fast: none,
    fastAskedAt: null,
    activity: none,
    survey: none,
    grants: none,
    clock: none,
    roundTripsMs: [],
    writesPerSecond: none,
    earlier: null,
  };
}

/** What others may see of it. */
export function publicFacts({ earlier: _earlier, ...entry }: WatchedFacts): InstanceFacts {
  return entry;
}

/** A host that was not looked at, or could not be. */
export function hostUnseen(host: string, why: string, at: number): HostFacts {
  return { host, reachable: unknown(why, at, host), siteInUse: unknown(why, at, host) };
}

/** This laptop before its first reading. */
export function laptopUnseen(at: number): LaptopFacts {
  const none = unknown('not read yet', at, 'laptop');
  return { mains: none, journalFreeBytes: none, sleepBlocked: none };
}
