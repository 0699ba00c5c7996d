import type { Plan } from '../plan/plan.ts';
import type { PlannedResidue } from '../plan/plan-surroundings.ts';
import type { Observation } from './observation.ts';

/** A client of a source database, as it is listed there. */
export type SourceSession = { readonly thread: number; readonly user: string; readonly host: string };

/** What one place of the source side showed at one look: sessions of a database, or requests an edge has counted so far. */
export type ResidueLook =
  | {
      readonly place: string;
      readonly kind: 'database';
      readonly seen: Observation<readonly SourceSession[]>;
    }
  | { readonly place: string; readonly kind: 'edge'; readonly seen: Observation<number> };

/** Somebody who was seen there. */
export type Arrival = {
  /** `app from 10.1.0.21`, or what the edge is called. */
  readonly who: string;
  readonly owner: string | null;
  readonly mayStay: boolean;
  /** Sessions now, or requests in the last minute. */
  readonly count: number;
  readonly lastAt: number;
};

/** What is known of one place. */
export type ResiduePlace = {
  readonly place: string;
  readonly kind: 'database' | 'edge';
  /** UTC ms since when it was looked at without a gap and nobody who has to leave was seen; null: not so. */
  readonly quietSince: number | null;
  /** UTC ms of the last look that worked; null: none did. */
  readonly lookedAt: number | null;
  /** Why it cannot be told now; null: it can. */
  readonly unknown: string | null;
  readonly arrivals: readonly Arrival[];
  /** Sessions begun, or requests, within the last minute; null: not known. */
  readonly perMinute: number | null;
  /** What the rate is made of: threads when they were first seen, or counts of the edge. */
  readonly recent: readonly { readonly at: number; readonly n: number }[];
};

export type Residue = ReadonlyMap<string, ResiduePlace>;

/** A place that was not looked at for so long may have had visitors in between. */
export const longestGapMs = 60_000;
const minuteMs = 60_000;
const arrivalKeptMs = 10 * minuteMs;

/** Takes in one look. Looks of a place come in the order of their time. */
export function takeLook(residue: Residue, look: ResidueLook, planned: PlannedResidue): Residue {
  const before = residue.get(look.place) ?? nothing(look);
  const next = new Map(residue);
  next.set(
    look.place,
    look.seen.kind === 'unknown' ? unseen(before, look.seen) : seenPlace(before, look, planned),
  );
  return next;
}

function nothing({ place, kind }: ResidueLook): ResiduePlace {
  const none = { quietSince: null, lookedAt: null, unknown: null, perMinute: null } as const;
  return { place, kind, ...none, arrivals: [], recent: [] };
}

/** What could not be looked at was not quiet, however it is afterwards. */
function unseen(
  before: ResiduePlace,
  { why, takenAt }: { readonly why: string; readonly takenAt: number },
): ResiduePlace {
  const gap = before.lookedAt === null || takenAt - before.lookedAt > longestGapMs;
  return { ...before, unknown: why, perMinute: null, quietSince: gap ? null : before.quietSince };
}

function seenPlace(before: ResiduePlace, look: ResidueLook, planned: PlannedResidue): ResiduePlace {
  const { takenAt: at } = look.seen;
  const fresh =
    look.kind === 'database' ? sessionsSeen(before, look, planned) : requestsSeen(before, look, planned);
  const gap = before.lookedAt === null || at - before.lookedAt > longestGapMs;
  const leave = fresh.arrivals.some(({ mayStay, count, lastAt }) => !mayStay && count > 0 && lastAt >= at);
  return {
    ...before,
    ...fresh,
    lookedAt: at,
    unknown: null,
    quietSince: leave || !fresh.told ? null : gap || before.quietSince === null ? at : before.quietSince,
  };
}

type Fresh = Pick<ResiduePlace, 'arrivals' | 'recent' | 'perMinute'> & { readonly told: boolean };

function sessionsSeen(
  before: ResiduePlace,
  { seen }: Extract<ResidueLook, { kind: 'database' }>,
  { owners }: PlannedResidue,
): Fresh {
  if (seen.kind === 'unknown')
    return { arrivals: before.arrivals, recent: before.recent, perMinute: null, told: false };
  const at = seen.takenAt;
  const now = new Map<string, Arrival>();
  for (const { user, host } of seen.value) {
    const address = host.replace(/:\d+$/, '');
    const who = `${user} from ${address}`;
    const owned = owners.find(
      (each) =>
        (each.account === undefined || each.account === user) &&
        (each.address === undefined || address.startsWith(each.address)),
    );
    const count = (now.get(who)?.count ?? 0) + 1;
    now.set(who, { who, owner: owned?.owner ?? null, mayStay: owned?.mayStay ?? false, count, lastAt: at });
  }
  const gone = before.arrivals
    .filter(({ who, lastAt }) => !now.has(who) && at - lastAt < arrivalKeptMs)
    .map((each) => ({ ...each, count: 0 }));
  // Thread numbers only grow: a greater one than any before began since the last look.
  const top = Math.max(0, ...before.recent.map(({ n }) => n));
  const begun = before.lookedAt === null ? [] : seen.value.filter(({ thread }) => thread > top);
  const newest = Math.max(top, ...seen.value.map(({ thread }) => thread));
  const kept = before.recent.filter((each) => at - each.at < minuteMs);
  const recent = [...kept, ...begun.map(({ thread }) => ({ at, n: thread }))].slice(-500);
  return {
    arrivals: [...[...now.values()].toSorted((left, right) => right.count - left.count), ...gone],
    // The greatest thread stays even when its minute is over: it is what new ones are told by.
    recent: recent.some(({ n }) => n === newest) ? recent : [{ at: at - minuteMs, n: newest }, ...recent],
    perMinute: recent.filter((each) => at - each.at < minuteMs).length,
    told: true,
  };
}

function requestsSeen(
  before: ResiduePlace,
  { seen, place }: Extract<ResidueLook, { kind: 'edge' }>,
  { owners }: PlannedResidue,
): Fresh {
  if (seen.kind === 'unknown')
    return { arrivals: before.arrivals, recent: before.recent, perMinute: null, told: false };
  const at = seen.takenAt;
  const last = before.recent.at(-1);
  const point = { at, n: seen.value };
  // A counter that went back was begun anew (a restart, a log that was turned over): what came meanwhile is not known.
  if (last === undefined || seen.value < last.n)
    return { arrivals: before.arrivals, recent: [point], perMinute: null, told: false };
  const recent = [
    ...before.recent.filter((each, index) => at - each.at <= minuteMs || index === before.recent.length - 1),
    point,
  ].slice(-120);
  const first = recent[0] ?? point;
  const perMinute = seen.value - first.n;
  const owned = owners.find(
    ({ account, address }) => account === undefined && (address === undefined || place.startsWith(address)),
  );
  const arrival = {
    who: `requests at ${place}`,
    owner: owned?.owner ?? null,
    mayStay: owned?.mayStay ?? false,
    count: perMinute,
    lastAt: seen.value > last.n ? at : (before.arrivals[0]?.lastAt ?? 0),
  };
  return { arrivals: arrival.lastAt === 0 ? [] : [arrival], recent, perMinute, told: true };
}

/** Whether the source side may go dark. Unknown is never yes. */
export type GoDark = {
  readonly state: 'open' | 'closed' | 'unknown';
  readonly reasons: readonly string[];
  /** UTC ms at which it opens when nobody comes any more; null: somebody is there, or it cannot be told. */
  readonly opensAt: number | null;
};

/** Judges by what was seen, never by the clock alone: every place quiet, without a gap, for as long as the plan says. */
export function judgeGoDark(
  residue: Residue,
  {
    places,
    quietMs,
    now,
  }: { readonly places: readonly string[]; readonly quietMs: number; readonly now: number },
): GoDark {
  const stop = (state: 'closed' | 'unknown', reasons: readonly string[]): GoDark => ({
    state,
    reasons,
    opensAt: null,
  });
  if (places.length === 0)
    return stop('unknown', ['The plan names no place at which anybody could be seen.']);
  const looks = places.map((place) => ({ place, known: residue.get(place) }));
  const blind = looks.flatMap(({ place, known }) => {
    if (known === undefined || known.lookedAt === null)
      return [
        `${place} was not looked at yet${typeof known?.unknown === 'string' ? `: ${known.unknown}` : '.'}`,
      ];
    if (known.unknown !== null) return [`${place} cannot be looked at: ${known.unknown}`];
    return now - known.lookedAt > longestGapMs
      ? [`${place} was last looked at ${Math.floor((now - known.lookedAt) / 1_000)} s ago.`]
      : [];
  });
  if (blind.length > 0) return stop('unknown', blind);
  const there = looks.flatMap(({ place, known }) =>
    (known?.quietSince ?? null) !== null
      ? []
      : [
          `${place}: ${
            (known?.arrivals ?? [])
              .filter(({ mayStay }) => !mayStay)
              .map(sayArrival)
              .join('; ') || 'not known to be quiet yet'
          }.`,
        ],
  );
  if (there.length > 0) return stop('closed', there);
  const since = Math.max(...looks.map(({ known }) => known?.quietSince ?? 0));
  const opensAt = since + quietMs;
  if (now < opensAt)
    return {
      state: 'closed',
      reasons: [
        `Nobody was seen for ${Math.floor((now - since) / 1_000)} s; expected ${quietMs / 1_000} s without anybody.`,
      ],
      opensAt,
    };
  return {
    state: 'open',
    reasons: [`Nobody was seen on the source side for ${Math.floor((now - since) / 1_000)} s.`],
    opensAt,
  };
}

/** One who arrives, in words. */
export function sayArrival({ who, owner, count }: Arrival): string {
  return `${count} × ${who}${owner === null ? ', owner not in the plan' : ` (${owner})`}`;
}

/** The places of the source side: its databases, and the edges that stand at a site of it. */
export function residuePlaces(plan: Plan): {
  readonly databases: readonly string[];
  readonly edges: PlannedResidue['edges'];
} {
  const databases = plan.chains.flatMap(({ source }) =>
    [...source.masters, ...source.slaves].map(({ instance }) => instance),
  );
  const siteOf = (host: string | undefined): string | undefined =>
    plan.hosts.find(({ id }) => id === host)?.site;
  const sites = new Set(databases.map((id) => siteOf(plan.instances.find((each) => each.id === id)?.host)));
  return { databases, edges: (plan.residue?.edges ?? []).filter(({ host }) => sites.has(siteOf(host))) };
}
