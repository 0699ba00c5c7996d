import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { showName, type DnsName } from '../../shared/observations/dns-name.ts';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import { judgeOutsideLink } from '../../shared/steps/outside-link.ts';
import { parentZone, serversNamed } from '../../shared/observations/zone-servers.ts';
import type { OldTtl } from '../../shared/gates/ttl-runway.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { DnsPort } from '../ports.ts';
import { findZoneServers } from './find-zone-servers.ts';

/** Resolvers give up on longer chains, and names are not deeper than this where anybody is to find them. */
const longestChain = 16;
const mostLevelsUp = 12;
const limitMs = 2_000;

type Around = { readonly dns: Pick<PlannedDns, 'resolvers'>; readonly view: DnsZone['view'] };

/**
 * Follows a name out of the plan's zones to the end of its CNAMEs, and asks for the TTL of each link at the servers that
 * hold it: what a resolver has of it is only what is left. A link that nobody who holds it answers for is a refusal.
 */
export async function readOutsideLinks(
  port: DnsPort,
  first: DnsName,
  around: Around,
): Promise<Result<readonly OldTtl[], string>> {
  const found: OldTtl[] = [];
  const passed = new Set<DnsName>();
  const ahead: DnsName[] = [first];
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (passed.has(name)) continue;
    passed.add(name);
    if (passed.size > longestChain)
      return failed(
        `${showName(first)} leads on over more than ${longestChain} names, expected a shorter chain.`,
      );
    const replies = await askHolders(port, name, around);
    if (!replies.ok) return replies;
    const link = judgeOutsideLink(name, replies.value);
    if (link === null)
      return failed(
        `The TTL of ${showName(name)}, which the old answer leads to, is not known: expected one of the servers that hold it to answer, none did. Run the command again when they do.`,
      );
    found.push(link.old);
    ahead.push(...link.next);
  }
  return ok(found);
}

/** What every server that holds a name answers of it. Users ask for addresses; a CNAME comes with either question. */
async function askHolders(
  port: DnsPort,
  name: DnsName,
  { dns, view }: Around,
): Promise<Result<readonly DnsReply[], string>> {
  const resolvers = dns.resolvers.filter((each) => each.view === view);
  if (resolvers.length === 0)
    return failed(
      `The old answer leads to ${showName(name)}, outside the zone: expected a resolver of the ${view} view in dns.resolvers to find its servers through, there is none.`,
    );
  let apex: DnsName | null = name;
  for (let up = 0; up < mostLevelsUp && apex !== null && apex !== ''; up += 1, apex = parentZone(apex)) {
    const question = { name: apex, type: 'NS' };
    for (const { address, port: at } of resolvers.slice(0, 3)) {
      const server = { address, port: at };
      const told = await port.ask({ server, question, recursion: true, clientSubnet: null, limitMs });
      // An alias has no NS records of its own: those that come with it are of the zone that it leads to.
      if (told.kind === 'failed' || serversNamed(told, apex).length === 0) continue;
      return ok(await askServersOf(port, { apex, name }, { dns, view }));
    }
  }
  return failed(
    `No zone was found that holds ${showName(name)}, which the old answer leads to: expected a resolver of the plan to name its servers.`,
  );
}

async function askServersOf(
  port: DnsPort,
  { apex, name }: { readonly apex: DnsName; readonly name: DnsName },
  { dns, view }: Around,
): Promise<readonly DnsReply[]> {
  const { servers } = await findZoneServers(port, { dns, zone: { id: apex, name: apex, view }, limitMs });
  return Promise.all(
    servers.flatMap(({ address, standing }) =>
      address === null || standing !== 'holds'
        ? []
        : ['A', 'AAAA'].map((type) =>
            port.ask({
              server: { address, port: 53 },
              question: { name, type },
              recursion: false,
              clientSubnet: null,
              limitMs,
            }),
          ),
    ),
  );
}
