import { lookup } from 'node:dns/promises';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { parseDnsName } from '../shared/observations/dns-name.ts';
import type { DnsZone, PlannedDns } from '../shared/plan/plan-dns.ts';
import type { Plan } from '../shared/plan/plan.ts';
import { createClock } from './adapters/clock.ts';
import { dnsClientOf } from './adapters/dns.ts';
import { healthFile } from './adapters/health-file.ts';
import { ttlFile, ttlPath } from './adapters/ttl-file.ts';
import { loadPlan } from './compose.ts';
import { findZoneServers } from './engine/find-zone-servers.ts';
import type { HealthWork } from './engine/health-checks.ts';
import type { TtlWork, ZoneServerPlace } from './engine/lower-ttl.ts';
import type { DnsPort, ZoneChannel } from './ports.ts';
import { planDirectory, stateDirectory } from './settings.ts';

export { lowerTtls, restoreTtls } from './engine/lower-ttl.ts';
export type { TtlWork } from './engine/lower-ttl.ts';
export { lookAtCheck, makeCheck, type CheckStanding } from './engine/health-checks.ts';

/** The DNS of one plan: its zones, each opened when it is asked for. */
export type ComposedDns = {
  readonly plan: Plan;
  readonly dns: PlannedDns;
  readonly digest: string;
  /** Opens a zone with the plan's credentials. */
  readonly open: (zone: DnsZone) => Promise<Result<ZoneChannel, string>>;
  /** Everything that lowering or restoring its TTLs needs. */
  readonly work: (zone: DnsZone, channel: ZoneChannel, say: (line: string) => void) => TtlWork;
  /** Everything that looking at health checks, and making them, needs. */
  readonly health: (channel: ZoneChannel) => HealthWork;
};

const openMs = 30_000;
const findMs = 2_000;

/** Where the servers of a zone are; only tests and rehearsals name other places than the network has. */
export type FindServers = (at: {
  readonly channel: ZoneChannel;
  readonly dns: PlannedDns;
  readonly zone: DnsZone;
  readonly port: DnsPort;
}) => Promise<Result<readonly ZoneServerPlace[], string>>;

/** Reads a plan and joins what `cockpit dns` needs; the mistakes of the plan otherwise. */
export async function composeDns(
  file: string,
  servers: FindServers = serversOfZone,
): Promise<Result<ComposedDns, string>> {
  const loaded = loadPlan(file);
  if (!loaded.ok) return failed(loaded.error.join('\n'));
  const { plan, digest } = loaded.value;
  const { dns } = plan;
  if (dns === undefined)
    return failed(`${file}: the plan has no section dns, expected zones and records in it`);
  if (plan.environment === 'simulator')
    return failed(
      `${file}: its zones are simulated and end with the cockpit that simulates them, expected a plan of staging or production`,
    );
  // The AWS SDK is loaded only by who asks Route 53: every other command starts without it.
  const { createRoute53 } = await import('./adapters/route53.ts');
  const route53 = createRoute53(plan);
  const directory = planDirectory(stateDirectory(), plan.name);
  return ok({
    plan,
    dns,
    digest,
    open: async (zone) => {
      const opened = await route53.open(zone.id, openMs);
      return opened.kind === 'open' ? ok(opened.channel) : failed(opened.message);
    },
    work: (zone, channel, say) => {
      const port = dnsClientOf(dns);
      return {
        channel,
        clock: createClock(),
        say,
        dns,
        zone,
        name: parseDnsName(zone.name) ?? zone.name,
        planDigest: digest,
        file: ttlFile(ttlPath(directory, zone.id)),
        resolver: port,
        servers: () => servers({ channel, dns, zone, port }),
      };
    },
    health: (channel) => ({
      channel,
      clock: createClock(),
      file: healthFile(directory),
      plan: plan.name,
      planDigest: digest,
    }),
  });
}

/**
 * The servers that caches may fetch the zone from, found as the readout finds them. Without a resolver in the plan: those
 * of Route 53's delegation set, through the laptop's own. A private zone may have none that can be asked: Route 53's
 * INSYNC is all there is.
 */
const serversOfZone: FindServers = async ({ channel, dns, zone, port }) => {
  if (!dns.resolvers.some(({ view }) => view === zone.view)) return namedServers(channel);
  const { servers } = await findZoneServers(port, { dns, zone, limitMs: findMs });
  const places: ZoneServerPlace[] = [];
  for (const { server, address, standing, why } of servers) {
    // No cache takes the word of one that does not hold the zone.
    if (standing === 'lame') continue;
    if (address === null) return failed(`${server}: ${why}`);
    places.push({ server, address, port: 53 });
  }
  return places.length === 0 && zone.view === 'public'
    ? failed(
        `No server of ${zone.name} was found, expected its NS records through the resolvers of the plan.`,
      )
    : ok(places);
};

async function namedServers(channel: ZoneChannel): Promise<Result<readonly ZoneServerPlace[], string>> {
  const facts = await channel.facts(openMs);
  if (facts.kind !== 'ok') return failed(facts.message);
  const places: ZoneServerPlace[] = [];
  for (const server of facts.value.nameServers)
    try {
      for (const { address } of await lookup(server, { all: true, family: 4 }))
        places.push({ server, address, port: 53 });
    } catch (error) {
      return failed(
        `The address of ${server} was not found (${error instanceof Error ? error.message : String(error)}), expected one of each server of the zone.`,
      );
    }
  return ok(places);
}
