import type { Plan } from '../../shared/plan/plan.ts';
import { eventfulPlan, referenceWith } from './reference-plan.ts';

/** The reference case with a dead-man's switch for every chain, second stage included. */
export function switchPlan(plan: Plan = eventfulPlan()): Plan {
  return referenceWith(() => ({
    ...plan,
    instances: plan.instances.map((instance) => ({
      ...instance,
      hostLogin: { client: 'mariadb', socket: `/run/mysqld/${instance.id}.sock`, user: 'root' },
    })),
    chains: plan.chains.map((chain) => ({
      ...chain,
      deadMansSwitch: { targetOptionFile: '~/.target.cnf' },
    })),
  }));
}
