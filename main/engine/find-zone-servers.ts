import { parseDnsName, type DnsName } from '../../shared/observations/dns-name.ts';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import {
  addressesIn,
  judgeZoneServers,
  parentZone,
  serversNamed,
  speaksForParent,
  type ZoneServers,
} from '../../shared/observations/zone-servers.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { DnsPort } from '../ports.ts';

/** Bounds: a zone with more servers or a deeper name is asked about as far as these go. */
const mostServers = 16;
const mostLevelsUp = 6;
const mostResolvers = 3;

type Place = { readonly address: string; readonly port: number };

/**
 * Finds every server of a zone: by the delegation in its parent and by the zone's own NS records, with addresses looked up
 * through the plan's own resolvers of that view. A private zone is looked for through the resolvers that see it.
 */
export async function findZoneServers(
  port: DnsPort,
  {
    dns,
    zone,
    limitMs,
  }: {
    readonly dns: Pick<PlannedDns, 'resolvers'>;
    readonly zone: Pick<DnsZone, 'id' | 'name' | 'view'>;
    readonly limitMs: number;
  },
): Promise<ZoneServers> {
  const resolvers = dns.resolvers.filter(({ view }) => view === zone.view).slice(0, mostResolvers);
  const name = parseDnsName(zone.name) ?? zone.name;
  const ask = (server: Place, question: readonly [DnsName, string], recursion: boolean): Promise<DnsReply> =>
    port.ask({
      server: { address: server.address, port: server.port },
      question: { name: question[0], type: question[1] },
      recursion,
      clientSubnet: null,
      limitMs,
    });
  /** The first resolver that answers at all is believed; another one is asked only where it does not. */
  const resolve = async (question: readonly [DnsName, string]): Promise<DnsReply | null> => {
    let last: DnsReply | null = null;
    for (const resolver of resolvers) {
      last = await ask(resolver, question, true);
      if (last.kind === 'answered' && last.rcode !== 'SERVFAIL' && last.rcode !== 'REFUSED') return last;
    }
    return last;
  };
  const addressesOf = async (server: DnsName): Promise<readonly string[]> => {
    const four = await resolve([server, 'A']);
    const found = four === null ? [] : addressesIn(four, 'A');
    if (found.length > 0) return found;
    const six = await resolve([server, 'AAAA']);
    return six === null ? [] : addressesIn(six, 'AAAA');
  };
  const delegation = await readDelegation(name, { ask, resolve, addressesOf });
  const told = await resolve([name, 'NS']);
  const byZone = new Set(told === null ? [] : serversNamed(told, name));
  const looks = new Map<string, Parameters<typeof judgeZoneServers>[0]['looks'][number]>();
  const done = new Set<DnsName>();
  // Twice: a server of the zone may name one that neither the parent nor the resolver did.
  for (let round = 0; round < 2; round += 1) {
    const fresh = [...new Set([...(delegation ?? []), ...byZone])].filter((server) => !done.has(server));
    await Promise.all(
      fresh.slice(0, mostServers - done.size).map(async (server) => {
        done.add(server);
        const addresses = await addressesOf(server);
        if (addresses.length === 0) looks.set(server, { server, address: null, soa: null });
        for (const address of addresses) {
          const place = { address, port: 53 };
          const [soa, named] = await Promise.all([
            ask(place, [name, 'SOA'], false),
            ask(place, [name, 'NS'], false),
          ]);
          looks.set(`${server} ${address}`, { server, address, soa });
          if (named.kind === 'answered' && named.authoritative)
            for (const each of serversNamed(named, name)) byZone.add(each);
        }
      }),
    );
  }
  return judgeZoneServers({
    zone: zone.id,
    name,
    view: zone.view,
    byParent: delegation,
    byZone: [...byZone].toSorted(),
    looks: [...looks.values()],
  });
}

/** Asks a server of the nearest zone above whom it hands this one to; null where none of them could be asked. */
async function readDelegation(
  name: DnsName,
  by: {
    readonly ask: (
      server: Place,
      question: readonly [DnsName, string],
      recursion: boolean,
    ) => Promise<DnsReply>;
    readonly resolve: (question: readonly [DnsName, string]) => Promise<DnsReply | null>;
    readonly addressesOf: (server: DnsName) => Promise<readonly string[]>;
  },
): Promise<readonly DnsName[] | null> {
  let parent = parentZone(name);
  for (let up = 0; up < mostLevelsUp && parent !== null; up += 1, parent = parentZone(parent)) {
    const told = await by.resolve([parent, 'NS']);
    for (const server of (told === null ? [] : serversNamed(told, parent)).slice(0, 2)) {
      const [address] = await by.addressesOf(server);
      if (address === undefined) continue;
      const handed = await by.ask({ address, port: 53 }, [name, 'NS'], false);
      if (speaksForParent(handed, name)) return serversNamed(handed, name);
    }
  }
  return null;
}
