import type { Plan } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import { compareFilePosition, missing } from './gtid-set.ts';
import type { Observation } from './observation.ts';
import { known, unknown } from './observation.ts';
import type { PlanNode } from './plan-nodes.ts';
import { chainNodes, sourceMasters } from './plan-nodes.ts';
import type { InstanceFacts, LagFacts } from './snapshot.ts';

/** Shortest silence that counts as a stopped heartbeat: one slow fsync must not make a healthy link unknown. */
const shortestSilenceMs = 1_000;

/** Everything lag is derived from: what was seen of each instance, by name. */
export type Seen = Readonly<Record<string, Pick<InstanceFacts, 'fast' | 'survey'>>>;

/** Lag of every link of the plan, from the newest facts of both its ends. Never Seconds_Behind: it says 0 when blind. */
export function planLags(plan: Plan, seen: Seen): readonly LagFacts[] {
  return plan.chains.flatMap((chain) =>
    chainNodes(chain).flatMap((node) => {
      if (node.from === null) return [];
      const masters = sourceMasters(chain);
      // Between two servers of which neither writes beats, the beats of the source masters tell the link's own share.
      const beaters = masters.includes(node.from) ? [node.from] : masters;
      return [
        linkLag({ node: { ...node, from: node.from }, beaters, heartbeatMs: plan.limits.heartbeatMs }, seen),
      ];
    }),
  );
}

/** One link: where it ends and begins, and whose beats measure it. */
export type MeasuredLink = {
  readonly node: Pick<PlanNode, 'instance' | 'channel'> & { readonly from: string };
  readonly beaters: readonly string[];
  readonly heartbeatMs: number;
};

/** Lag of one link, also of one that the plan does not list (the reverse link). */
export function linkLag(link: MeasuredLink, seen: Seen): LagFacts {
  const { instance, from } = link.node;
  return {
    instance,
    from,
    lagMs: heartbeatLag(link, seen),
    transactionsBehind: bothEnds(link, seen, (source, replica) => {
      const lacking = missing(replica.position, source.position);
      if (!lacking.ok) return lacking.error;
      return lacking.value.transactions ?? 'more transactions than can be counted';
    }),
    bytesBehind: bothEnds(link, seen, (source, replica) => bytesBehind(link, { source, replica, seen })),
  };
}

/** Write transactions per second between two readings of one server; null across a restart or without time between. */
export function writeRate(earlier: Timed<FastFacts>, later: Timed<FastFacts>): number | null {
  const seconds = (later.takenAt - earlier.takenAt) / 1_000;
  const count = later.value.writesCounted - earlier.value.writesCounted;
  if (seconds <= 0 || count < 0 || later.value.uptimeSeconds < earlier.value.uptimeSeconds) return null;
  return count / seconds;
}

/** Transactions a replica took in per second between two readings, by GTID; null when that cannot be told. */
export function applyRate(earlier: Timed<FastFacts>, later: Timed<FastFacts>): number | null {
  const seconds = (later.takenAt - earlier.takenAt) / 1_000;
  const gained = missing(earlier.value.position, later.value.position);
  if (seconds <= 0 || !gained.ok || gained.value.transactions === null) return null;
  return gained.value.transactions / seconds;
}

/** A value with when it was read. */
export type Timed<T> = { readonly value: T; readonly takenAt: number };

function heartbeatLag(link: MeasuredLink, seen: Seen): Observation<number> {
  return bothEnds(link, seen, (source, replica, readApartMs) => {
    const shares = link.beaters
      .filter((beater) => beater !== link.node.instance)
      .map((beater) => shareOf(beater, { link, source, replica, readApartMs, seen }));
    // All origins travel over the same link, so one beat that moves measures it; a silent origin hides nothing.
    const measured = shares.filter((share) => typeof share === 'number');
    if (measured.length > 0) return Math.max(...measured);
    return shares.find((share) => typeof share === 'string') ?? 'no server writes heartbeats for this link';
  });
}

type Reading = {
  readonly link: MeasuredLink;
  readonly source: FastFacts;
  readonly replica: FastFacts;
  /** How much later the replica was read than its source, by the laptop's clock. */
  readonly readApartMs: number;
  readonly seen: Seen;
};

/**
 * How far one server's beats are behind, in ms. Both beats carry that server's own clock, so no clock offset enters.
 * The reading times differ by up to one period: a source read earlier has moved on since, a source read later had a
 * head start; `readApartMs` sets both right. Grain: one heartbeat.
 */
function shareOf(beater: string, reading: Reading): number | string {
  const origin = reading.seen[beater]?.fast;
  if (origin === undefined || origin.kind === 'unknown')
    return `the facts of ${beater}, which writes the heartbeat, are unknown`;
  const { serverId, clockUs } = origin.value;
  const own = newestBeat(origin.value, serverId);
  if (own === null)
    return `${beater} has no heartbeat of its own: the cutover schema is not prepared or nobody beats`;
  const silentMs = (clockUs - own) / 1_000;
  if (silentMs > Math.max(3 * reading.link.heartbeatMs, shortestSilenceMs)) {
    return `${beater} wrote its last heartbeat ${Math.round(silentMs)} ms ago: fenced, stalled or stopped`;
  }
  const there = newestBeat(reading.source, serverId);
  const here = newestBeat(reading.replica, serverId);
  if (there === null || here === null)
    return `no heartbeat of ${beater} has arrived at ${there === null ? reading.link.node.from : reading.link.node.instance}`;
  return here >= there ? 0 : Math.max(0, (there - here) / 1_000 + reading.readApartMs);
}

function newestBeat(facts: FastFacts, serverId: number): number | null {
  const beats = facts.beats.filter((beat) => beat.serverId === serverId).map((beat) => beat.atUs);
  return beats.length === 0 ? null : Math.max(...beats);
}

function bytesBehind(
  link: MeasuredLink,
  ends: { readonly source: FastFacts; readonly replica: FastFacts; readonly seen: Seen },
): number | string {
  const found = ends.replica.links.find((candidate) => candidate.channel === link.node.channel);
  const { file, offset } = ends.source.position;
  if (found === undefined) return `${link.node.instance} has no link ${JSON.stringify(link.node.channel)}`;
  if (file === null || offset === null) return `${link.node.from} has no binary log position`;
  return logDistance(found, { file, offset }, ends.seen[link.node.from]?.survey);
}

function logDistance(
  link: ReplicationLink,
  end: { readonly file: string; readonly offset: number },
  survey: InstanceFacts['survey'] | undefined,
): number | string {
  const applied = { file: link.appliedFile, offset: link.appliedOffset };
  const order = compareFilePosition(applied, end);
  if (order === null)
    return `cannot compare ${applied.file}:${applied.offset} with ${end.file}:${end.offset}`;
  if (order >= 0) return 0;
  if (applied.file === end.file) return end.offset - applied.offset;
  if (survey === undefined || survey.kind === 'unknown')
    return 'the sizes of the binary logs in between are unknown';
  // The log that is written now grows since the survey: its end is the fresh offset, the others are whole.
  const between = survey.value.binaryLogs.filter(
    ({ file }) =>
      file !== end.file &&
      compareFilePosition({ file, offset: 0 }, { file: applied.file, offset: 0 }) !== -1 &&
      compareFilePosition({ file, offset: 0 }, { file: end.file, offset: 0 }) === -1,
  );
  if (!between.some(({ file }) => file === applied.file))
    return `${applied.file} is not among the binary logs of the last survey`;
  return between.reduce((sum, { bytes }) => sum + bytes, 0) - applied.offset + end.offset;
}

/** Runs a measure over both ends of a link; a string it returns is the reason why there is no figure. */
function bothEnds(
  link: MeasuredLink,
  seen: Seen,
  measure: (source: FastFacts, replica: FastFacts, readApartMs: number) => number | string,
): Observation<number> {
  const source = seen[link.node.from]?.fast;
  const replica = seen[link.node.instance]?.fast;
  const how = `${link.node.from} and ${link.node.instance}`;
  const takenAt = Math.min(source?.takenAt ?? 0, replica?.takenAt ?? 0);
  if (source === undefined || source.kind === 'unknown')
    return unknown(`${link.node.from}: ${source?.why ?? 'never seen'}`, takenAt, how);
  if (replica === undefined || replica.kind === 'unknown')
    return unknown(`${link.node.instance}: ${replica?.why ?? 'never seen'}`, takenAt, how);
  const figure = measure(source.value, replica.value, replica.takenAt - source.takenAt);
  return typeof figure === 'number' ? known(figure, takenAt, how) : unknown(figure, takenAt, how);
}
