import type { Plan } from '../../shared/plan/plan.ts';
import type { Fault, ScriptedFault, When } from '../../shared/plan/scenario.ts';
import { seeded, type Random } from '../../main/simulator/random.ts';

/** Faults of the cluster of ARC: in a plan without routing controls they strike nothing, and no night of one draws them. */
export const clusterKinds = [
  'cluster-endpoint',
  'cluster-reply',
  'cluster-rule',
  'cluster-changed',
] as const satisfies readonly Fault['kind'][];
export type ClusterKind = (typeof clusterKinds)[number];

type Wanted = {
  /** Kinds that this night may have. */
  readonly kinds: readonly ClusterKind[];
  /** Whether one of them has to be there: no other is allowed. */
  readonly surely: boolean;
  /** Whether what goes wrong is over after a while. */
  readonly heals: boolean;
};

/**
 * What goes wrong at the cluster in a night that is announced by routing controls: mostly something, and mostly while they
 * are turned. By a chance of its own, so that the night is in everything else what it would be without.
 */
export function clusterFaults(plan: Plan, { kinds, surely, heals }: Wanted): readonly ScriptedFault[] {
  if (plan.dns?.flip?.cluster === undefined || kinds.length === 0) return [];
  const random = seeded(plan.simulator?.seed ?? 1, 'cluster');
  if (!surely && random.whole(8) === 0) return [];
  const first = random.whole(kinds.length);
  // Two of them meet what one alone does not: a reply that is lost where the next endpoint is away.
  const count = heals ? 1 : Math.min(kinds.length, 1 + random.whole(2));
  return Array.from({ length: count }, (_, at) => kinds[(first + at) % kinds.length]).flatMap((kind) =>
    kind === undefined ? [] : [{ when: moment(random, kind), fault: make(random, plan, [kind, heals]) }],
  );
}

/** Before the fence what somebody else turned ends the run, as it should: seldom, because then no flip is met. */
function moment(random: Random, kind: ClusterKind): When {
  const steps = ['flip', 'flip', 'flip', 'promote', 'fence'] as const;
  if (kind === 'cluster-changed' && random.whole(8) === 0) return { step: 'lock', state: 'running' };
  const step = steps[random.whole(steps.length)] ?? 'flip';
  return { step, state: step === 'flip' && random.whole(6) === 0 ? 'done' : 'running' };
}

function make(random: Random, plan: Plan, [kind, heals]: readonly [ClusterKind, boolean]): Fault {
  const forMs = heals || random.whole(3) > 0 ? 200 + random.whole(8_000) : null;
  switch (kind) {
    case 'cluster-endpoint': {
      const endpoints = plan.dns?.flip?.cluster?.endpoints.length ?? 1;
      const how = random.whole(2) === 0 ? 'unavailable' : 'silent';
      return { kind, how, forMs, ...(random.whole(3) === 0 ? {} : { nth: 1 + random.whole(endpoints) }) };
    }
    case 'cluster-reply': {
      const ways = ['lost', 'lost-after-effect', 'late', 'behind-limit'] as const;
      const way = ways[random.whole(ways.length)] ?? 'lost';
      return { kind, way, ms: 100 + random.whole(3_000), times: 1 + random.whole(3) };
    }
    case 'cluster-rule':
      return { kind, says: 'The safety rule one-side-on forbids these states.', forMs };
    case 'cluster-changed': {
      const state = () => (random.whole(2) === 0 ? 'On' : 'Off');
      return { kind, source: state(), target: state() };
    }
    default:
      return kind satisfies never;
  }
}
