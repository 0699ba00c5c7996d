import type { Plan } from '../plan/plan.ts';
import type { ClientWrite } from './client-log.ts';

// The official figures of a run. They are the clients' own: nothing here looks at what the cockpit believes it did.

/** The figures of one run, from everything the synthetic clients wrote while it lasted. */
export type Figures = {
  /** Write freeze in ms by chain; null where no side or only one side acknowledged a direct write. */
  readonly freezes: Readonly<Record<string, number | null>>;
  /** Longest outage over all http clients, ms; null when one has not ended or nobody looked. */
  readonly userVisibleDowntimeMs: number | null;
  /** How long both sides of a chain took writes, ms, the worst chain; anything but 0 is two writable sides. */
  readonly overlapMs: number;
};

/** A window in which a user of one client could not write. `endedAt` null: it lasts until the end of the log. */
export type Outage = { readonly client: string; readonly startedAt: number; readonly endedAt: number | null };

/**
 * A window between two good writes without any failure in it is an outage too when it is longer than this many of the
 * client's intervals (and longer than 100 ms): a write that the application held back for a second was a second's wait.
 */
const slowIntervals = 5;
const slowFloorMs = 100;

/** Judges all figures of a run at once. */
export function judgeFigures(plan: Plan, writes: readonly ClientWrite[]): Figures {
  const chains = plan.chains.map(({ id }) => ({ id, writes: writes.filter((write) => write.chain === id) }));
  return {
    freezes: Object.fromEntries(chains.map((chain) => [chain.id, writeFreezeMs(chain.writes)])),
    userVisibleDowntimeMs: userVisibleDowntimeMs(plan, writes),
    overlapMs: Math.max(0, ...chains.map((chain) => overlapMs(chain.writes))),
  };
}

/**
 * The write freeze of one chain: from the end of the last write its source acknowledged to the end of the first write its
 * target acknowledged, by the clients that write straight to both.
 *
 * Example: source ends at 100 ok, 105 ok, 110 refused; target ends at 120 refused, 131 ok, 136 ok: 131 - 105 = 26 ms.
 * A negative value would be an overlap; it is not hidden.
 */
export function writeFreezeMs(writes: readonly ClientWrite[]): number | null {
  const lastSource = latest(acknowledged(writes, 'source').map(({ endedAt }) => endedAt));
  const firstTarget = earliest(acknowledged(writes, 'target').map(({ endedAt }) => endedAt));
  return lastSource === null || firstTarget === null ? null : firstTarget - lastSource;
}

/**
 * How long both sides of a chain may have taken writes: from the moment the first write that the target acknowledged was
 * sent to the moment the source last acknowledged one. Counted to the cockpit's disadvantage: the true times of both
 * commits lie inside those writes.
 */
export function overlapMs(writes: readonly ClientWrite[]): number {
  const lastSource = latest(acknowledged(writes, 'source').map(({ endedAt }) => endedAt));
  const firstTarget = earliest(acknowledged(writes, 'target').map(({ startedAt }) => startedAt));
  return lastSource === null || firstTarget === null ? 0 : Math.max(0, lastSource - firstTarget);
}

/** The longest outage over all http clients in ms: 0 without any, null while one lasts or when no http client wrote. */
export function userVisibleDowntimeMs(plan: Plan, writes: readonly ClientWrite[]): number | null {
  const clients = plan.clients.filter((client) => client.kind === 'http');
  const seen = clients.map(({ id, intervalMs }) => ({
    intervalMs,
    writes: writes.filter((write) => write.client === id && write.side === 'path'),
  }));
  if (!seen.some((client) => client.writes.length > 0)) return null;
  const all = seen.flatMap((client) => outagesOf(client.writes, client.intervalMs));
  const lengths = all.map(({ startedAt, endedAt }) => (endedAt === null ? null : endedAt - startedAt));
  return lengths.includes(null) ? null : (latest(lengths.map((ms) => ms ?? 0)) ?? 0);
}

/**
 * The outages one client saw: each from the end of the last good write before a failure to the end of the first good one
 * after it. Good is a write that was acknowledged and whose reading back was answered.
 *
 * Example, interval 20 ms: ends at 1000 ok, 1020 ok, 1040 refused, 1400 unknown, 1620 ok, 1640 ok: one outage, 1020 to
 * 1620, 600 ms. Ends at 1000 ok, 1020 ok, 1900 ok: one outage of 880 ms, for nobody waits that long for a good write of
 * 20 ms. Before the first good write it starts where the first failing write started.
 */
export function outagesOf(writes: readonly ClientWrite[], intervalMs: number): readonly Outage[] {
  const slowMs = Math.max(slowFloorMs, slowIntervals * intervalMs);
  const outages: Outage[] = [];
  let lastGood: number | null = null;
  let failingSince: number | null = null;
  for (const write of [...writes].sort((a, b) => a.endedAt - b.endedAt)) {
    if (!isGood(write)) {
      failingSince ??= lastGood ?? write.startedAt;
      continue;
    }
    const since: number | null =
      failingSince ?? (lastGood !== null && write.endedAt - lastGood > slowMs ? lastGood : null);
    if (since !== null) outages.push({ client: write.client, startedAt: since, endedAt: write.endedAt });
    lastGood = write.endedAt;
    failingSince = null;
  }
  const client = writes[0]?.client;
  if (failingSince !== null && client !== undefined)
    outages.push({ client, startedAt: failingSince, endedAt: null });
  return outages;
}

function isGood(write: ClientWrite): boolean {
  return write.outcome === 'acknowledged' && write.readBack !== 'failed';
}

function acknowledged(writes: readonly ClientWrite[], side: ClientWrite['side']): readonly ClientWrite[] {
  return writes.filter((write) => write.side === side && write.outcome === 'acknowledged');
}

// By fold, not by Math.max(...): a run has more writes than a call may have arguments.
function latest(times: readonly number[]): number | null {
  return times.reduce<number | null>((best, at) => (best === null || at > best ? at : best), null);
}

function earliest(times: readonly number[]): number | null {
  return times.reduce<number | null>((best, at) => (best === null || at < best ? at : best), null);
}
