/**
 * A domain name in the one form that everything here compares: lower case, without the last dot, and every byte but
 * a–z, 0–9, dash, underscore and the dots between labels as Route 53 escapes it: a backslash and three octal digits.
 * (Route 53 answers `\052.shop.example.` for a name that was written `*.shop.example`.)
 */
export type DnsName = string;

/** Reads a name as Route 53, a plan or a resolver writes it; null for what is no name of at most 255 bytes on the wire. */
export function parseDnsName(text: string): DnsName | null {
  if (text === '.' || text === '') return '';
  const labels = labelsOf(text.endsWith('.') && !text.endsWith('\\.') ? text.slice(0, -1) : text);
  return labels === null ? null : nameOfLabels(labels);
}

/** Joins labels of bytes, as they stand in a DNS message; null when a label or the whole is too long or empty. */
export function nameOfLabels(labels: readonly (readonly number[])[]): DnsName | null {
  const wire = labels.reduce((sum, label) => sum + label.length + 1, 1);
  if (wire > 255 || labels.some((label) => label.length === 0 || label.length > 63)) return null;
  return labels.map((label) => label.map(escaped).join('')).join('.');
}

/** The labels of a name as bytes, for a DNS message; null for what is no name. */
export function labelsOf(text: string): readonly (readonly number[])[] | null {
  if (text === '') return [];
  const labels: number[][] = [[]];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const octal = /^\\([0-3][0-7]{2})/.exec(text.slice(at, at + 4))?.[1];
    if (octal !== undefined) {
      labels.at(-1)?.push(Number.parseInt(octal, 8));
      at += 3;
    } else if (text[at] === '.') labels.push([]);
    // A name of other letters must come in its ASCII form (xn--…), and a bare backslash means nothing.
    else if (code > 0x7e || code < 0x21 || text[at] === '\\') return null;
    else labels.at(-1)?.push(code);
  }
  return labels;
}

/** Whether a name is a zone's own name or lies below it. Both in the form of parseDnsName. */
export function isWithin(name: DnsName, zone: DnsName): boolean {
  return name === zone || zone === '' || name.endsWith(`.${zone}`);
}

/** A name for people: the star as a star. */
export function showName(name: DnsName): string {
  return name === '' ? '.' : name.replace(/^\\052(?=\.)/, '*');
}

function escaped(byte: number): string {
  const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  const character = String.fromCharCode(lower);
  return /[a-z0-9_-]/.test(character) ? character : `\\${lower.toString(8).padStart(3, '0')}`;
}
