/** Numbers of the DNS protocol under the names that people know (IANA, Domain Name System Parameters). */

const types: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  CAA: 257,
};
const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

export const ednsOption = { clientSubnet: 8, extendedError: 15 } as const;

/** What we take over UDP in one piece: more is cut apart on the way and lost (DNS flag day 2020). */
export const udpBytes = 1_232;

/** The name of a record type; TYPEn for one without a name here (RFC 3597). */
export function typeName(number: number): string {
  return Object.entries(types).find(([, each]) => each === number)?.[0] ?? `TYPE${number}`;
}

/** The number of a record type; null for a name that means none. */
export function typeNumber(name: string): number | null {
  const unnamed = /^TYPE(\d{1,5})$/.exec(name)?.[1];
  const number = unnamed === undefined ? types[name] : Number(unnamed);
  return number === undefined || number > 0xffff ? null : number;
}

/** The name of a response code; RCODEn for one without a name here. */
export function rcodeName(code: number): string {
  return rcodes[code] ?? `RCODE${code}`;
}

/** The number of a response code; SERVFAIL for what is none. */
export function rcodeNumber(name: string): number {
  const at = rcodes.indexOf(name);
  return at < 0 ? 2 : at;
}
