import type { Fault, ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Chain, Plan } from '../../shared/plan/plan.ts';
import { present } from '../../shared/lib/assert.ts';
import { order, placeOf, type StepId } from '../../shared/steps/order.ts';
import { seeded, type Random } from '../../main/simulator/random.ts';
import { aims, cells, type Cell } from './cells.ts';
import { anyFault, catalogue, lasting, type Kind } from './draw-fault.ts';
import { drawPlan, one } from './draw-plan.ts';
import type { Happening, Mode, NightScript } from './night-script.ts';

/** Which faults a night may have: all of the catalogue, none, or only these kinds. */
export type Allowed = 'all' | 'none' | readonly Fault['kind'][];

/**
 * Makes the night of a seed. The first thing that goes wrong is aimed: seeds take the cells (step and way) in turn, so
 * that any few thousand nights in a row meet every one of them; the rest is by lot. Where only some kinds of faults are
 * allowed, at least one of them is drawn.
 */
export function drawNight(seed: number, mode: Mode = 'safety', allowed: Allowed = 'all'): NightScript {
  const random = seeded(seed, 'night');
  const plan = drawPlan(random, seed);
  const kinds = catalogue.filter((kind) => allowed === 'all' || allowed.includes(kind));
  const draw = { random, plan, seed, kinds: allowed === 'none' ? [] : kinds };
  const drawn = mode === 'safety' ? safety(draw) : liveness(draw);
  const happenings = drawn.filter(
    (each) => each.kind === 'act' || draw.kinds.some((kind) => kind === each.fault.fault.kind),
  );
  return { seed, mode, plan, happenings };
}

type Draw = {
  readonly random: Random;
  readonly plan: Plan;
  readonly seed: number;
  readonly kinds: readonly Kind[];
};

function safety({ random, plan, seed, kinds }: Draw): readonly Happening[] {
  const happenings: Happening[] = [
    { kind: 'act', act: { kind: 'retry', pauseMs: 1_500 + random.whole(2_500), times: 3 } },
  ];
  const aimed = seed % 8 === 0 ? [] : aim(random, plan, present(cells[seed % cells.length], 'a cell'));
  happenings.push(...aimed);
  // Mostly the aimed one alone: what comes before it would keep the night from reaching it.
  const more = one(random, [0, 0, 0, 1, 1, 2, 3]) + (kinds.length < catalogue.length ? 1 : 0);
  for (let count = kinds.length === 0 ? more : 0; count < more; count++)
    happenings.push({ kind: 'fault', fault: anyFault(random, plan, { kinds, heals: false }) });
  if (random.whole(8) === 0)
    happenings.push({ kind: 'act', act: { kind: 'wait', ms: 100 + random.whole(3_000) } });
  if (random.whole(8) === 0)
    happenings.push({ kind: 'act', act: { kind: 'close-later', ms: random.whole(4_000) } });
  if (random.whole(20) === 0) happenings.push(abortIn(random, one(random, order).id));
  return happenings;
}

/** One thing, and it heals by itself. */
function liveness({ random, plan, seed, kinds }: Draw): readonly Happening[] {
  const patient: Happening = { kind: 'act', act: { kind: 'retry', pauseMs: 9_000, times: 4 } };
  const healing = kinds.filter((kind) => !lasting.includes(kind));
  if (seed % 8 === 0 || healing.length === 0) return [patient];
  const aimed = seed % 2 === 0 ? aim(random, plan, present(cells[(seed >> 1) % cells.length], 'a cell')) : [];
  if (aimed.length > 0) return [patient, ...aimed];
  return [patient, { kind: 'fault', fault: anyFault(random, plan, { kinds: healing, heals: true }) }];
}

function abortIn(random: Random, step: StepId): Happening {
  return {
    kind: 'act',
    act: { kind: 'abort', step, delayMs: random.whole(30), twice: random.whole(4) === 0 },
  };
}

/** The fault (or the press of Abort) that makes one step fail in one way, on one chain of the plan. */
function aim(random: Random, plan: Plan, { step, way }: Cell): readonly Happening[] {
  // The undo runs only when something made it run.
  const before =
    step === 'unwind' ? [abortIn(random, one(random, ['fence', 'drain', 'prove'] as const))] : [];
  const suited = plan.chains.filter((chain) => waitsIn(step, chain));
  const chain = one(random, suited.length > 0 ? suited : plan.chains);
  before.push(...slowing(step, chain));
  if (way === 'abort') return [...before, abortIn(random, step)];
  const fault = aimedFault(random, chain, { step, way });
  const key = placeOf(step).scope === 'chain' ? `${step}:${chain.id}` : step;
  return [
    ...before,
    { kind: 'fault', fault: { when: { step: key, state: 'running' }, fault } satisfies ScriptedFault },
  ];
}

/** Whether a step has something to wait for on this chain; elsewhere it is over in the decision that begins it. */
function waitsIn(step: StepId, { gtid, source, wayBack }: Chain): boolean {
  const ring = source.masters.length > 1;
  if (step === 'converge') return ring;
  if (step === 'configure-reverse') return wayBack === 'reverse' && gtid === 'on';
  if (step === 'prepare-reverse') return wayBack === 'reverse' && (ring || gtid === 'off');
  return step !== 'reverse' || wayBack === 'reverse';
}

/** What makes a step wait that is mostly over at once: a ring, or a target, that lags behind at the fence. */
function slowing(step: StepId, { id, target }: Chain): readonly Happening[] {
  if (step !== 'converge' && step !== 'drain') return [];
  const on = present(target.masters[0], 'a target master').instance;
  const fault: Fault =
    step === 'converge'
      ? { kind: 'partition', between: ['colo-a', 'colo-b'], forMs: 1_200 }
      : { kind: 'lag-spike', on, appliesPerSecond: 20, forMs: 1_500 };
  return [{ kind: 'fault', fault: { when: { step: `fence:${id}`, state: 'running' }, fault } }];
}

function aimedFault(random: Random, chain: Chain, { step, way }: Cell): Fault {
  const { side, operations } = present(aims[step], `what ${step} asks`);
  const on = one(random, chain[side].masters).instance;
  switch (way) {
    case 'abort':
    case 'server-killed':
      return { kind: 'server-killed', on, downMs: 800 + random.whole(2_500) };
    case 'server-paused':
      return { kind: 'server-paused', on, forMs: 100 + random.whole(4_000) };
    case 'lost-session':
      return { kind: 'lost-session', on, purpose: one(random, ['act', 'look', 'abort', 'plain']) };
    case 'partition': {
      const site = side === 'source' ? one(random, ['colo-a', 'colo-b'] as const) : 'east';
      return { kind: 'partition', between: ['laptop', site], forMs: 300 + random.whole(4_000) };
    }
    default:
      return {
        kind: 'reply',
        on,
        operation: one(random, operations),
        way,
        code: one(random, [1105, 1205, 1290]),
        ms: 100 + random.whole(5_000),
        times: 1 + random.whole(2),
      };
  }
}
