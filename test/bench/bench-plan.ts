import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { PlanInput } from '../../shared/plan/plan.ts';
import { planForLab } from '../lab/plan-for-lab.ts';
import type { Lab } from '../lab/start-lab.ts';

/**
 * Limits only say when a run gives up. A machine that is busy with this very benchmark would close gates for being slow;
 * how slow it is, is what is measured here. No limit is a pause, so none of them makes a switch faster.
 */
const patient = {
  preDrainMs: 60_000,
  quietMs: 10_000,
  runDeadlineMs: 60_000,
  deadMansSwitchMs: 120_000,
  fenceMs: 10_000,
  endSessionsMs: 10_000,
  proveMs: 10_000,
  passageMs: 20_000,
  promoteMs: 20_000,
  lagMs: 20_000,
} as const;
const budgets = { writeFreezeMs: 60_000, userVisibleDowntimeMs: 120_000 } as const;

/** How the cockpit reaches the servers: as the reference plan says (over SSH), or direct like the bare switch does. */
export type Via = 'ssh' | 'direct';

/**
 * The plan of a comparison, from the lab's reference plan: these chains alone, without the application, the cockpit's own
 * clients and DNS, because the outside writers are the clock here and nobody else should write.
 */
export function chainsPlan(lab: Lab, chains: readonly string[], via: Via): string {
  const { dns: _dns, ...plan } = referencePlan(lab);
  const kept = plan.chains.filter(({ id }) => chains.includes(id));
  const instances = new Set(
    kept.flatMap(({ source, target }) =>
      [...source.masters, ...(source.slaves ?? []), ...target.masters, ...(target.replicas ?? [])].map(
        ({ instance }) => instance,
      ),
    ),
  );
  return write(lab, `bench-${chains.join('-')}-${via}`, {
    ...plan,
    chains: kept,
    instances: plan.instances.filter(({ id }) => instances.has(id)).map((each) => ({ ...each, via })),
    hosts: plan.hosts.filter(({ id }) => plan.instances.some(({ host }) => host === id)),
    appFleets: [],
    clients: [],
  });
}

/** The whole reference plan: both chains, the application with its hosts, and http clients through the load balancer. */
export function wholePlan(lab: Lab): string {
  return write(lab, 'bench-whole', referencePlan(lab));
}

function referencePlan(lab: Lab): PlanInput {
  return parse(planForLab(lab.state())) as PlanInput;
}

function write(lab: Lab, name: string, plan: PlanInput): string {
  const file = join(lab.dir, `${name}.yaml`);
  writeFileSync(file, stringify({ ...plan, name, limits: { ...plan.limits, ...patient }, budgets }));
  return file;
}
