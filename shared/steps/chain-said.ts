import type { Chain, Plan } from '../plan/plan.ts';
import { armedHosts } from '../plan/switches.ts';
import { instanceOf, sourceNodes } from './need.ts';
import type { Run } from './run.ts';
import type { SwitchSaid } from './switch-said.ts';

/** Hosts of switches whose second stage acted, as they said themselves. */
export function secondStageHosts({ switches }: Run, plan: Plan): readonly string[] {
  return armedHosts(plan).filter((host) => switches[host]?.state === 'second');
}

/** What was told of a chain by the hosts of its source nodes. */
export type ChainSaid = {
  /** Opened by a switch, each with its time; none: no switch opened this chain's source. */
  readonly opened: SwitchSaid['opened'];
  /** Whether a second stage looked at the chain and left it closed. */
  readonly left: boolean;
};

/** Puts together what the hosts of a chain's source nodes said. */
export function chainSaid({ switches }: Run, plan: Plan, chain: Chain): ChainSaid {
  const nodes = sourceNodes(chain);
  const said = [...new Set(nodes.map((node) => instanceOf(plan, node).host))].flatMap(
    (host) => switches[host] ?? [],
  );
  return {
    opened: said.flatMap(({ opened }) => opened.filter(({ instance }) => nodes.includes(instance))),
    left: said.some(({ left }) => left.includes(chain.id)),
  };
}
