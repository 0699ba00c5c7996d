import type { Fault } from '../../shared/plan/scenario.ts';
import { never } from '../../shared/lib/assert.ts';
import { turnControls } from './cluster.ts';
import type { World } from './world.ts';

type ClusterTrouble = Extract<Fault, { readonly kind: `cluster-${string}` }>;

/** Whether a fault strikes the cluster of ARC. */
export function isClusterFault(fault: Fault): fault is ClusterTrouble {
  return fault.kind.startsWith('cluster-');
}

/** Lets one thing go wrong at the cluster of the plan's flip; where there is none, nothing does. */
export function injectAtCluster(world: World, fault: ClusterTrouble): void {
  const { clock, cluster } = world;
  const { endpoints, controls } = world.plan.dns?.flip?.cluster ?? { endpoints: [], controls: [] };
  switch (fault.kind) {
    case 'cluster-endpoint': {
      const away = cluster[fault.how];
      const urls = endpoints.flatMap(({ url }, at) => (at + 1 === (fault.nth ?? at + 1) ? [url] : []));
      for (const url of urls) away.add(url);
      if (fault.forMs !== null) clock.in(fault.forMs, () => urls.forEach((url) => away.delete(url)));
      return;
    }
    case 'cluster-reply':
      for (let count = fault.times; count > 0; count--) cluster.replyFaults.push(fault);
      return;
    case 'cluster-rule':
      cluster.rule = fault.says;
      if (fault.forMs !== null) clock.in(fault.forMs, () => void (cluster.rule = null));
      return;
    case 'cluster-changed': {
      const states = Object.fromEntries(controls.map(({ arn, standsFor }) => [arn, fault[standsFor]]));
      return turnControls(world, states, 'others');
    }
    default:
      never(fault, 'a fault at the cluster');
  }
}
