import type { ForecastView, GoView } from '../../shared/contract/view.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { OperationInput, OperationName } from '../../shared/sessions/operations.ts';
import { reverseChannel, reverseEnds } from '../../shared/steps/way-back.ts';
import { planNodes } from '../../shared/steps/need.ts';
import type { Night } from '../engine/night.ts';
import type { MysqlPort } from '../ports.ts';

/** Go/no-go: what was judged, what is forecast, what will be sent, what this version does not do. */
export function goView(night: Night, plan: Plan, mysql: MysqlPort): GoView {
  return {
    canGo: night.blocks.length === 0 && night.run() === null,
    why: night.blocks,
    forecast: forecastView(night, plan),
    statements: statementsOf(plan, mysql),
    absent: [
      "The dead-man's switch: if this laptop dies between fence and promote, the sources stay read-only until a person thaws them.",
      ...(plan.dns === undefined
        ? []
        : [
            `Route 53: the ${plan.dns.records.length} records of the plan are to be changed by hand after the run.`,
          ]),
      'Reverse: the reverse links are started, but turning the minute round comes with a later version.',
    ],
    notes: notesOf(night, plan),
    frozenAt: night.armedAt,
  };
}

/** The forecast of every chain, and of the whole as users see it. */
export function forecastView(night: Night, plan: Plan): ForecastView {
  const chains = plan.chains.map(({ id }) => {
    const result = night.forecasts[id];
    if (result?.kind !== 'forecast')
      return {
        chain: id,
        freezeMs: null,
        freezeP95Ms: null,
        how: result?.kind === undefined ? 'not forecast' : `unknown: ${result.why}`,
      };
    return {
      chain: id,
      freezeMs: result.forecast.freezeMs,
      freezeP95Ms: result.forecast.p95Ms,
      how: result.forecast.how,
    };
  });
  // Users wait for the slowest chain and then for the redirect, one line on an open channel.
  const worst = (of: (chain: (typeof chains)[number]) => number | null): number | null =>
    chains.some((chain) => of(chain) === null) ? null : Math.max(...chains.map((chain) => of(chain) ?? 0));
  return {
    chains,
    downtimeMs: worst(({ freezeMs }) => freezeMs),
    downtimeP95Ms: worst(({ freezeP95Ms }) => freezeP95Ms),
  };
}

function notesOf(night: Night, plan: Plan): readonly string[] {
  const overridden = night.verdicts
    .filter(({ override }) => override !== null)
    .map(
      ({ gate, override }) =>
        `Gate ${gate} is overridden by ${override?.who ?? ''}: ${override?.reason ?? ''}`,
    );
  const versions =
    plan.unprovenVersions === 'accepted'
      ? ['The plan accepts versions that no real server has confirmed.']
      : [];
  const warned = night.verdicts
    .filter(({ state, blocking }) => state !== 'open' && !blocking)
    .map(({ gate, title }) => `Warning, not blocking: ${gate}: ${title}`);
  return [...versions, ...overridden, ...warned];
}

/** Stands in for the moment that is known only at the last look; a statement is built from real values alone. */
const shownNotAfter = '2000-01-01 00:00:00.000000';

type Listed = { readonly step: string; readonly where: string; readonly statement: string };

function statementsOf(plan: Plan, mysql: MysqlPort): readonly Listed[] {
  const list: Listed[] = [];
  const add = <K extends OperationName>(
    step: string,
    instance: string,
    [operation, input]: readonly [K, OperationInput<K>],
  ): void => {
    for (const statement of mysql.statements(instance, operation, input))
      list.push({
        step,
        where: instance,
        statement: statement.replace(shownNotAfter, '<last look + limits.passageMs>'),
      });
  };
  const lockWaitSeconds = Math.max(1, Math.ceil(plan.limits.fenceAttemptMs / 1_000));
  for (const node of planNodes(plan)) add('lock', node, ['takeLock', {}]);
  for (const chain of plan.chains) {
    for (const { instance } of chain.source.masters) {
      add('fence', instance, ['fence', { lockWaitSeconds }]);
      add('fence', instance, ['proveFence', {}]);
    }
  }
  for (const chain of plan.chains) {
    const { receiver, from, ringChannel } = reverseEnds(chain);
    if (chain.wayBack === 'reverse' && chain.source.masters.length > 1)
      add('way back', receiver, ['stopLink', { channel: ringChannel }]);
    for (const { instance } of chain.source.masters) add('hold shut', instance, ['persistFence', {}]);
    for (const { instance, channel } of chain.target.masters) {
      add('promote', instance, ['removeLink', { channel }]);
      add('promote', instance, ['promote', { notAfterUtc: shownNotAfter }]);
    }
    if (chain.wayBack === 'reverse')
      add(`reverse link from ${from}`, receiver, [
        'startLink',
        { channel: reverseChannel, account: { chain: chain.id, direction: 'reverse' } },
      ]);
  }
  for (const fleet of plan.appFleets)
    for (const { host, target } of fleet.hosts)
      list.push({ step: 'redirect', where: host, statement: (fleet.switch[target] ?? []).join(' ') });
  return list;
}
