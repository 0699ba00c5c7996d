import { describe, expect, test } from 'vitest';
import { judge } from '../../shared/gates/judge.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import { smallPlan } from './small-plan.ts';
import { changed, healthyContext, healthyPeople, healthySnapshot, withInstance } from './snapshot.ts';

/** One broken thing in the healthy world, and what the gates must make of it. */
export type Break = {
  readonly what: string;
  /** The gates that shut, and no others; the first is closed and explains. */
  readonly closes: readonly string[];
  readonly snapshot?: (healthy: Snapshot) => Snapshot;
  readonly plan?: (plan: Plan) => Plan;
  /** Part of a reason of the first gate. */
  readonly says: string;
  /** Part of its fix. */
  readonly fix?: string;
  /** Default: both. */
  readonly flavor?: Flavor;
};

/** States that each broken thing shuts exactly its own gates, on each flavour. */
export function describeBreaks(title: string, breaks: readonly Break[]): void {
  const cases = breaks.flatMap((broken) =>
    (broken.flavor === undefined ? (['mysql', 'mariadb'] as const) : [broken.flavor]).map((flavor) => ({
      ...broken,
      flavor,
    })),
  );
  describe(`${title}: one broken thing shuts exactly its own gates`, () => {
    test.each(cases)('$what ($flavor)', ({ closes, snapshot, plan, says, fix, flavor }) => {
      const healthy = healthySnapshot(flavor);
      const verdicts = judge(plan?.(smallPlan()) ?? smallPlan(), snapshot?.(healthy) ?? healthy, {
        people: healthyPeople,
        context: healthyContext,
      });
      // MariaDB cannot persist a fence: that warning stands in the healthy world, too.
      const shut = verdicts.filter(
        ({ state, gate }) =>
          state !== 'open' && !(flavor === 'mariadb' && gate === 'durability.fence:orders'),
      );
      expect(shut.map(({ gate }) => gate).sort()).toEqual([...closes].sort());
      const first = verdicts.find(({ gate }) => gate === closes[0]);
      expect(first?.state).toBe('closed');
      expect(first?.reasons.join('\n')).toContain(says);
      expect(first?.fix).toContain(fix ?? '');
      expect(first?.fix).not.toBe('');
    });
  });
}

/** The plan with its one chain changed. */
export function withChain(plan: Plan, change: Partial<Plan['chains'][number]>): Plan {
  return { ...plan, chains: plan.chains.map((chain) => ({ ...chain, ...change })) };
}

/** The facts of one instance. */
export function get(snapshot: Snapshot, instance: string): Snapshot['instances'][string] {
  const facts = snapshot.instances[instance];
  if (facts === undefined) throw new Error(`no ${instance}`);
  return facts;
}

/** The facts of one host. */
export function host(snapshot: Snapshot, id: string): Snapshot['hosts'][string] {
  const facts = snapshot.hosts[id];
  if (facts === undefined) throw new Error(`no ${id}`);
  return facts;
}

/** The value of a known fact. */
export function value<T>(
  observation: { readonly kind: 'known'; readonly value: T } | { readonly kind: 'unknown' },
): T {
  if (observation.kind === 'unknown') throw new Error('unknown in the healthy world');
  return observation.value;
}

/** The same server, many series later. */
export function newer(snapshot: Snapshot, instance: string): Snapshot {
  return withInstance(snapshot, instance, ({ identity }) => ({
    identity: changed(identity, ({ version }) => ({ version: version.replace(/^\d+/, '12') })),
  }));
}
