import type { AnswerVerdict } from './dns-answer.ts';

/** One judged answer of one row: one server, name, type and group of users. */
export type DnsSighting = {
  readonly row: string;
  /** The region the row stands for; null: none in particular. */
  readonly region: string | null;
  /** UTC ms at which the answer came. */
  readonly at: number;
  readonly verdict: AnswerVerdict;
};

/** What is known of one row. */
export type PropagationRow = {
  readonly row: string;
  readonly region: string | null;
  readonly last: DnsSighting;
  /** UTC ms until which the answers seen so far may still be given by a cache that keeps to TTLs; null: no such answer. */
  readonly heldUntil: number | null;
  /** UTC ms of the last answer that heldUntil comes from. */
  readonly heldSeenAt: number | null;
  /** UTC ms at which it was first seen on the target and has been there since; null: it is not. */
  readonly turnedAt: number | null;
  /** How often it went from the target back to the source: several caches behind one address. */
  readonly turnedBack: number;
  /** Why it is known to keep answers longer than their TTL; null: it is not. */
  readonly ignoresTtl: string | null;
};

/** The whole readout: a fold over sightings in the order in which they came. */
export type Propagation = {
  readonly rows: ReadonlyMap<string, PropagationRow>;
  /**
   * When every authoritative server was seen with the change, and the longest TTL that an answer from before it may have
   * had; null: not yet. Until then a cache may fetch the source again, and nothing can be said of an end.
   */
  readonly change: { readonly at: number; readonly longestTtlSeconds: number } | null;
};

/** A readout of which nothing is known yet. */
export const nothingSeen: Propagation = { rows: new Map(), change: null };

/** Takes in that every authoritative server has the change. */
export function changeSeen(seen: Propagation, change: NonNullable<Propagation['change']>): Propagation {
  return { ...seen, change };
}

/** Takes in one answer. */
export function takeSighting(seen: Propagation, sighting: DnsSighting): Propagation {
  return takeSightings(seen, [sighting]);
}

/** Takes in answers in the order in which they came; many at once, because the whole table is copied each time. */
export function takeSightings(seen: Propagation, sightings: readonly DnsSighting[]): Propagation {
  const rows = new Map(seen.rows);
  for (const sighting of sightings)
    rows.set(sighting.row, nextRow(rows.get(sighting.row), sighting, seen.change));
  return { ...seen, rows };
}

/** How long an answer may still be given, for a countdown; null where nothing is kept. Never below zero. */
export function remainingSeconds({ last }: PropagationRow, now: number): number | null {
  const { ttlSeconds } = last.verdict;
  return ttlSeconds === null ? null : Math.max(0, ttlSeconds - Math.floor((now - last.at) / 1_000));
}

/** How many rows answer what. */
export type Share = {
  readonly target: number;
  readonly source: number;
  readonly other: number;
  readonly error: number;
};

/** The share of answers by side, over all rows or those of one region. */
export function shareOn(seen: Propagation, region?: string | null): Share {
  const share = { target: 0, source: 0, other: 0, error: 0 };
  for (const row of seen.rows.values())
    if (region === undefined || row.region === region) share[row.last.verdict.side] += 1;
  return share;
}

/** When all rows will have turned, as far as that can be known. */
export type Eta =
  | { readonly kind: 'done' }
  /** UTC ms. `without` are rows that keep to no TTL or never answered: nothing is promised of them. */
  | { readonly kind: 'until'; readonly at: number; readonly without: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * The longest remaining TTL seen on the source: never earlier than the truth for caches that keep to TTLs. A TTL is a whole
 * number that caches round down, so a second is added to each.
 */
export function etaOf(seen: Propagation): Eta {
  const waiting = [...seen.rows.values()].filter(({ last }) => last.verdict.side !== 'target');
  if (seen.rows.size === 0) return { kind: 'unknown', why: 'Nobody has answered yet.' };
  if (waiting.length === 0) return { kind: 'done' };
  if (seen.change === null)
    return {
      kind: 'unknown',
      why: 'Not every authoritative server has the change: caches may fetch the source again.',
    };
  const { at, longestTtlSeconds } = seen.change;
  const promised = waiting.flatMap(({ row, heldUntil, heldSeenAt, ignoresTtl }) => {
    if (heldUntil === null || heldSeenAt === null || ignoresTtl !== null) return [];
    // What was seen before the change may have been fetched anew since, up to the last moment.
    return [{ row, until: heldSeenAt < at ? at + (longestTtlSeconds + 1) * 1_000 : heldUntil }];
  });
  const without = waiting.map(({ row }) => row).filter((row) => !promised.some((one) => one.row === row));
  const until = promised.map((one) => one.until);
  if (until.length === 0) return { kind: 'unknown', why: `Nothing is promised by ${without.join(', ')}.` };
  return { kind: 'until', at: Math.max(...until), without };
}

function nextRow(
  before: PropagationRow | undefined,
  sighting: DnsSighting,
  change: Propagation['change'],
): PropagationRow {
  const { verdict, at } = sighting;
  const onTarget = verdict.side === 'target';
  const turnedBefore = before?.turnedAt ?? null;
  const until = verdict.ttlSeconds === null ? null : at + (verdict.ttlSeconds + 1) * 1_000;
  // Behind one address there may be many caches: the longest promise of any of them is what has to run out.
  const held = before?.heldUntil ?? null;
  const lasting = held !== null && held >= at ? held : null;
  const heldUntil = onTarget || until === null ? lasting : Math.max(until, lasting ?? until);
  return {
    row: sighting.row,
    region: sighting.region,
    last: sighting,
    heldUntil,
    heldSeenAt: onTarget || until === null ? (before?.heldSeenAt ?? null) : at,
    // One lost answer says nothing about the side: the row stays turned unless it is seen elsewhere.
    turnedAt: onTarget ? (turnedBefore ?? at) : verdict.side === 'error' ? turnedBefore : null,
    turnedBack: (before?.turnedBack ?? 0) + (verdict.side === 'source' && turnedBefore !== null ? 1 : 0),
    ignoresTtl: onTarget
      ? (before?.ignoresTtl ?? null)
      : (ignoring(sighting, change) ?? before?.ignoresTtl ?? null),
  };
}

/** A source answer that no cache can still have honestly: all that is older than the change has run out. */
function ignoring({ verdict, at }: DnsSighting, change: Propagation['change']): string | null {
  if (verdict.side !== 'source' || change === null) return null;
  const last = change.at + (change.longestTtlSeconds + 1) * 1_000;
  const ttlMs = (verdict.ttlSeconds ?? 0) * 1_000;
  if (at > last)
    return `It still answers the source ${Math.floor((at - last) / 1_000)} s after the longest TTL (${change.longestTtlSeconds} s) ran out.`;
  if (at + ttlMs > last)
    return `It means to keep the source for ${verdict.ttlSeconds} s, longer than any TTL of it (${change.longestTtlSeconds} s) leaves.`;
  return null;
}
