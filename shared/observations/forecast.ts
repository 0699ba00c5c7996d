import type { Chain, Plan } from '../plan/plan.ts';
import { chainNodes, sourceMasters } from './plan-nodes.ts';
import type { LagFacts, Snapshot } from './snapshot.ts';

/** A freeze measured in an earlier run of this plan, rehearsed or live. */
export type MeasuredFreeze = { readonly chain: string; readonly freezeMs: number; readonly atUtcMs: number };

/** The write freeze to expect when released now. `how` is one sentence that can be checked against the facts. */
export type Forecast = {
  readonly freezeMs: number;
  readonly p95Ms: number;
  readonly drainMs: number;
  readonly how: string;
};

export type ForecastResult =
  | { readonly kind: 'forecast'; readonly forecast: Forecast; readonly takenAt: number }
  | { readonly kind: 'unknown'; readonly why: string; readonly takenAt: number };

/** The facts a forecast rests on, of the worst path of one chain. */
export type ForecastInput = {
  readonly lagMs: number;
  readonly heartbeatMs: number;
  readonly transactionsBehind: number | null;
  /** Of all source masters together; null: unknown. */
  readonly writesPerSecond: number | null;
  /** Fastest observed rate of the target's applier; null: never seen working on a backlog. */
  readonly appliesPerSecond: number | null;
  readonly roundTrip: { readonly medianMs: number; readonly p95Ms: number };
  /** Freezes measured before, of this chain. */
  readonly historyMs: readonly number[];
};

/**
 * Round trips one after the other between the last write the source takes and the first the target takes:
 * fence 3, sessions 3, converge 2, position 1, drain 1, prove 2, claim and last look 2, promote 4.
 */
export const roundTripsInFreeze = 18;

/** What the servers themselves need for fence and promote, measured: 3 and 21 ms (half, 95 %) and as much for promote. */
export const serverWork = { medianMs: 6, p95Ms: 48 } as const;

/**
 * Forecast of one freeze: the drain, the round trips, the servers' own work; never below what was measured before.
 *
 * The drain is the lag seen (less one heartbeat of grain for the middle forecast), or the backlog at the applier's
 * observed rate when that takes longer. It grows with lag, backlog and round trips and shrinks with the apply rate.
 */
export function forecastFreeze(input: ForecastInput): Forecast {
  const backlogMs =
    input.transactionsBehind !== null && input.appliesPerSecond !== null && input.appliesPerSecond > 0
      ? (input.transactionsBehind / input.appliesPerSecond) * 1_000
      : 0;
  const drainMs = Math.max(0, input.lagMs - input.heartbeatMs, backlogMs);
  const worstDrainMs = Math.max(input.lagMs, backlogMs) + input.heartbeatMs / 2;
  const now = drainMs + roundTripsInFreeze * input.roundTrip.medianMs + serverWork.medianMs;
  const worst =
    worstDrainMs +
    roundTripsInFreeze * Math.max(input.roundTrip.p95Ms, input.roundTrip.medianMs) +
    serverWork.p95Ms;
  const freezeMs = Math.round(Math.max(now, quantile(input.historyMs, 0.5) ?? 0));
  const p95Ms = Math.round(Math.max(worst, freezeMs, quantile(input.historyMs, 0.95) ?? 0));
  return { freezeMs, p95Ms, drainMs: Math.round(drainMs), how: wording(input, drainMs) };
}

/** Forecast of one chain from the facts of one moment; unknown when the drain of any path to a target master is. */
export function forecastChain(plan: Plan, chain: Chain, facts: ForecastFacts): ForecastResult {
  const { snapshot } = facts;
  const links = freezeLinks(chain, snapshot.lags);
  if (links.length === 0)
    return { kind: 'unknown', why: `no link of chain ${chain.id} was measured`, takenAt: snapshot.at };
  let takenAt = snapshot.at;
  for (const link of links) {
    takenAt = Math.min(takenAt, link.lagMs.takenAt);
    if (link.lagMs.kind === 'unknown')
      return {
        kind: 'unknown',
        why: `lag of ${link.instance} behind ${link.from}: ${link.lagMs.why}`,
        takenAt,
      };
  }
  const trips = chainNodes(chain).flatMap(({ instance }) => snapshot.instances[instance]?.roundTripsMs ?? []);
  const medianMs = quantile(trips, 0.5);
  if (medianMs === null)
    return { kind: 'unknown', why: `no round trip to a server of chain ${chain.id} was measured`, takenAt };
  const writes = sourceMasters(chain).map((instance) => snapshot.instances[instance]?.writesPerSecond);
  const forecast = forecastFreeze({
    // Ring and forward links are drained one after the other: converge first, then the target.
    lagMs:
      worst(links.filter(isRing(chain)), lagOf) +
      worst(
        links.filter((link) => !isRing(chain)(link)),
        lagOf,
      ),
    heartbeatMs: plan.limits.heartbeatMs,
    transactionsBehind: links.every((link) => link.transactionsBehind.kind === 'known')
      ? worst(links, backlogOf)
      : null,
    writesPerSecond: writes.every((rate) => rate?.kind === 'known')
      ? writes.reduce((sum, rate) => sum + (rate?.kind === 'known' ? rate.value : 0), 0)
      : null,
    appliesPerSecond: facts.appliesPerSecond?.[chain.id] ?? null,
    roundTrip: { medianMs, p95Ms: quantile(trips, 0.95) ?? medianMs },
    historyMs: facts.history.filter((freeze) => freeze.chain === chain.id).map(({ freezeMs }) => freezeMs),
  });
  return { kind: 'forecast', forecast, takenAt };
}

export type ForecastFacts = {
  readonly snapshot: Snapshot;
  readonly history: readonly MeasuredFreeze[];
  /** Fastest apply rate seen on a backlog, by chain; the observer may know it. */
  readonly appliesPerSecond?: Readonly<Record<string, number>>;
};

/** The value below which the given share of the figures lies (nearest rank); null without figures. */
export function quantile(figures: readonly number[], share: number): number | null {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** Links whose lag the freeze pays for: between source masters, and into target masters. */
export function freezeLinks(chain: Chain, lags: readonly LagFacts[]): readonly LagFacts[] {
  const masters = [...chain.source.masters, ...chain.target.masters];
  return lags.filter((lag) =>
    masters.some((member) => member.instance === lag.instance && member.from === lag.from),
  );
}

function isRing(chain: Chain): (link: LagFacts) => boolean {
  const masters = sourceMasters(chain);
  return (link) => masters.includes(link.instance);
}

function lagOf(link: LagFacts): number {
  return link.lagMs.kind === 'known' ? link.lagMs.value : 0;
}

function backlogOf(link: LagFacts): number {
  return link.transactionsBehind.kind === 'known' ? link.transactionsBehind.value : 0;
}

function worst(links: readonly LagFacts[], measure: (link: LagFacts) => number): number {
  return Math.max(0, ...links.map(measure));
}

function wording(input: ForecastInput, drainMs: number): string {
  const rate =
    input.appliesPerSecond === null
      ? 'apply rate not seen on a backlog'
      : `${Math.round(input.appliesPerSecond)} applies/s`;
  const behind = input.transactionsBehind === null ? '' : `, ${input.transactionsBehind} transactions behind`;
  const writes =
    input.writesPerSecond === null ? 'writes/s unknown' : `${Math.round(input.writesPerSecond)} writes/s`;
  const falling =
    input.writesPerSecond !== null &&
    input.appliesPerSecond !== null &&
    input.appliesPerSecond < input.writesPerSecond &&
    input.lagMs > input.heartbeatMs
      ? '; the target falls behind while the source writes'
      : '';
  const history =
    input.historyMs.length === 0
      ? 'no earlier freeze measured'
      : `${input.historyMs.length} earlier freezes, median ${Math.round(quantile(input.historyMs, 0.5) ?? 0)} ms`;
  return `drain ${Math.round(drainMs)} ms (lag ${Math.round(input.lagMs)} ms${behind}, ${rate}, ${writes}${falling}) + ${roundTripsInFreeze} round trips of ${input.roundTrip.medianMs.toFixed(1)} ms + ${serverWork.medianMs} ms on the servers; ${history}`;
}
