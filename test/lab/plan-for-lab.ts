import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanInput } from '../../shared/plan/plan.ts';
import { membersIn, type LabState } from './lab-state.ts';
import { nodeBinary, type ProcessSpec } from './processes.ts';
import { defaultBasePort, portOffsets } from './topology.ts';

/** The plan that `npm run lab -- up` is driven by. */
export const labPlanFile = join(import.meta.dirname, '../../resources/plans/reference.lab.yaml');

/** The same plan for a lab on other ports and in another directory, as YAML. */
export function planForLab(lab: LabState): string {
  const moved = new Map(
    Object.entries(portOffsets).map(([listener, offset]) => [
      String(defaultBasePort + offset),
      String(lab.ports[listener]),
    ]),
  );
  return readFileSync(labPlanFile, 'utf8')
    .replace(/^( +)gtid: on$/gm, `$1gtid: ${lab.gtid}`)
    .replace(/\b\d{5}\b/g, (number) => moved.get(number) ?? number)
    .replaceAll('~/.local/state/cutover-lab/current', lab.dir);
}

/** Where the plan of this very lab lies: with its ports, its directory and its way of following. */
export const ownPlanFile = (dir: string): string => join(dir, 'plan.yaml');

/** Writes that plan. */
export function writeOwnPlan(lab: LabState): void {
  writeFileSync(ownPlanFile(lab.dir), planForLab(lab));
}

/** How the lab's Route 53 is started: with the zones of that plan, at the ports that it names. */
export function route53Spec(lab: LabState): ProcessSpec {
  const program = join(import.meta.dirname, 'lab.ts');
  return {
    name: 'route53',
    argv: [nodeBinary(), program, 'route53', ownPlanFile(lab.dir)],
    logFile: join(lab.dir, 'route53.log'),
  };
}

/** A plan of the whole lab with what is there alone, for a lab of some instances. */
export function planOfMembers(plan: PlanInput, lab: LabState): PlanInput {
  const here = new Set(membersIn(lab).map(({ id }) => id));
  const kept = <T extends { readonly instance: string }>(all: readonly T[] | undefined): T[] =>
    (all ?? []).filter(({ instance }) => here.has(instance));
  const chains = plan.chains
    .filter(({ source }) => kept(source.masters).length > 0)
    .map((chain) => ({
      ...chain,
      source: { masters: kept(chain.source.masters), slaves: kept(chain.source.slaves) },
      target: { masters: kept(chain.target.masters), replicas: kept(chain.target.replicas) },
    }));
  return {
    ...plan,
    chains,
    clients: (plan.clients ?? []).filter(({ chain }) => chains.some(({ id }) => id === chain)),
    instances: plan.instances.filter(({ id }) => here.has(id)),
  };
}
