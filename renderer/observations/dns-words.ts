import type { DnsRowView, DnsSide, DnsView, ShareView } from '../../shared/contract/dns-view.ts';
import type { Tone } from '../parts/Mark.tsx';
import { utcTime } from '../parts/format.ts';

/** How many rows have answered at all. */
export function sumOf({ target, source, other, error }: ShareView): number {
  return target + source + other + error;
}

/** 87 %, and a dash of nothing. 100 % only when it is all of them. */
export function percentOf(part: number, all: number): string {
  if (all === 0) return '–';
  const percent = (100 * part) / all;
  return `${String(percent > 99 && part < all ? 99 : percent > 0 && percent < 1 ? 1 : Math.round(percent))} %`;
}

/** Word and sign of each side of an answer; the colour of source and target is theirs everywhere. */
export const sides: Readonly<
  Record<DnsSide, { readonly word: string; readonly sign: string; readonly tone: Tone | DnsSide }>
> = {
  target: { word: 'target', sign: '✓', tone: 'target' },
  source: { word: 'source', sign: '●', tone: 'source' },
  other: { word: 'other', sign: '?', tone: 'unknown' },
  error: { word: 'error', sign: '✕', tone: 'closed' },
  waiting: { word: 'not asked', sign: '○', tone: 'quiet' },
};

/** What is left of an answer's life, counting down: a cache gives it as long as that. */
export function leftOf(row: DnsRowView, now: number): string {
  if (row.seenAtUtcMs === null) return '–';
  if (row.ttlSeconds === null)
    return (row.kind === 'host' || row.kind === 'office') && row.side !== 'error' ? 'not told' : '–';
  // The server that holds the zone gives the whole TTL each time: nothing runs out there.
  if (row.kind === 'authoritative') return `TTL ${String(row.ttlSeconds)} s`;
  return `${String(Math.max(0, row.ttlSeconds - Math.floor((now - row.seenAtUtcMs) / 1_000)))} s`;
}

/** Names for kinds of answers that need a word of their own. */
const kinds: Readonly<Record<string, string>> = {
  'other-region': 'of another region',
  foreign: 'of neither side',
  nxdomain: 'no such name',
  nodata: 'no such record',
  'broken-chain': 'broken chain of names',
  lame: 'lame',
  stale: 'stale, as it says itself',
  'server-error': 'server error',
  'no-answer': 'no answer',
};

/** What is particular about a row, in a few words; empty for one that is simply as planned. */
export function remarkOf(row: DnsRowView): string {
  const parts = [
    kinds[row.answer] ?? '',
    row.ignoresTtl === null ? '' : 'ignores TTLs',
    row.ownPlaceOnly ? 'own place only' : '',
    row.turnedBack > 0 ? `went back ${String(row.turnedBack)} ×` : '',
    row.chain.length > 1 ? `by way of ${row.chain.slice(1).join(' → ')}` : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** The whole sentence behind a row. */
export function sentenceOf(row: DnsRowView): string {
  return [row.why, row.ignoresTtl ?? ''].filter((part) => part !== '').join(' ');
}

/** When everything will have turned, in words. */
export function etaWords(
  eta: DnsView['eta'],
  now: number,
): { readonly figure: string; readonly says: string } {
  if (eta.kind === 'done') return { figure: 'turned', says: 'every row answers the target' };
  if (eta.kind === 'unknown') return { figure: 'no end yet', says: eta.why };
  const seconds = Math.max(0, Math.ceil((eta.atUtcMs - now) / 1_000));
  const without = eta.without === 0 ? '' : `, not counting ${String(eta.without)} that promise nothing`;
  return { figure: `${String(seconds)} s`, says: `at the latest at ${utcTime(eta.atUtcMs)} UTC${without}` };
}
