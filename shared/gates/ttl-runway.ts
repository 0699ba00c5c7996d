import type { Observation } from '../observations/observation.ts';

/** One link of the chain by which a name was answered before the TTLs were lowered. */
export type OldTtl = {
  /** What it is the TTL of: a record set, the alias target, the SOA of a zone that had no such name. */
  readonly what: string;
  readonly ttlSeconds: number;
  /** An alias has the TTL of its target, which is not ours to lower. */
  readonly lowered: boolean;
};

/** What is known of one record that the minute will change. */
export type RunwayRecord = {
  /** `www.shop.example A (east)`. */
  readonly record: string;
  /** Seen before anything was lowered; it cannot be seen afterwards. Empty: it was never looked at. */
  readonly oldTtls: readonly OldTtl[];
};

/** What the gate looks at, for one zone and view. */
export type Runway = {
  /** UTC ms at which Route 53 said INSYNC for the lowering; null: not lowered, or not yet in sync. */
  readonly insyncAt: number | null;
  /** Each authoritative server, by name, with when the lowered TTLs of all records were first seen at it; null: not yet. */
  readonly servers: Observation<readonly { readonly server: string; readonly seenAt: number | null }[]>;
  readonly records: readonly RunwayRecord[];
  readonly marginMs: number;
};

/** The judgement of a TTL runway. */
export type RunwayVerdict = {
  readonly state: 'open' | 'closed' | 'unknown';
  readonly reasons: readonly string[];
  /** UTC ms at which it opens by itself; null: something must be done or seen first. */
  readonly opensAt: number | null;
  /** The link of the old chains that is waited for. */
  readonly longest: (OldTtl & { readonly record: string }) | null;
};

/**
 * Whether the last old answer has run out of every cache that keeps to its TTL. An old answer may have been fetched until
 * the last authoritative server turned, and a chain of CNAMEs lives as long as its longest link: each link is cached by
 * itself. What resolvers answer is evidence, never proof: there is no list of all resolvers.
 */
export function judgeRunway(runway: Runway, now: number): RunwayVerdict {
  const unseen = runway.records.filter(({ oldTtls }) => oldTtls.length === 0);
  const longest = longestOf(runway.records);
  const stop = (state: 'closed' | 'unknown', reasons: readonly string[]): RunwayVerdict => ({
    state,
    reasons,
    opensAt: null,
    longest,
  });
  if (unseen.length > 0)
    return stop(
      'unknown',
      unseen.map(
        ({ record }) => `The old TTL of ${record} was never observed, expected it before it was lowered.`,
      ),
    );
  if (runway.records.length === 0) return { state: 'open', reasons: [], opensAt: null, longest };
  if (runway.insyncAt === null)
    return stop('closed', ['Expected Route 53 to say INSYNC for the lowered TTLs, it did not yet.']);
  if (runway.servers.kind === 'unknown')
    return stop('unknown', [`The authoritative servers could not be asked: ${runway.servers.why}`]);
  const servers = runway.servers.value;
  if (servers.length === 0)
    return stop('unknown', ['Expected the authoritative servers of the zone, none is known.']);
  const late = servers.filter(({ seenAt }) => seenAt === null);
  if (late.length > 0)
    return stop(
      'closed',
      late.map(
        ({ server }) =>
          `Expected the lowered TTLs at every authoritative server, ${server} was not seen with them yet.`,
      ),
    );
  const turnedAt = Math.max(runway.insyncAt, ...servers.map(({ seenAt }) => seenAt ?? 0));
  const opensAt = turnedAt + (longest?.ttlSeconds ?? 0) * 1_000 + runway.marginMs;
  const waits = longest === null ? '' : ` (${longest.what} had ${longest.ttlSeconds} s)`;
  if (now < opensAt)
    return {
      state: 'closed',
      reasons: [
        `Old answers live for ${Math.ceil((opensAt - now) / 1_000)} s more${waits}. It opens by itself.`,
      ],
      opensAt,
      longest,
    };
  return { state: 'open', reasons: [`All old answers have run out${waits}.`], opensAt, longest };
}

/** Records whose answer keeps a TTL that nobody here can lower, for the screen. */
export function notOursToLower(
  records: readonly RunwayRecord[],
): readonly (OldTtl & { readonly record: string })[] {
  return flat(records).filter(({ lowered }) => !lowered);
}

function longestOf(records: readonly RunwayRecord[]): RunwayVerdict['longest'] {
  return flat(records).reduce<RunwayVerdict['longest']>(
    (most, each) => (most === null || each.ttlSeconds > most.ttlSeconds ? each : most),
    null,
  );
}

function flat(records: readonly RunwayRecord[]): readonly (OldTtl & { readonly record: string })[] {
  return records.flatMap(({ record, oldTtls }) => oldTtls.map((old) => ({ ...old, record })));
}
