import type { Chain, Plan } from '../plan/plan.ts';

/** One instance in its place in a chain, and the link it should have. */
export type PlanNode = {
  readonly instance: string;
  readonly chain: string;
  readonly side: 'source' | 'target';
  readonly role: 'master' | 'slave' | 'replica';
  /** The instance it replicates from; null: from none. */
  readonly from: string | null;
  readonly channel: string;
};

/** All nodes of one chain: source masters, slaves, target masters, replicas. */
export function chainNodes(chain: Chain): readonly PlanNode[] {
  const place = (
    side: PlanNode['side'],
    role: PlanNode['role'],
    members: Chain['source']['masters'],
  ): readonly PlanNode[] =>
    members.map((member) => ({
      instance: member.instance,
      chain: chain.id,
      side,
      role,
      from: member.from ?? null,
      channel: member.channel,
    }));
  return [
    ...place('source', 'master', chain.source.masters),
    ...place('source', 'slave', chain.source.slaves),
    ...place('target', 'master', chain.target.masters),
    ...place('target', 'replica', chain.target.replicas),
  ];
}

/** All nodes of the plan, chain by chain. */
export function planNodes(plan: Plan): readonly PlanNode[] {
  return plan.chains.flatMap(chainNodes);
}

/** Instances a chain's writers write to before the switch: they alone carry heartbeats of their own. */
export function sourceMasters(chain: Chain): readonly string[] {
  return chain.source.masters.map(({ instance }) => instance);
}
