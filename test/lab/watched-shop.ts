import { createClock } from '../../main/adapters/clock.ts';
import { dnsClient } from '../../main/adapters/dns.ts';
import { startDnsWatch, type DnsWatch } from '../../main/engine/dns-watch.ts';
import { dnsSchema } from '../../shared/plan/plan-dns.ts';
import { referencePlan } from '../helpers/reference-plan.ts';
import type { DnsServers } from './dns-servers.ts';

/** The readout of the zone shop.example on real servers: records, and what else the plan says of DNS. */
export function watchShop(servers: DnsServers, planned: Readonly<Record<string, unknown>>): DnsWatch {
  const client = dnsClient();
  const dns = dnsSchema.parse({
    zones: [{ id: 'shop', hostedZoneId: 'Z1', name: 'shop.example' }],
    resolvers: [{ id: 'unbound', address: '127.0.0.1', port: servers.resolver, clientSubnet: true }],
    ...planned,
  });
  return startDnsWatch({
    plan: { ...referencePlan(), appFleets: [] },
    dns,
    ports: {
      clock: createClock(),
      // The server of the zone is found at port 53 and really listens elsewhere.
      dns: {
        ask: (ask) =>
          client.ask(
            ask.server.port === 53 ? { ...ask, server: { ...ask.server, port: servers.authoritative } } : ask,
          ),
      },
      ssh: {
        open: () => Promise.reject(new Error('no host is asked here')),
        acceptHostKey: () => Promise.resolve(),
      },
    },
    mode: () => 'minute',
    failed: (what, error) => {
      throw new Error(`${what} failed`, { cause: error });
    },
  });
}

/** Looks every 100 ms until it holds, for a bounded time. */
export async function seenWithin(limitMs: number, holds: () => boolean): Promise<void> {
  const endsAt = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endsAt) throw new Error(`not seen in ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
