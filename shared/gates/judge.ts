import { planNodes } from '../observations/plan-nodes.ts';
import type { Snapshot } from '../observations/snapshot.ts';
import type { Plan } from '../plan/plan.ts';
import type { Override, Verdict } from './gate.ts';
import type { Judgement, Look } from './look.ts';
import { lookAt } from './look.ts';
import { registry } from './registry.ts';
import type { GateDefinition, JudgeContext, People, World } from './world.ts';

/** Judges every gate over one snapshot and what people said; the same input always gives the same verdicts. */
export function judge(
  plan: Plan,
  snapshot: Snapshot,
  rest: { readonly people: People; readonly context: JudgeContext },
): readonly Verdict[] {
  const world: World = { plan, snapshot, ...rest };
  return registry.flatMap((gate) => judgeGate(gate, world));
}

function judgeGate(gate: GateDefinition, world: World): readonly Verdict[] {
  const look = (): Look => lookAt(world.snapshot, world.context.now);
  const verdict = (subject: Subject, judgement: Judgement | null): readonly Verdict[] =>
    judgement === null ? [] : [asVerdict({ gate, world, subject, judgement })];
  switch (gate.scope) {
    case 'plan':
      return verdict({ suffix: '', chain: null, title: gate.title }, gate.judge(world, look()));
    case 'chain':
      return world.plan.chains.flatMap((chain) =>
        verdict(
          { suffix: `:${chain.id}`, chain: chain.id, title: gate.title(chain.id) },
          gate.judge(world, chain, look()),
        ),
      );
    case 'instance':
      return planNodes(world.plan).flatMap((node) =>
        verdict(
          { suffix: `:${node.instance}`, chain: node.chain, title: gate.title(node.instance) },
          gate.judge(world, node, look()),
        ),
      );
    case 'item':
      return gate
        .items(world)
        .flatMap((item) =>
          verdict(
            { suffix: `:${item}`, chain: null, title: gate.title(item, world) },
            gate.judge(world, item, look()),
          ),
        );
  }
}

type Subject = { readonly suffix: string; readonly chain: string | null; readonly title: string };
type Parts = {
  readonly gate: GateDefinition;
  readonly world: World;
  readonly subject: Subject;
  readonly judgement: Judgement;
};

function asVerdict({ gate, world, subject, judgement }: Parts): Verdict {
  const id = `${gate.id}${subject.suffix}`;
  const overridable = mayBeOverridden(gate);
  const { override, refusal } =
    judgement.state === 'open'
      ? { override: null, refusal: [] }
      : overrideFor(id, { gate, overrides: world.people.overrides });
  return {
    gate: id,
    group: gate.group,
    chain: subject.chain,
    title: subject.title,
    state: judgement.state,
    reasons: [...judgement.reasons, ...refusal],
    evidence: judgement.evidence,
    takenAt: judgement.takenAt,
    ages: judgement.ages,
    fix: judgement.fix,
    guards: gate.guards,
    overridable,
    blocking: gate.blocking && !judgement.warnOnly,
    override,
  };
}

/** A gate that guards one writer, no lost write or the right server is never opened by a person's word. */
export function mayBeOverridden(gate: Pick<GateDefinition, 'guards' | 'overridable'>): boolean {
  return (
    gate.overridable &&
    !gate.guards.some((invariant) => invariant === 'I1' || invariant === 'I2' || invariant === 'I7')
  );
}

function overrideFor(
  id: string,
  given: { readonly gate: GateDefinition; readonly overrides: readonly Override[] },
): { readonly override: Verdict['override']; readonly refusal: readonly string[] } {
  const latest = given.overrides
    .filter((override) => override.gate === id)
    .reduce<Override | null>(
      (newest, override) => (newest === null || override.atUtcMs >= newest.atUtcMs ? override : newest),
      null,
    );
  if (latest === null) return { override: null, refusal: [] };
  if (!mayBeOverridden(given.gate)) {
    const guarded =
      given.gate.guards.length === 0
        ? 'it may not be overridden'
        : `it guards ${given.gate.guards.join(', ')}`;
    return { override: null, refusal: [`The override by ${latest.who} is ignored: ${guarded}.`] };
  }
  if (latest.reason.trim() === '')
    return { override: null, refusal: [`The override by ${latest.who} is ignored: it gives no reason.`] };
  return { override: { who: latest.who, reason: latest.reason, atUtcMs: latest.atUtcMs }, refusal: [] };
}
