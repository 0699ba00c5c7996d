import type { AppHost, ChainWorld, Server, World } from './world.ts';

/** The server an application host writes to: the master of its chain beside the site it uses. */
export function routeOf(chain: ChainWorld, host: AppHost): Server | undefined {
  const masters = chain.servers.filter((server) => server.role === 'master');
  const beside = masters.find((server) => server.site === host.siteInUse);
  if (beside !== undefined) return beside;
  const side = host.siteInUse === host.target ? 'target' : 'source';
  return masters.find((server) => server.side === side);
}

/** The switch command worked: from now on the host's application uses this site. */
export function useSite(world: World, host: AppHost, site: string): void {
  if (host.siteInUse === site) return;
  host.siteInUse = site;
  for (const call of host.moved) call(world.clock.nowMs());
}

/** The application hosts whose users live in a region, the plan's first ones when none stands there. */
export function hostsOfRegion(world: World, region: string): readonly AppHost[] {
  const all = [...world.appHosts.values()];
  const there = all.filter(
    (host) => host.source === region || host.target === region || world.hosts.get(host.host)?.site === region,
  );
  return there.length > 0 ? there : all;
}
