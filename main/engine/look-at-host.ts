import { unknown, known } from '../../shared/observations/observation.ts';
import type { HostFacts } from '../../shared/observations/snapshot.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { fleetHosts } from '../../shared/steps/need.ts';
import type { SshChannel } from '../ports.ts';
import { lookAtDropIns } from './look-at-files.ts';
import { observed } from './watched-facts.ts';

/** What a host says of itself: the site that it uses, and the drop-ins of the plan on it. */
export async function lookAtHost(
  plan: Plan,
  channel: SshChannel,
  { now, limitMs }: { readonly now: () => number; readonly limitMs: number },
): Promise<HostFacts> {
  const { host, hostKey } = channel;
  const fleet = fleetHosts(plan).find((entry) => entry.host === host)?.fleet;
  const site = fleet === undefined ? null : await channel.run(fleet.verify, limitMs);
  const dropIns = await lookAtDropIns(plan, channel);
  return {
    host,
    reachable: known({ hostKey }, now(), host),
    siteInUse:
      site === null
        ? unknown('not an application host', now(), host)
        : observed(
            site.kind === 'ok' ? { ...site, value: site.value.stdout.trim() } : site,
            `verify command on ${host}`,
          ),
    dropIns,
  };
}
