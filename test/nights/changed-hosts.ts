import type { Chain, Plan } from '../../shared/plan/plan.ts';
import { never, present } from '../../shared/lib/assert.ts';
import { armedHosts } from '../../shared/plan/switches.ts';
import { instanceOf } from '../../shared/steps/need.ts';
import type { Aim, Way } from './cells.ts';

/** Whether a way of failing strikes the hosts that a step changes; the others strike servers, lines or the cockpit. */
export function isAtHosts(way: Way): boolean {
  return !(['abort', 'crash', 'server-killed', 'server-paused', 'partition'] as readonly Way[]).includes(way);
}

/** The hosts that a step changes over SSH. */
export function hostsOf(plan: Plan, chain: Chain, hosts: NonNullable<Aim['hosts']>): readonly string[] {
  switch (hosts) {
    case 'armed':
      return armedHosts(plan);
    case 'application':
      return plan.appFleets.flatMap((fleet) => fleet.hosts.map(({ host }) => host));
    case 'mirror':
      return [present(plan.journalMirror, 'a mirror').host];
    case 'flip':
      return present(plan.dns?.flip, 'a flip').files.map(({ host }) => host);
    case 'target':
      return chain.target.masters.map(({ instance }) => instanceOf(plan, instance).host);
    default:
      return never(hosts, 'hosts of a step');
  }
}
