import type { DnsQuestion, DnsReply } from './dns-reply.ts';
import { formatIp, parseIp } from './ip-address.ts';

/** The command with which a host looks a name up by its own ways: hosts file, cache, resolver. Null: it cannot show that type. */
export function lookupCommand({ name, type }: DnsQuestion): readonly string[] | null {
  if (type === 'A') return ['getent', 'ahostsv4', name];
  if (type === 'AAAA') return ['getent', 'ahostsv6', name];
  // It follows aliases and shows only where they end.
  return null;
}

/** getent's exit status for a name that its sources do not have. Why, it does not say. */
export const notFoundStatus = 2;

/**
 * What a host printed, as a reply to the question. It says addresses only: no TTL, no code, nothing of who answered, so the
 * TTL of 0 here means "not told" and must not be shown as one.
 */
export function parseLookup(stdout: string, question: DnsQuestion): DnsReply {
  const addresses = new Set<string>();
  for (const line of stdout.split('\n')) {
    const parsed = parseIp(line.trim().split(/\s+/)[0] ?? '');
    if (parsed === null || parsed.family !== (question.type === 'A' ? 4 : 6)) continue;
    // ahostsv6 gives an IPv4 address in IPv6's clothes where there is no AAAA.
    const mapped =
      parsed.family === 6 &&
      parsed.bytes.slice(0, 10).every((byte) => byte === 0) &&
      parsed.bytes[10] === 0xff &&
      parsed.bytes[11] === 0xff;
    if (!mapped) addresses.add(formatIp(parsed));
  }
  return {
    kind: 'answered',
    rcode: 'NOERROR',
    authoritative: false,
    answers: [...addresses].map((data) => ({
      name: question.name,
      type: question.type,
      ttlSeconds: 0,
      data,
    })),
    authority: [],
    subnetScope: null,
    extendedErrors: [],
    transport: 'udp',
  };
}

/** The servers that a host's resolv.conf names; a stub such as systemd-resolved's is told as such. */
export function parseResolvConf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined)
    .map((address) =>
      address.startsWith('127.') || address === '::1' ? `${address} (a cache on the host itself)` : address,
    );
}
