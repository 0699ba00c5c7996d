import type { Plan } from '../plan/plan.ts';
import type { PlannedDns, PlannedRecord } from '../plan/plan-dns.ts';
import { matrixOf, type AliasValues, type MatrixRow } from './dns-matrix.ts';
import { parseDnsName, type DnsName } from './dns-name.ts';

/** What Route 53 gives to an alias of an AWS service, and keeps "there is no such name" for, s. */
const aliasTtlSeconds = 60;
const negativeTtlSeconds = 900;

/**
 * The longest TTL that an answer from before the change may have had, by the plan alone: for a watch that began after it.
 * The TTLs of before the lowering, because nothing here says that those have run out.
 */
export function longestPlannedTtl(dns: PlannedDns, zone: string): number {
  const ttls = dns.records
    .filter((record) => record.zone === zone)
    .map(({ before }) =>
      before === 'absent' ? negativeTtlSeconds : 'alias' in before ? aliasTtlSeconds : before.ttlSeconds,
    );
  return Math.max(0, ...ttls);
}

/** The aliases of the plan, whose addresses are observed. */
export function plannedAliases(dns: PlannedDns): readonly {
  readonly name: DnsName;
  readonly type: PlannedRecord['type'];
  readonly view: 'public' | 'private';
}[] {
  const found = dns.records.flatMap(({ zone, type, before, after }) =>
    [before, after].flatMap((side) =>
      side === 'absent' || !('alias' in side)
        ? []
        : [
            {
              name: parseDnsName(side.alias.name) ?? side.alias.name,
              type,
              view: dns.zones.find(({ id }) => id === zone)?.view ?? 'public',
            },
          ],
    ),
  );
  return [...new Map(found.map((alias) => [`${alias.name} ${alias.type} ${alias.view}`, alias])).values()];
}

/**
 * A row for each application host and office and each name of the plan, looked up there by the host's own ways. A host in an AWS region
 * is expected to get that region's answer; of another place nothing is known, and any region's answer is right.
 */
export function hostRows(plan: Plan, dns: PlannedDns, aliasValues: AliasValues): readonly MatrixRow[] {
  const fleetHosts = plan.appFleets.flatMap(({ hosts }) => hosts.map(({ host }) => host));
  const offices = new Map(dns.offices.map(({ host, region }) => [host, region]));
  return [...new Set([...fleetHosts, ...offices.keys()])].flatMap((id) => {
    const host = plan.hosts.find((each) => each.id === id);
    if (host?.ssh === undefined) return [];
    const site = plan.sites.find((each) => each.id === host.site);
    const own = site?.kind === 'ec2-region' && /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(site.id) ? site.id : null;
    const region = offices.get(id) ?? own;
    const views = ['private', 'public'] as const;
    // Where a name is in a private and in a public zone, which one a host sees it does not say: the private one is its nearer.
    const rows = views.flatMap((view) => {
      const resolver = {
        id,
        address: '127.0.0.1',
        port: 0,
        view,
        clientSubnet: false,
        ...(region === null ? {} : { region }),
      };
      return matrixOf({ ...dns, resolvers: [resolver] }, [], aliasValues);
    });
    return [
      ...new Map(
        rows.toReversed().map((row) => [`${row.asked.question.name} ${row.asked.question.type}`, row]),
      ).values(),
    ].toReversed();
  });
}

/** Whose place a host is that names are looked up on: an application's, or that of users in an office. */
export function kindOfHost({ offices }: PlannedDns, { server }: MatrixRow): 'host' | 'office' {
  return offices.some(({ host }) => host === server.name) ? 'office' : 'host';
}
