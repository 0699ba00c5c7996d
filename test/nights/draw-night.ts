import type { Fault, ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Chain, Plan } from '../../shared/plan/plan.ts';
import { present } from '../../shared/lib/assert.ts';
import { armedHosts, switchOf } from '../../shared/plan/switches.ts';
import { order, placeOf, type StepId } from '../../shared/steps/order.ts';
import { reversedPlan } from '../../shared/plan/reversed-plan.ts';
import { mustOpenRing } from '../../shared/steps/way-back.ts';
import { seeded, type Random } from '../../main/simulator/random.ts';
import { aimedFault } from './aimed-fault.ts';
import { cellBackOf, cellOf, followersOf, isInside, type Cell } from './cells.ts';
import { isAtHosts } from './changed-hosts.ts';
import { clusterFaults, clusterKinds, type ClusterKind } from './draw-cluster.ts';
import { flipFor, type FlipWanted } from './draw-dns.ts';
import { anyFault, byLot, lasting, type Kind } from './draw-fault.ts';
import { drawPlan, one } from './draw-plan.ts';
import type { Happening, Mode, NightScript, WayBack } from './night-script.ts';

/** Which faults a night may have: all of the catalogue, none, or only these kinds. */
export type Allowed = 'all' | 'none' | readonly Fault['kind'][];

/**
 * Makes the night of a seed. The first thing that goes wrong is aimed: seeds take the cells (step and way) in turn, so
 * that any few thousand nights in a row meet every one of them; the rest is by lot. Where only some kinds of faults are
 * allowed, at least one of them is drawn, and the cockpit lives.
 */
export function drawNight(seed: number, mode: Mode = 'safety', allowed: Allowed = 'all'): NightScript {
  const random = seeded(seed, 'night');
  const mayBe = (kind: Fault['kind']): boolean =>
    allowed === 'all' || (allowed !== 'none' && allowed.includes(kind));
  const kinds = byLot.filter(mayBe);
  const atCluster = clusterKinds.filter(mayBe);
  // Where faults of the cluster alone are allowed, nothing else is aimed, and every plan has routing controls.
  const clusterAlone = kinds.length === 0 && atCluster.length > 0;
  const aimed = mode === 'safety' ? cellOf(seed) : seed % 2 === 0 ? cellOf(seed >> 1) : null;
  const cell = clusterAlone ? null : aimed;
  const cellBack = mode === 'safety' ? cellBackOf(seed) : null;
  const overtaken = mode === 'safety' && allowed === 'all' && seed % overtakenEvery === overtakenAt;
  const cells = [overtaken ? mirrored : cell, cellBack] as const;
  const plan = planFor(random, seed, [cells, clusterAlone ? 'routing-controls' : flipFor(cells)]);
  if (overtaken) return { seed, mode, plan, happenings: overtake(random), back: null };
  const draw = { random, plan, cell, kinds, atCluster };
  const may = (each: Happening): boolean =>
    each.kind === 'act' || (each.kind === 'fault' ? mayBe(each.fault.fault.kind) : allowed === 'all');
  const back = cellBack === null ? null : backOf({ ...draw, cell: cellBack });
  if (back !== null)
    // What goes wrong on the way forth would keep the night from being turned round.
    return { seed, mode, plan, happenings: [], back: { ...back, happenings: back.happenings.filter(may) } };
  const drawn = mode === 'safety' ? safety(draw) : liveness(draw, seed);
  return { seed, mode, plan, happenings: drawn.filter(may), back: null };
}

/** What happens once the night is turned round, on the plan as it is then; null: its plan has no way back. */
function backOf(draw: Draw): WayBack | null {
  const plan = turnedRound(draw.plan);
  if (plan === null) return null;
  const { random } = draw;
  return { afterMs: 100 + random.whole(6_000), happenings: safety({ ...draw, plan }) };
}

/** In one night in so many another laptop takes the run over, and nothing else goes wrong. */
const overtakenEvery = 32;
const overtakenAt = 16;
/** What a plan must have for that: the journal's mirror is where the other laptop finds the run. */
const mirrored: Cell = { step: 'mirror', way: 'crash' };

function overtake(random: Random): readonly Happening[] {
  const place = one(random, random.whole(4) > 0 ? order.filter(isInside) : order);
  const sleep = {
    step: place.id,
    records: random.whole(6),
    edge: one(random, ['before', 'after'] as const),
    wakes: one(random, ['at-once', 'afterwards'] as const),
  };
  return [
    { kind: 'act', act: { kind: 'retry', pauseMs: 1_500 + random.whole(2_500), times: 3 } },
    { kind: 'sleep', sleep },
  ];
}

type Draw = {
  readonly random: Random;
  readonly plan: Plan;
  readonly cell: Cell | null;
  readonly kinds: readonly Kind[];
  readonly atCluster: readonly ClusterKind[];
};

/** Estates that are drawn until one has a chain on which the step has something to wait for. */
const mostEstates = 100;

type Aimed = readonly [forth: Cell | null, back: Cell | null];

function planFor(random: Random, seed: number, [[cell, back], flip]: readonly [Aimed, FlipWanted]): Plan {
  const isSuited = (plan: Plan): boolean =>
    (cell === null || suited(plan, cell).length > 0) && (back === null || isSuitedBack(plan, back));
  let plan = drawPlan(random, seed, flip);
  for (let drawn = 1; drawn < mostEstates && !isSuited(plan); drawn += 1) plan = drawPlan(random, seed, flip);
  return plan;
}

/** Whether the whole estate can be turned round, and the step has something to wait for then. */
function isSuitedBack(plan: Plan, cell: Cell): boolean {
  if (plan.chains.some(({ wayBack }) => wayBack !== 'reverse')) return false;
  const turned = turnedRound(plan);
  return turned !== null && suited(turned, cell).length > 0;
}

/** The plan of the way back; null: this one has none. */
function turnedRound(plan: Plan): Plan | null {
  const turned = reversedPlan(plan, { schedulersOff: [] });
  return turned.ok ? turned.value.plan : null;
}

function safety({ random, plan, cell, kinds, atCluster }: Draw): readonly Happening[] {
  const happenings: Happening[] = [
    { kind: 'act', act: { kind: 'retry', pauseMs: 1_500 + random.whole(2_500), times: 3 } },
  ];
  if (random.whole(8) === 0)
    happenings.push({ kind: 'act', act: { kind: 'wait', ms: 100 + random.whole(3_000) } });
  if (random.whole(8) === 0)
    happenings.push({ kind: 'act', act: { kind: 'close-later', ms: random.whole(4_000) } });
  const surely = kinds.length === 0;
  for (const fault of clusterFaults(plan, { kinds: atCluster, surely, heals: false }))
    happenings.push({ kind: 'fault', fault });
  if (cell !== null) happenings.push(...aimsOf([random, plan, kinds], cell));
  // Mostly the aimed ones alone: what comes before them would keep the night from reaching them.
  const alone = cell !== null && random.whole(6) > 0;
  const more = (alone ? 0 : one(random, [0, 1, 1, 2, 3])) + (kinds.length < byLot.length ? 1 : 0);
  for (let count = kinds.length === 0 ? more : 0; count < more; count++)
    happenings.push({ kind: 'fault', fault: anyFault(random, plan, { kinds, heals: false }) });
  if (alone) return happenings;
  if (random.whole(5) === 0) happenings.push(abortIn(random, one(random, order).id));
  // A crash that is aimed comes alone: there is one in a night.
  if (cell?.way !== 'crash' && random.whole(3) > 0)
    happenings.push(
      crashIn([random, plan], one(random, random.whole(8) > 0 ? order.filter(isInside) : order).id),
    );
  return happenings;
}

/** What a night is aimed at, and mostly something that follows it: a night in which one thing goes wrong tells less. */
function aimsOf(
  [random, plan, kinds]: readonly [Random, Plan, readonly Kind[]],
  cell: Cell,
): readonly Happening[] {
  // Hosts of a flip or of a mirror are there only in a plan that has one.
  const isThere = (each: Cell): boolean =>
    (each.step !== 'flip' && each.step !== 'mirror') || suited(plan, each).length > 0;
  const followers = followersOf(cell).filter(
    (each) => (each.way !== 'crash' || cell.way !== 'crash') && isThere(each),
  );
  const then = followers.length > 0 && random.whole(3) > 0 ? one(random, followers) : null;
  const aimed = aim(random, plan, cell);
  if (then !== null) return [...aimed, ...aimAt(random, plan, then)];
  if (kinds.length === 0) return aimed;
  const state = one(random, ['running', 'done'] as const);
  const fault = anyFault(random, plan, { kinds, heals: false, when: { step: cell.step, state } });
  return [...aimed, { kind: 'fault', fault }];
}

/** One thing, and it heals by itself. */
function liveness({ random, plan, cell, kinds, atCluster }: Draw, seed: number): readonly Happening[] {
  const patient: Happening = { kind: 'act', act: { kind: 'retry', pauseMs: 9_000, times: 16 } };
  const healing = kinds.filter((kind) => !lasting.includes(kind));
  if (seed % 8 === 0) return [patient];
  if (cell !== null) return [patient, ...aim(random, plan, cell)];
  const [atArc] = clusterFaults(plan, { kinds: atCluster, surely: healing.length === 0, heals: true });
  if (atArc !== undefined) return [patient, { kind: 'fault', fault: atArc }];
  if (healing.length === 0) return [patient];
  return [patient, { kind: 'fault', fault: anyFault(random, plan, { kinds: healing, heals: true }) }];
}

function abortIn(random: Random, step: StepId, withinMs = 30): Happening {
  return {
    kind: 'act',
    act: { kind: 'abort', step, delayMs: random.whole(withinMs), twice: random.whole(4) === 0 },
  };
}

function crashIn([random, plan]: readonly [Random, Plan], step: StepId, within = 6): Happening {
  const edge = one(random, ['before', 'after'] as const);
  // At the very record that begins a step it runs only once that is written.
  const records = random.whole(within) + (edge === 'before' ? 1 : 0);
  const goneMs = gone(random, plan);
  return { kind: 'crash', crash: { step, records, edge, noticed: random.whole(2) === 0, goneMs } };
}

/** Mostly somebody is back soon; where switches are armed, also when those have acted by then, or never. */
function gone(random: Random, plan: Plan): number | null {
  const lot = armedHosts(plan).length > 0 ? random.whole(8) : 7;
  if (lot < 1) return null;
  const laterMs = lot < 3 ? plan.limits.deadMansSwitchMs : 0;
  return 200 + random.whole(6_000) + laterMs;
}

/** The fault (or the press of Abort, or the crash) that makes one step fail in one way, on one chain of the plan. */
function aim(random: Random, plan: Plan, cell: Cell): readonly Happening[] {
  // The undo runs only when something made it run.
  const before =
    cell.step === 'unwind' ? [abortIn(random, one(random, ['fence', 'drain', 'prove'] as const))] : [];
  return [...before, ...aimAt(random, plan, cell)];
}

function aimAt(random: Random, plan: Plan, cell: Cell): readonly Happening[] {
  const { step, way } = cell;
  const before: Happening[] = [];
  const chains = suited(plan, cell);
  const chain = one(random, chains.length > 0 ? chains : plan.chains);
  before.push(...slowing(step, chain));
  // Many a step is over soon: mostly at its very beginning.
  if (way === 'abort') return [...before, abortIn(random, step, one(random, [1, 1, 3, 30]))];
  // An undo writes many records, and its last ones take back what lets it be done at all.
  const within = step === 'unwind' ? ([1, 6, 24, 60] as const) : ([1, 1, 3, 6] as const);
  if (way === 'crash') return [...before, crashIn([random, plan], step, one(random, within))];
  const fault = aimedFault(random, [plan, chain], { step, way });
  const key = placeOf(step).scope === 'chain' ? `${step}:${chain.id}` : step;
  return [
    ...before,
    { kind: 'fault', fault: { when: { step: key, state: 'running' }, fault } satisfies ScriptedFault },
  ];
}

/** The chains on which a step has something to wait for; elsewhere it is over in the decision that begins it. */
function suited(plan: Plan, { step, way }: Cell): readonly Chain[] {
  const flavor = plan.simulator?.flavor ?? 'mysql';
  return plan.chains.filter((chain) => {
    const ring = chain.source.masters.length > 1;
    if (step === 'converge') return ring;
    if (step === 'arm' || step === 'claim') return switchOf(plan, chain).kind === 'armed';
    if (step === 'mirror') return plan.journalMirror !== undefined;
    if (step === 'flip')
      return plan.dns?.flip?.by === 'files' || (plan.dns?.flip !== undefined && !isAtHosts(way));
    if (step === 'events') return chain.events.length > 0;
    if (step === 'persist-fence') return flavor === 'mysql';
    if (step === 'configure-reverse') return chain.wayBack === 'reverse' && chain.gtid === 'on';
    if (step === 'prepare-reverse')
      return chain.wayBack === 'reverse' && (chain.gtid === 'off' || mustOpenRing(chain, flavor));
    return step !== 'reverse' || chain.wayBack === 'reverse';
  });
}

/** What makes a step wait that is mostly over at once: a ring, or a target, that lags behind at the fence. */
function slowing(step: StepId, { target }: Chain): readonly Happening[] {
  const on = present(target.masters[0], 'a target master').instance;
  if (step === 'converge') {
    const fault: Fault = { kind: 'partition', between: ['colo-a', 'colo-b'], forMs: 1_500 };
    return [{ kind: 'fault', fault: { when: { step: 'quiet', state: 'running' }, fault } }];
  }
  if (step !== 'drain') return [];
  const fault: Fault = { kind: 'lag-spike', on, appliesPerSecond: 8, forMs: 2_000 };
  return [{ kind: 'fault', fault: { when: { step: 'quiet', state: 'running' }, fault } }];
}
