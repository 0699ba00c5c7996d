import { isWithin, showName, type DnsName } from './dns-name.ts';
import type { DnsReply } from './dns-reply.ts';

/** One server that is named for a zone, at the address it is asked at. */
export type ZoneServer = {
  /** The plan's own id of the zone. */
  readonly zone: string;
  readonly server: DnsName;
  /** Null: none was found. */
  readonly address: string | null;
  /** Who names it: the delegation in the parent, the zone itself, or both as it should be. */
  readonly namedBy: 'both' | 'parent' | 'zone';
  /** `lame`: it answers and does not hold the zone, so no cache takes its word; `silent`: it may hold anything. */
  readonly standing: 'holds' | 'lame' | 'silent' | 'no-address';
  /** A sentence for the screen. */
  readonly why: string;
  readonly serial: number | null;
};

/** Every server of one zone, and what is odd about them. */
export type ZoneServers = {
  readonly zone: string;
  readonly servers: readonly ZoneServer[];
  readonly notes: readonly string[];
};

/** The zone above; null above the root. Dots inside a label are escaped, so the first dot ends the first label. */
export function parentZone(zone: DnsName): DnsName | null {
  if (zone === '') return null;
  const dot = zone.indexOf('.');
  return dot === -1 ? '' : zone.slice(dot + 1);
}

/** The servers that a reply names for a zone; a parent names them beside its answer, the zone in it. */
export function serversNamed(reply: DnsReply, zone: DnsName): readonly DnsName[] {
  if (reply.kind === 'failed') return [];
  const names = [...reply.answers, ...reply.authority]
    .filter(({ type, name }) => type === 'NS' && name === zone)
    .map(({ data }) => data);
  return [...new Set(names)].toSorted();
}

/** The addresses that a reply gives, whatever aliases it went through. */
export function addressesIn(reply: DnsReply, type: 'A' | 'AAAA'): readonly string[] {
  if (reply.kind === 'failed') return [];
  return reply.answers.filter((record) => record.type === type).map(({ data }) => data);
}

/** Whether the parent could say anything of this zone: it holds the zone above, or hands it on from there. */
export function speaksForParent(reply: DnsReply, zone: DnsName): boolean {
  if (reply.kind === 'failed' || reply.rcode !== 'NOERROR') return false;
  return [...reply.answers, ...reply.authority].some(
    ({ type, name }) => type === 'NS' && isWithin(zone, name),
  );
}

/** What a server said when it was asked for the SOA of the zone; null: it has no address to be asked at. */
export function judgeServer(reply: DnsReply | null): Pick<ZoneServer, 'standing' | 'why' | 'serial'> {
  if (reply === null)
    return {
      standing: 'no-address',
      why: 'No address of it was found, expected one: it cannot be asked.',
      serial: null,
    };
  if (reply.kind === 'failed')
    return {
      standing: 'silent',
      why: `It did not answer for the zone (${reply.detail}), expected its SOA: what it holds is not known.`,
      serial: null,
    };
  const serial = reply.answers.find(({ type }) => type === 'SOA')?.soa?.serial ?? null;
  if (reply.authoritative && reply.rcode === 'NOERROR' && serial !== null)
    return { standing: 'holds', why: `It holds the zone, serial ${serial}.`, serial };
  // A failing server may come back with what it had: only one that says it is not concerned is left out.
  if (reply.rcode === 'SERVFAIL')
    return {
      standing: 'silent',
      why: 'It answers SERVFAIL for the zone, expected its SOA: what it holds is not known.',
      serial: null,
    };
  const said = reply.rcode === 'NOERROR' ? 'an answer without the AA bit' : reply.rcode;
  return {
    standing: 'lame',
    why: `It is named as a server of the zone and does not hold it: it gave ${said}. Have it taken out of the NS records.`,
    serial: null,
  };
}

/** What was asked of the parent, the zone and each server. */
export type ZoneLooks = {
  readonly zone: string;
  readonly name: DnsName;
  readonly view: 'public' | 'private';
  /** Null: no server of the parent could be asked. */
  readonly byParent: readonly DnsName[] | null;
  readonly byZone: readonly DnsName[];
  /** One for each address of each name; no address: one with both null. */
  readonly looks: readonly {
    readonly server: DnsName;
    readonly address: string | null;
    readonly soa: DnsReply | null;
  }[];
};

/** Joins what parent, zone and servers said into the list of servers that have to turn. */
export function judgeZoneServers(looks: ZoneLooks): ZoneServers {
  const { zone, byParent, byZone } = looks;
  const servers = looks.looks
    .map(({ server, address, soa }): ZoneServer => {
      const parent = byParent?.includes(server) ?? false;
      const own = byZone.includes(server);
      const namedBy = parent && own ? 'both' : own ? 'zone' : 'parent';
      return { zone, server, address, namedBy, ...judgeServer(soa) };
    })
    .toSorted((left, right) => (serverKey(left) < serverKey(right) ? -1 : 1));
  return { zone, servers, notes: notesOn(looks, servers) };
}

/** What is odd: sets that differ, versions that differ, a zone that nobody can be asked about. */
function notesOn({ name, view, byParent, byZone }: ZoneLooks, servers: readonly ZoneServer[]): string[] {
  const shown = showName(name);
  if (servers.length === 0)
    return [
      view === 'private'
        ? `No server of the private zone ${shown} can be asked directly: its own resolvers are the only witnesses.`
        : `No server of ${shown} was found, expected its NS records through a resolver of the plan.`,
    ];
  const notes: string[] = [];
  const only = (some: readonly DnsName[], others: readonly DnsName[]): readonly DnsName[] =>
    some.filter((each) => !others.includes(each));
  if (byParent === null)
    notes.push(
      `The delegation of ${shown} could not be read from its parent: only the zone's own NS records were.`,
    );
  else {
    const parentOnly = only(byParent, byZone);
    const zoneOnly = only(byZone, byParent);
    if (byZone.length > 0 && parentOnly.length > 0)
      notes.push(`${parentOnly.join(', ')}: named by the parent and not by the zone itself.`);
    if (zoneOnly.length > 0) notes.push(`${zoneOnly.join(', ')}: named by the zone and not by its parent.`);
  }
  const serials = new Set(servers.flatMap(({ serial }) => (serial === null ? [] : [serial])));
  if (serials.size > 1)
    notes.push(`The servers hold different versions of ${shown}: serials ${[...serials].join(', ')}.`);
  if (servers.every(({ standing }) => standing === 'lame'))
    notes.push(
      view === 'private'
        ? `The servers named for the private zone ${shown} do not hold it for us: its own resolvers are the only witnesses.`
        : `Every server named for ${shown} is lame: nobody holds the zone.`,
    );
  return notes;
}

function serverKey({ server, address }: ZoneServer): string {
  return `${server} ${address ?? ''}`;
}
