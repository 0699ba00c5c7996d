import { plannedAliases } from '../../shared/observations/watched-rows.ts';
import { addressesIn } from '../../shared/observations/zone-servers.ts';
import type { PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { Ports } from '../ports.ts';

/** Where aliases lead changes by itself: every address that was seen counts, as long as there are not absurdly many. */
export async function readAliases(
  port: Ports['dns'],
  { dns, limitMs }: { readonly dns: PlannedDns; readonly limitMs: number },
  into: Map<string, Set<string>>,
): Promise<void> {
  for (const { name, type, view } of plannedAliases(dns)) {
    const known = into.get(`${name} ${type}`) ?? new Set<string>();
    into.set(`${name} ${type}`, known);
    for (const { address, port: at } of dns.resolvers.filter((each) => each.view === view).slice(0, 5)) {
      const reply = await port.ask({
        server: { address, port: at },
        question: { name, type },
        recursion: true,
        clientSubnet: null,
        limitMs,
      });
      if (type !== 'CNAME')
        for (const value of addressesIn(reply, type)) if (known.size < 256) known.add(value);
    }
  }
}
