import type { Result } from '../lib/result.ts';
import { failed, ok } from '../lib/result.ts';

/** Closed interval of transaction numbers. They reach 2^63, beyond what a number holds exactly. */
type Interval = readonly [bigint, bigint];

/** A MySQL GTID set: sorted, disjoint, never adjacent intervals by `uuid` or `uuid:tag`, all lower case. */
export type MysqlGtids = ReadonlyMap<string, readonly Interval[]>;

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const intervalForm = /^([0-9]{1,19})(?:-([0-9]{1,19}))?$/;
const tagForm = /^[a-z_][a-z0-9_]{0,31}$/;
const highest = 2n ** 63n - 2n;

/** Reads a set as `@@gtid_executed` prints it, tags (8.3 and later) and line breaks included; refuses all else. */
export function parseMysqlGtids(text: string): Result<MysqlGtids, string> {
  const found = new Map<string, Interval[]>();
  if (text.trim() === '') return ok(found);
  // Blanks are trimmed around a piece only: `1 2` is a mistake and never 12.
  for (const part of text.toLowerCase().split(',')) {
    const [uuid = '', ...fields] = part.split(':').map((piece) => piece.trim());
    if (!uuidForm.test(uuid))
      return failed(`expected a server uuid in the GTID set, seen ${JSON.stringify(part.slice(0, 80))}`);
    let key = uuid;
    let intervals = 0;
    for (const field of fields) {
      if (tagForm.test(field)) {
        // A tag must be followed by its own intervals: `uuid:tag` alone or `uuid:a:b:1` names nothing.
        if (key !== uuid && intervals === 0)
          return failed(`expected an interval after the tag in ${JSON.stringify(part.slice(0, 80))}`);
        key = `${uuid}:${field}`;
        intervals = 0;
        continue;
      }
      const interval = parseInterval(field);
      if (interval === null)
        return failed(
          `expected an interval like 1-5, seen ${JSON.stringify(field.slice(0, 80))} in the GTID set`,
        );
      const list = found.get(key) ?? [];
      list.push(interval);
      found.set(key, list);
      intervals += 1;
    }
    if (intervals === 0)
      return failed(`expected an interval at the end of ${JSON.stringify(part.slice(0, 80))}`);
  }
  return ok(new Map([...found].map(([key, list]) => [key, merged(list)])));
}

/** Prints a set as MySQL does: by uuid, the untagged intervals first, then each tag. */
export function formatMysqlGtids(set: MysqlGtids): string {
  const byUuid = new Map<string, string>();
  for (const key of [...set.keys()].sort()) {
    const [uuid = '', tag] = key.split(':');
    const spans = (set.get(key) ?? [])
      .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
      .join(':');
    if (spans === '') continue;
    byUuid.set(uuid, `${byUuid.get(uuid) ?? uuid}${tag === undefined ? '' : `:${tag}`}:${spans}`);
  }
  return [...byUuid.values()].join(',');
}

/** Everything in any of the sets. */
export function uniteMysqlGtids(sets: readonly MysqlGtids[]): MysqlGtids {
  const lists = new Map<string, Interval[]>();
  for (const set of sets) for (const [key, list] of set) lists.set(key, [...(lists.get(key) ?? []), ...list]);
  return new Map([...lists].map(([key, list]) => [key, merged(list)]));
}

/** What is in `wanted` and not in `held`, as GTID_SUBTRACT would say. */
export function subtractMysqlGtids(wanted: MysqlGtids, held: MysqlGtids): MysqlGtids {
  const rest = new Map<string, readonly Interval[]>();
  for (const [key, list] of wanted) {
    const left = list.flatMap((interval) => without(interval, held.get(key) ?? []));
    if (left.length > 0) rest.set(key, left);
  }
  return rest;
}

/** How many transactions a set names. */
export function countMysqlGtids(set: MysqlGtids): bigint {
  let count = 0n;
  for (const list of set.values()) for (const [from, to] of list) count += to - from + 1n;
  return count;
}

function parseInterval(field: string): Interval | null {
  const match = intervalForm.exec(field);
  if (match === null) return null;
  const from = BigInt(match[1] ?? '');
  const to = BigInt(match[2] ?? match[1] ?? '');
  return from >= 1n && to >= from && to <= highest ? [from, to] : null;
}

function merged(list: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const [from, to] of [...list].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1n)
      result[result.length - 1] = [last[0], to > last[1] ? to : last[1]];
    else result.push([from, to]);
  }
  return result;
}

function without(interval: Interval, held: readonly Interval[]): readonly Interval[] {
  const left: Interval[] = [];
  let from = interval[0];
  for (const [start, end] of held) {
    if (end < from) continue;
    if (start > interval[1]) break;
    if (start > from) left.push([from, start - 1n]);
    from = end + 1n;
  }
  if (from <= interval[1]) left.push([from, interval[1]]);
  return left;
}
