import type { Result } from '../lib/result.ts';
import { failed, ok } from '../lib/result.ts';

/**
 * A MariaDB binlog state: the highest sequence by `domain-server`.
 *
 * The vector is what proves containment: MASTER_GTID_WAIT looks at one number per domain and is satisfied early when
 * two co-masters write in one domain.
 */
export type MariadbGtids = ReadonlyMap<string, bigint>;

const gtidForm = /^([0-9]{1,10})-([0-9]{1,10})-([0-9]{1,20})$/;
const highestId = 2n ** 32n - 1n;
const highestSequence = 2n ** 64n - 1n;

/** Reads `@@gtid_binlog_state`, e.g. `0-1-5,0-2-9`; refuses all else. */
export function parseMariadbGtids(text: string): Result<MariadbGtids, string> {
  const state = new Map<string, bigint>();
  if (text.trim() === '') return ok(state);
  // Blanks are trimmed around a part only: `0-1-5 6` is two mistakes and never 0-1-56.
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const match = gtidForm.exec(part);
    const domain = BigInt(match?.[1] ?? -1);
    const server = BigInt(match?.[2] ?? -1);
    const sequence = BigInt(match?.[3] ?? -1);
    if (match === null || domain > highestId || server > highestId || sequence > highestSequence) {
      return failed(`expected a GTID as domain-server-sequence, seen ${JSON.stringify(part.slice(0, 80))}`);
    }
    const key = `${domain}-${server}`;
    const before = state.get(key);
    if (before === undefined || before < sequence) state.set(key, sequence);
  }
  return ok(state);
}

/** Prints a state sorted by domain, then server. */
export function formatMariadbGtids(state: MariadbGtids): string {
  return sortedKeys(state)
    .map((key) => `${key}-${state.get(key) ?? 0n}`)
    .join(',');
}

/** The highest sequence of each (domain, server) over all states. */
export function uniteMariadbGtids(states: readonly MariadbGtids[]): MariadbGtids {
  const union = new Map<string, bigint>();
  for (const state of states) {
    for (const [key, sequence] of state) {
      const before = union.get(key);
      if (before === undefined || before < sequence) union.set(key, sequence);
    }
  }
  return union;
}

/** The runs of sequences per (domain, server) that `held` has not reached: after `above`, up to `upTo`. */
export function missingMariadbGtids(wanted: MariadbGtids, held: MariadbGtids): readonly MissingRun[] {
  return sortedKeys(wanted).flatMap((key) => {
    const upTo = wanted.get(key) ?? 0n;
    const above = held.get(key) ?? null;
    return (above ?? 0n) < upTo ? [{ key, above, upTo }] : [];
  });
}

/** One run of sequences; `above` is null when nothing of that (domain, server) is held. */
export type MissingRun = { readonly key: string; readonly above: bigint | null; readonly upTo: bigint };

function sortedKeys(state: MariadbGtids): readonly string[] {
  const order = (key: string): readonly [number, number] => {
    const [domain = '0', server = '0'] = key.split('-');
    return [Number(domain), Number(server)];
  };
  return [...state.keys()].sort((a, b) => {
    const [domainA, serverA] = order(a);
    const [domainB, serverB] = order(b);
    return domainA - domainB || serverA - serverB;
  });
}
