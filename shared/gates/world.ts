import type { MeasuredFreeze } from '../observations/forecast.ts';
import type { PlanNode } from '../observations/plan-nodes.ts';
import type { Snapshot } from '../observations/snapshot.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import type { Flavor } from '../sessions/identity.ts';
import { provenSeries } from '../sessions/versions.ts';
import type { ChecklistAnswer, GateGroup, Invariant, Override } from './gate.ts';
import type { Judgement, Look } from './look.ts';

/** What people said. */
export type People = {
  readonly answers: readonly ChecklistAnswer[];
  readonly overrides: readonly Override[];
};

/** What this build of the cockpit can do, as far as gates ask. */
export type Program = {
  /** Release series that real servers confirmed, e.g. `10.11`. */
  readonly provenVersions: readonly { readonly flavor: Flavor; readonly series: string }[];
};

/** This version of the cockpit. */
export const thisProgram: Program = { provenVersions: provenSeries };

/** What surrounds a judgement. */
export type JudgeContext = {
  /** UTC ms: observations are aged against this. */
  readonly now: number;
  /** Items of the go phase, and the clients, count only at go. */
  readonly phase: 'preflight' | 'go';
  readonly history: readonly MeasuredFreeze[];
  readonly program: Program;
  /** Fastest apply rate seen on a backlog, by chain, where the observer knows it. */
  readonly appliesPerSecond?: Readonly<Record<string, number>>;
};

/** Everything a gate may judge by. */
export type World = {
  readonly plan: Plan;
  readonly snapshot: Snapshot;
  readonly people: People;
  readonly context: JudgeContext;
};

type Common = {
  /** `group-like.name`; the subject is appended after a colon. */
  readonly id: string;
  readonly group: GateGroup;
  readonly guards: readonly Invariant[];
  /** Gates that guard I1, I2 or I7 are never overridable, whatever stands here. */
  readonly overridable: boolean;
  /** A gate may soften itself for one judgement (look.warnOnly), never harden. */
  readonly blocking: boolean;
};

/**
 * One gate. Its judge looks at facts through `look` and expects things of them; whatever it looked at and could not
 * see makes the verdict unknown by itself. Null: the gate does not apply to this subject.
 */
export type GateDefinition =
  | (Common & {
      readonly scope: 'plan';
      readonly title: string;
      readonly judge: (world: World, look: Look) => Judgement | null;
    })
  | (Common & {
      readonly scope: 'chain';
      readonly title: (chain: string) => string;
      readonly judge: (world: World, chain: Chain, look: Look) => Judgement | null;
    })
  | (Common & {
      readonly scope: 'instance';
      readonly title: (instance: string) => string;
      readonly judge: (world: World, node: PlanNode, look: Look) => Judgement | null;
    })
  | (Common & {
      /** One verdict for each of a list that the plan gives: checklist items, fleets. */
      readonly scope: 'item';
      readonly items: (world: World) => readonly string[];
      readonly title: (item: string, world: World) => string;
      readonly judge: (world: World, item: string, look: Look) => Judgement | null;
    });
