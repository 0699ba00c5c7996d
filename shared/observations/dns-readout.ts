import { judgeAnswer, type AnswerVerdict } from './dns-answer.ts';
import type { MatrixRow } from './dns-matrix.ts';
import { showName } from './dns-name.ts';
import {
  changeSeen,
  etaOf,
  remainingSeconds,
  type DnsSighting,
  type Eta,
  type Propagation,
  type PropagationRow,
  type Share,
} from './dns-propagation.ts';
import type { DnsReply } from './dns-reply.ts';

/** What one look at one row found. */
export type Looked = DnsSighting & {
  /** Whether the answer was made for the network that was asked for. `not-echoed`: for the server's own place only. */
  readonly subnet: 'echoed' | 'not-echoed' | 'not-asked';
  readonly tookMs: number;
};

/**
 * Judges one reply to a row of the matrix. A server that does not say that it used the client's network answered for its
 * own place, whoever was asked for: then only that place's answer is expected of it, and the row says so.
 */
export function judgeLook(
  row: MatrixRow,
  reply: DnsReply,
  { at, tookMs }: { readonly at: number; readonly tookMs: number },
): Looked {
  const subnet =
    row.clientSubnet === null
      ? 'not-asked'
      : reply.kind === 'answered' && reply.subnetScope === null
        ? 'not-echoed'
        : 'echoed';
  const region = subnet === 'not-echoed' ? row.ownRegion : row.asked.region;
  const judged = judgeAnswer(reply, { ...row.asked, region });
  const place = row.ownRegion === null ? 'its own place' : `its own place, ${row.ownRegion}`;
  const verdict =
    subnet === 'not-echoed'
      ? { ...judged, why: `${judged.why} It does not use the client's network: judged by ${place}, only.` }
      : judged;
  return { row: row.row, region: row.asked.region, at, verdict, subnet, tookMs };
}

/**
 * Whether every authoritative server was seen with the change, and since when: the moment at which the last of them was.
 * One that does not answer, or went back, leaves it open: a cache may fetch the source from it again.
 */
export function judgeChange(
  seen: Propagation,
  authoritative: readonly string[],
  longestTtlSeconds: number,
): Propagation {
  const rows = authoritative.map((row) => seen.rows.get(row));
  const turned = rows.every(
    (row) => row !== undefined && row.last.verdict.side === 'target' && row.turnedAt !== null,
  );
  if (rows.length === 0 || !turned)
    return seen.change === null || !wentBack(rows) ? seen : { ...seen, change: null };
  if (seen.change !== null) return seen;
  const at = Math.max(...rows.map((row) => row?.turnedAt ?? 0));
  return changeSeen(seen, { at, longestTtlSeconds });
}

/** One lost answer says nothing; an answer of the source does. */
function wentBack(rows: readonly (PropagationRow | undefined)[]): boolean {
  return rows.some((row) => row?.last.verdict.side === 'source');
}

/** The ETA over several zones: the latest, and unknown as soon as one of them is. */
export function etaOfAll(zones: readonly Propagation[]): Eta {
  const etas = zones.filter(({ rows }) => rows.size > 0).map(etaOf);
  if (etas.length === 0) return { kind: 'unknown', why: 'Nobody has answered yet.' };
  const unknown = etas.find((eta) => eta.kind === 'unknown');
  if (unknown !== undefined) return unknown;
  const until = etas.filter((eta) => eta.kind === 'until');
  if (until.length === 0) return { kind: 'done' };
  return {
    kind: 'until',
    at: Math.max(...until.map(({ at }) => at)),
    without: until.flatMap(({ without }) => without),
  };
}

/** Why a row is not on the target, in one sentence for the list of those that linger; null: it is. */
export function sayLingering(
  row: PropagationRow,
  {
    matrix,
    change,
    now,
  }: { readonly matrix: MatrixRow; readonly change: Propagation['change']; readonly now: number },
): string | null {
  const { side, kind, why } = row.last.verdict;
  if (side === 'target') return null;
  if (side !== 'source') return why;
  if (matrix.asked.authoritative)
    return change === null
      ? 'It holds the zone and has not taken the change yet: caches may fetch the source from it.'
      : 'It holds the zone and went back to the source after every server had the change.';
  if (row.ignoresTtl !== null) return row.ignoresTtl;
  if (kind === 'other-region') return why;
  const left = remainingSeconds(row, now);
  const may = left === null ? 'It does not say for how long it keeps the source' : `A cache, ${left} s left`;
  if (change === null)
    return `${may}; not every authoritative server has the change, so it may be fetched again.`;
  if (left === null) return `${may}.`;
  return left === 0
    ? 'A cache whose time has run out: its next answer should be the target.'
    : `A cache that may keep the source for ${left} s more.`;
}

/** What a row is called where there is room for one line. */
export function sayRow({ server, asked, users }: MatrixRow): string {
  const { name, type } = asked.question;
  return `${server.name} · ${showName(name)} ${type}${users === null ? '' : ` · ${users}`}`;
}

/** One point of the share over time. */
export type ShareAt = Share & { readonly at: number };

/** Most points that are kept: beyond that the older half is thinned out, so that a whole night stays in bounds. */
const mostPoints = 720;

/** Adds one point to the history; the older half loses every other point when there are too many. */
export function keepShare(history: readonly ShareAt[], point: ShareAt): readonly ShareAt[] {
  const next = [...history, point];
  if (next.length <= mostPoints) return next;
  const half = next.length >> 1;
  return next.filter((_, index) => index >= half || index % 2 === 0);
}

/** Adds shares of several zones. */
export function addShares(shares: readonly Share[]): Share {
  const sum = { target: 0, source: 0, other: 0, error: 0 };
  for (const share of shares) {
    sum.target += share.target;
    sum.source += share.source;
    sum.other += share.other;
    sum.error += share.error;
  }
  return sum;
}

/** An answer of nothing that can be told, with the reason. */
export function untold(why: string): AnswerVerdict {
  return { side: 'error', kind: 'no-answer', why, ttlSeconds: null, values: [], chain: [] };
}

/** How fast the matrix is asked. */
export type Pace = {
  /** From one question to a row to the next one, as it is meant, ms. */
  readonly intervalMs: number;
  /** In words, for whoever wonders why it is slower. */
  readonly says: string;
};

/** Most questions a second that this laptop sends, whatever the matrix: beyond that each row is asked less often. */
export const mostPerSecond = 400;

/** In the minute and while answers turn every 2 s; calmer before, and when everything has turned. */
export function judgePace(rows: number, mode: 'minute' | 'turning' | 'calm'): Pace {
  const wantedMs = mode === 'calm' ? 10_000 : 2_000;
  const leastMs = Math.ceil((rows / mostPerSecond) * 1_000);
  const intervalMs = Math.max(wantedMs, leastMs);
  const every = `every ${Number((intervalMs / 1_000).toFixed(1))} s`;
  return {
    intervalMs,
    says:
      intervalMs > wantedMs
        ? `${rows} questions, each ${every}: at most ${mostPerSecond} a second are sent`
        : `${rows} questions, each ${every}`,
  };
}
