import type { Plan } from '../../shared/plan/plan.ts';
import { hostKeyOf } from './random.ts';
import type { AppHost, HostWorld } from './world.ts';

/** The hosts of a plan with their keys, all known and reachable. */
export function buildHosts(plan: Plan): Map<string, HostWorld> {
  const hosts = new Map<string, HostWorld>();
  for (const host of plan.hosts) {
    const instances = plan.instances.filter((one) => one.host === host.id).map((one) => one.id);
    const pinned = plan.identities.find(
      (one) => one.instance !== undefined && instances.includes(one.instance) && one.hostKey !== undefined,
    );
    hosts.set(host.id, {
      id: host.id,
      site: host.site,
      hostKey: pinned?.hostKey ?? hostKeyOf(`${plan.name} ${host.id}`),
      known: 'known',
      reachable: true,
      files: new Map(filesOf(plan, host.id)),
      channels: new Set(),
      failing: null,
      readOnlyFolders: new Set(),
      missingFolders: new Set(),
      replyFaults: [],
    });
  }
  return hosts;
}

/** What stands there before the night: the files of the flip by which the source's endpoints are healthy. */
function filesOf({ dns }: Plan, id: string): readonly (readonly [string, string])[] {
  const { flip } = dns ?? {};
  return (flip?.files ?? []).flatMap(({ host, path, standsFor }) =>
    host === id && standsFor === 'source' ? [[path, flip?.content ?? ''] as const] : [],
  );
}

/** The application hosts of a plan, all at the site they use before. */
export function buildAppHosts(plan: Plan): Map<string, AppHost> {
  const hosts = new Map<string, AppHost>();
  for (const fleet of plan.appFleets) {
    for (const one of fleet.hosts) {
      hosts.set(one.host, {
        host: one.host,
        fleet: fleet.id,
        source: one.source,
        target: one.target,
        siteInUse: one.source,
        maintenance: false,
        moved: [],
      });
    }
  }
  return hosts;
}
