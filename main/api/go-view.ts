import type { ForecastView, GoView } from '../../shared/contract/view.ts';
import { letsPass, type Verdict } from '../../shared/gates/gate.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { switchOf } from '../../shared/plan/switches.ts';
import { actionText, changeText, placeOfAction } from '../../shared/audit/command-text.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import { actionsAhead } from '../../shared/steps/actions-ahead.ts';
import { planNodes } from '../../shared/steps/need.ts';
import type { Action } from '../../shared/steps/command.ts';
import { placeOf } from '../../shared/steps/order.ts';
import type { Night } from '../engine/night-ground.ts';
import { whatBlocks } from '../engine/parts.ts';
import type { MysqlPort } from '../ports.ts';

/** Go/no-go: what was judged, what is forecast, what will be sent, what this version does not do. */
export function goView(
  night: Night,
  plan: Plan,
  {
    mysql,
    snapshot,
    verdicts,
    notes,
  }: {
    readonly mysql: MysqlPort;
    readonly snapshot: Snapshot;
    /** As they are judged now. */
    readonly verdicts: readonly Verdict[];
    /** What the way back will not set back. */
    readonly notes: readonly string[];
  },
): GoView {
  return {
    canGo: night.blocks.length === 0 && night.run() === null,
    why: night.blocks,
    closedSince: night.run() === null ? closedSince(night, verdicts) : [],
    forecast: forecastView(night, plan),
    statements: statementsOf(plan, mysql, snapshot),
    absent: [
      ...withoutSwitch(plan),
      ...(plan.onPartialPromotion === 'finish'
        ? []
        : [
            'onPartialPromotion: reverse-all: no run is turned round in part. One that promoted only some of its chains is finished by Retry; where a target can never be opened, its chain goes back to its source by hand, by the emergency sheet.',
          ]),
    ],
    notes: [...notes, ...notesOf(night, plan)],
    frozenAt: night.armedAt,
  };
}

/** The press is judged anew: whoever is about to press sees beforehand what has closed meanwhile. */
function closedSince(night: Night, verdicts: readonly Verdict[]): readonly string[] {
  const passed = new Set(night.verdicts.filter(letsPass).map(({ gate }) => gate));
  return [...whatBlocks(verdicts.filter(({ gate }) => passed.has(gate))), ...night.lost()];
}

/** What go/no-go says in red: which source stays closed when this laptop dies, and when. */
function withoutSwitch(plan: Plan): readonly string[] {
  return plan.chains.flatMap((chain) => {
    const found = switchOf(plan, chain);
    if (found.kind === 'armed')
      return found.secondStage
        ? []
        : [
            `The second stage of the dead-man's switch of ${chain.id}: if this laptop dies in the narrow passage, its source stays read-only until a person thaws it.`,
          ];
    const why = found.kind === 'none' ? found.why : found.lacking.join(', ');
    return [
      `The dead-man's switch of ${chain.id} (${why}): if this laptop dies between fence and promote, its source stays read-only until a person thaws it.`,
    ];
  });
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

/** Each statement and command line of `actionsAhead`, under the word that its step has on the track. */
function statementsOf(plan: Plan, mysql: MysqlPort, snapshot: Snapshot): GoView['statements'] {
  const facts = Object.fromEntries(
    planNodes(plan).map((node) => {
      const seen = snapshot.instances[node]?.fast;
      return [node, seen?.kind === 'known' ? seen.value : undefined] as const;
    }),
  );
  return actionsAhead(plan, facts).flatMap(({ step, action, known }) =>
    linesAhead(action, mysql).map((line, index) => ({
      step: placeOf(step).word,
      where: placeOfAction(action),
      statement: known !== null && index === 0 ? `${line}\n-- ${known}` : line,
    })),
  );
}

function linesAhead(action: Action, mysql: MysqlPort): readonly string[] {
  if (action.kind === 'mysql') return mysql.statements(action.instance, action.operation, action.input);
  if (action.kind === 'zone' && action.ask === 'change') return action.batch.changes.map(changeText);
  return [action.kind === 'ssh' ? action.argv.join(' ') : actionText(action)];
}
