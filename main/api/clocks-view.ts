import type { ClocksView } from '../../shared/contract/view.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import { forecastView } from './go-view.ts';

/**
 * Both clocks as they run. Until the run is measured they are estimates from the clients' running totals (the newest
 * acknowledged write); the official figures come from the clients' own logs and replace them.
 */
export function clocksView(cockpit: Cockpit, snapshot: Snapshot): ClocksView {
  const { plan } = cockpit.parts;
  const night = cockpit.night();
  const run = night?.run() ?? null;
  const measured = night?.measured() ?? null;
  const forecast = night === null ? null : forecastView(night, plan);
  const now = snapshot.at;
  const frozenSince = (chain: string, kind: 'http' | 'mysql'): number | null => {
    const ids = plan.clients
      .filter((client) => client.chain === chain && client.kind === kind)
      .map(({ id }) => id);
    const last = snapshot.clients
      .filter(({ client }) => ids.includes(client))
      .map(({ lastAcknowledgedAt }) => lastAcknowledgedAt ?? 0);
    const newest = Math.max(0, ...last);
    return newest === 0 ? null : newest;
  };
  const running = (chain: string): boolean =>
    run !== null &&
    measured === null &&
    run.steps[`fence:${chain}`]?.state !== 'waiting' &&
    run.steps[`promote:${chain}`]?.state !== 'done' &&
    run.phase !== 'ended';
  const chains = plan.chains.map(({ id }) => {
    const final = measured?.chains.find(({ name }) => name === id);
    const since = frozenSince(id, 'mysql') ?? frozenSince(id, 'http');
    const mine = snapshot.clients.filter(({ chain }) => chain === id);
    return {
      chain: id,
      freezeMs: final?.writeFreezeMs ?? (running(id) && since !== null ? Math.max(0, now - since) : null),
      running: running(id),
      budgetMs: plan.budgets.writeFreezeMs,
      forecastMs: forecast?.chains.find(({ chain }) => chain === id)?.freezeMs ?? null,
      acknowledged: final?.acknowledged ?? mine.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      lost: final?.lost ?? null,
      unknown: final?.unknown ?? mine.reduce((sum, { unknown }) => sum + unknown, 0),
    };
  });
  const anyRunning = chains.some((chain) => chain.running);
  const down = plan.chains.map(({ id }) => frozenSince(id, 'http')).filter((since) => since !== null);
  return {
    chains,
    downtimeMs:
      measured?.userVisibleDowntimeMs ??
      (anyRunning && down.length > 0 ? Math.max(0, now - Math.min(...down)) : null),
    downtimeRunning: anyRunning,
    downtimeBudgetMs: plan.budgets.userVisibleDowntimeMs,
    downtimeForecastMs: forecast?.downtimeMs ?? null,
    clients: snapshot.clients.map((client) => {
      const planned = plan.clients.find(({ id }) => id === client.client);
      return {
        client: client.client,
        chain: client.chain,
        region: planned?.kind === 'http' ? planned.region : null,
        acknowledged: client.acknowledged,
        refused: client.refused,
        unknown: client.unknown,
        alive: client.alive.kind === 'known' && client.alive.value,
        perSecond:
          planned === undefined || planned.intervalMs === 0 ? 0 : Math.round(1_000 / planned.intervalMs),
      };
    }),
  };
}
