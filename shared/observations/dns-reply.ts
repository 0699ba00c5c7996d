import type { DnsName } from './dns-name.ts';

/** One record of a reply. `data` is normalised as in record-set.ts; of types that nothing here reads, it is hex. */
export type DnsRecord = {
  readonly name: DnsName;
  readonly type: string;
  /** As this reply says it: what is left of it, when a cache answers. */
  readonly ttlSeconds: number;
  readonly data: string;
  /** Only of a SOA: how long its zone lets a "there is no such name" be kept, and which version it is. */
  readonly soa?: { readonly serial: number; readonly minimumSeconds: number };
};

export type DnsQuestion = { readonly name: DnsName; readonly type: string };

/** What one server answered to one question, or why there is no answer. */
export type DnsReply =
  | {
      readonly kind: 'answered';
      /** NOERROR, NXDOMAIN, SERVFAIL, REFUSED, or RCODEn for another one. */
      readonly rcode: string;
      /** The AA bit: the server says that it holds the zone itself. */
      readonly authoritative: boolean;
      readonly answers: readonly DnsRecord[];
      readonly authority: readonly DnsRecord[];
      /** How many bits of the client subnet the answer depends on; null: the server did not echo it. */
      readonly subnetScope: number | null;
      /** RFC 8914: 3 and 19 say that the answer is stale. */
      readonly extendedErrors: readonly number[];
      readonly transport: 'udp' | 'tcp';
    }
  | {
      readonly kind: 'failed';
      readonly why: 'timeout' | 'unreachable' | 'malformed';
      readonly detail: string;
    };
