import { onceFor } from '../lib/once-for.ts';
import type { Chain, Plan } from './plan.ts';

/** When a claimed switch hears nothing of the run's end for this long, its second stage acts, ms. */
export const secondStageMs = 10_000;

/** Whether the source of a chain opens again by itself when the cockpit dies. */
export type ChainSwitch =
  /** Every source node's host arms one. `secondStage`: it can act in the narrow passage too. */
  | { readonly kind: 'armed'; readonly secondStage: boolean }
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'missing'; readonly lacking: readonly string[] };

/** What a plan says of the dead-man's switch of a chain. */
export function switchOf(plan: Plan, chain: Chain): ChainSwitch {
  const { deadMansSwitch } = chain;
  if (deadMansSwitch !== undefined && 'none' in deadMansSwitch)
    return { kind: 'none', why: deadMansSwitch.none };
  const lacking = [...chain.source.masters, ...chain.source.slaves].flatMap(({ instance: id }) => {
    const instance = plan.instances.find((each) => each.id === id);
    if (instance?.hostLogin === undefined) return [`${id} has no hostLogin`];
    const host = plan.hosts.find((each) => each.id === instance.host);
    return host?.ssh === undefined ? [`host ${instance.host} of ${id} has no ssh`] : [];
  });
  return lacking.length === 0
    ? { kind: 'armed', secondStage: deadMansSwitch !== undefined }
    : { kind: 'missing', lacking };
}

/** The chains whose switch is armed. */
export const armedChains = onceFor((plan: Plan): readonly Chain[] =>
  plan.chains.filter((chain) => switchOf(plan, chain).kind === 'armed'),
);

/** The hosts that get a switch: of every source node of those chains, and those that go into maintenance mode. */
export const armedHosts = onceFor((plan: Plan): readonly string[] => {
  const chains = armedChains(plan);
  if (chains.length === 0) return [];
  const nodes = chains.flatMap(({ source }) => [...source.masters, ...source.slaves]);
  const databases = nodes.flatMap(({ instance }) =>
    plan.instances.flatMap(({ id, host }) => (id === instance ? [host] : [])),
  );
  const fleets = plan.appFleets.filter(({ maintenance }) => maintenance !== undefined);
  return [...new Set([...databases, ...fleets.flatMap(({ hosts }) => hosts.map(({ host }) => host))])];
});

/** Hosts whose SSH channel the minute uses: of applications, of a fence's drop-in file, of the flip's files, and of a switch. */
export function runHosts(plan: Plan): readonly string[] {
  const apps = plan.appFleets.flatMap(({ hosts }) => hosts.map(({ host }) => host));
  const dropIns = plan.instances
    .filter(({ fenceDropIn }) => fenceDropIn !== undefined)
    .map(({ host }) => host);
  return [...new Set([...apps, ...dropIns, ...flipHosts(plan), ...armedHosts(plan)])];
}

/** Hosts to which the flip has an SSH channel of its own. */
export function flipHosts({ dns }: Plan): readonly string[] {
  return [...new Set(dns?.flip?.files.map(({ host }) => host))];
}
