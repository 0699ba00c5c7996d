import type { OldTtl } from '../gates/ttl-runway.ts';
import { showName, type DnsName } from '../observations/dns-name.ts';
import type { DnsRecord, DnsReply } from '../observations/dns-reply.ts';

/** One link of a chain of names in somebody else's zone: for how long it is kept, and where it leads on. */
export type OutsideLink = { readonly old: OldTtl; readonly next: readonly DnsName[] };

/**
 * What the servers that hold a name say of it, all of them together: the longest TTL counts, because a cache may have
 * asked any of them. "There is none" is kept as well, as long as the SOA beside it says. Null: nobody who holds it answered.
 */
export function judgeOutsideLink(name: DnsName, replies: readonly DnsReply[]): OutsideLink | null {
  const held = replies.flatMap((reply) =>
    reply.kind === 'answered' &&
    reply.authoritative &&
    (reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN')
      ? [reply]
      : [],
  );
  const own = held.flatMap(({ answers }) => answers.filter((record) => record.name === name));
  const records = own.length > 0 ? own : held.flatMap(({ authority }) => authority.filter(isSoa));
  if (records.length === 0) return null;
  const types = [...new Set(own.map(({ type }) => type))].toSorted().join(' and ');
  return {
    old: {
      what:
        own.length > 0
          ? `${showName(name)} ${types}, which the old answer leads to`
          : `${showName(name)}, which the old answer leads to and which is not there`,
      ttlSeconds: Math.max(...records.map(keptFor)),
      lowered: false,
    },
    next: [...new Set(own.flatMap(({ type, data }) => (type === 'CNAME' ? [data] : [])))],
  };
}

function isSoa({ type }: DnsRecord): boolean {
  return type === 'SOA';
}

function keptFor({ ttlSeconds, soa }: DnsRecord): number {
  return soa === undefined ? ttlSeconds : Math.min(ttlSeconds, soa.minimumSeconds);
}
