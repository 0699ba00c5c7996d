/** An IP address as its bytes: 4 or 16 of them. */
export type IpAddress = { readonly family: 4 | 6; readonly bytes: readonly number[] };

/** Reads an IPv4 or IPv6 address; null for anything else, also for names, zones and numbers with leading zeros. */
export function parseIp(text: string): IpAddress | null {
  if (!text.includes(':')) {
    const bytes = ipv4Bytes(text);
    return bytes === null ? null : { family: 4, bytes };
  }
  const halves = text.split('::');
  if (halves.length > 2) return null;
  // An embedded IPv4 address may only be the end.
  const head = groupBytes(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupBytes(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const gap = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeros.
  if (halves.length === 1 ? gap !== 0 : gap < 2) return null;
  return { family: 6, bytes: [...head, ...Array.from({ length: gap }, () => 0), ...tail] };
}

/** Writes an address in its one usual form (RFC 5952), so that two texts of one address become equal. */
export function formatIp({ family, bytes }: IpAddress): string {
  if (family === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  const { from, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}

/** A network: an address and how many of its leading bits count. */
export type Subnet = { readonly address: IpAddress; readonly bits: number };

/** Reads a network such as 192.0.2.0/24; null for anything else. Bits beyond the prefix must be zero. */
export function parseSubnet(text: string): Subnet | null {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match === null ? null : parseIp(match[1] ?? '');
  const bits = Number(match?.[2]);
  if (address === null || bits > address.bytes.length * 8) return null;
  const clean = address.bytes.every((byte, at) => {
    const counted = Math.min(8, Math.max(0, bits - at * 8));
    return (byte & (0xff >> counted)) === 0;
  });
  return clean ? { address, bits } : null;
}

function ipv4Bytes(text: string): readonly number[] | null {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return null;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function groupBytes(text: string, isEnd: boolean): readonly number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [at, group] of groups.entries()) {
    const embedded = isEnd && at === groups.length - 1 ? ipv4Bytes(group) : null;
    if (embedded !== null) bytes.push(...embedded);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return null;
  }
  return bytes;
}

function longestZeros(groups: readonly number[]): { readonly from: number; readonly length: number } {
  let best = { from: 0, length: 0 };
  let from = 0;
  groups.forEach((group, at) => {
    if (group !== 0) from = at + 1;
    else if (at + 1 - from > best.length) best = { from, length: at + 1 - from };
  });
  return best;
}
