import type { ForecastResult } from '../../shared/observations/forecast.ts';
import type { Journal } from '../ports.ts';
import type { RunBeginning } from './run-ground.ts';

/** Writes the first record of a run's journal: with it alone the run can be folded again. */
export function writeHeader(
  { parts, who, verdicts, forecasts }: RunBeginning,
  { runId, journal }: { readonly runId: string; readonly journal: Journal },
): void {
  const header = {
    kind: 'run',
    format: 1,
    runId,
    plan: parts.plan,
    planDigest: parts.planDigest,
    planJournalHead: parts.planJournal.head(),
    program: parts.program,
    driver: who,
    ...(parts.reverses === undefined
      ? {}
      : { reverses: { runId: parts.reverses.runId, head: parts.reverses.head } }),
    verdicts,
    forecast: parts.plan.chains.map(({ id }) => forecastOf(id, forecasts[id])),
  } as const;
  journal.append(parts.ports.clock.now(), header, true);
}

function forecastOf(
  chain: string,
  forecast: ForecastResult | undefined,
): { readonly chain: string; readonly freezeMs: number | null; readonly freezeP95Ms: number | null } {
  return forecast?.kind === 'forecast'
    ? { chain, freezeMs: forecast.forecast.freezeMs, freezeP95Ms: forecast.forecast.p95Ms }
    : { chain, freezeMs: null, freezeP95Ms: null };
}
