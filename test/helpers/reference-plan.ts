import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePlan } from '../../shared/plan/parse-plan.ts';
import { planSchema, type Plan, type PlanInput } from '../../shared/plan/plan.ts';

const file = join(import.meta.dirname, '../../resources/plans/reference.simulator.yaml');

/** The reference case as its file says it. */
export function referencePlan(): Plan {
  const parsed = parsePlan(readFileSync(file, 'utf8'), 'reference.simulator.yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.plan;
}

/** The reference case with some of it changed; parsed again, so that it stays a plan. */
export function referenceWith(change: (plan: PlanInput) => PlanInput): Plan {
  return planSchema.parse(change(planSchema.parse(referencePlan())));
}

/** The reference case with everything a plan may add to it: maintenance mode, events, and a drop-in for the fence. */
export function eventfulPlan(): Plan {
  return referenceWith((plan) => ({
    ...plan,
    instances: plan.instances.map((instance) =>
      instance.id === 'orders-a1'
        ? { ...instance, fenceDropIn: '/etc/mysql/conf.d/cutover-fence.cnf' }
        : instance,
    ),
    chains: plan.chains.map((chain) =>
      chain.id === 'orders' ? { ...chain, events: ['shop.purge'] } : chain,
    ),
    appFleets: (plan.appFleets ?? []).map((fleet) => ({
      ...fleet,
      maintenance: { on: ['/usr/local/bin/maintenance', 'on'], off: ['/usr/local/bin/maintenance', 'off'] },
    })),
  }));
}
