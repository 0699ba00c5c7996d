import type { Result } from '../lib/result.ts';
import { failed, ok } from '../lib/result.ts';
import type { Position } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import type { MissingRun } from './mariadb-gtid.ts';
import {
  formatMariadbGtids,
  missingMariadbGtids,
  parseMariadbGtids,
  uniteMariadbGtids,
} from './mariadb-gtid.ts';
import {
  countMysqlGtids,
  formatMysqlGtids,
  parseMysqlGtids,
  subtractMysqlGtids,
  uniteMysqlGtids,
} from './mysql-gtid.ts';

/**
 * What `missing` says: the GTIDs in words, and how many transactions at most. MySQL's count is exact; MariaDB's servers
 * share one sequence in a domain, so their differences are an upper bound (`exact: false`). Null: beyond counting.
 */
export type Missing = {
  readonly text: string;
  readonly transactions: number | null;
  readonly exact: boolean;
};

/**
 * Whether `holder` has everything `wanted` names: MySQL superset of sets; MariaDB every (domain, server) at least as far.
 *
 * An empty `wanted` is a failure and never "yes": it is what a server without GTID says, and an empty set would make
 * every target look complete. An empty `holder` against a filled `wanted` is an honest "no".
 */
export function contains(holder: Position, wanted: Position): Result<boolean, string> {
  const lacking = missing(holder, wanted);
  return lacking.ok ? ok(lacking.value.text === '') : lacking;
}

/** What of `wanted` the holder lacks; the text is empty when it lacks nothing. */
export function missing(holder: Position, wanted: Position): Result<Missing, string> {
  if (holder.flavor !== wanted.flavor)
    return failed(`expected one flavour, seen ${holder.flavor} and ${wanted.flavor}`);
  if (wanted.gtid.trim() === '') return failed('no GTID');
  return wanted.flavor === 'mysql'
    ? missingMysql(holder.gtid, wanted.gtid)
    : missingMariadb(holder.gtid, wanted.gtid);
}

/** All that any of the positions contains, as GTID text; positions without GTID add nothing, none with GTID is a failure. */
export function union(positions: readonly Position[]): Result<string, string> {
  const filled = positions.filter((position) => position.gtid.trim() !== '');
  const flavors = new Set(positions.map((position) => position.flavor));
  if (flavors.size > 1) return failed('expected one flavour, seen mysql and mariadb');
  if (filled.length === 0) return failed('no GTID');
  if (flavors.has('mysql')) {
    const sets = all(filled.map((position) => parseMysqlGtids(position.gtid)));
    return sets.ok ? ok(formatMysqlGtids(uniteMysqlGtids(sets.value))) : sets;
  }
  const states = all(filled.map((position) => parseMariadbGtids(position.gtid)));
  return states.ok ? ok(formatMariadbGtids(uniteMariadbGtids(states.value))) : states;
}

/** Whether two readings name the very same place: flavour, GTIDs as sets, file and offset. Unreadable GTIDs are never the same. */
export function samePosition(a: Position, b: Position): boolean {
  if (a.flavor !== b.flavor || a.file !== b.file || a.offset !== b.offset) return false;
  const [left, right] = [normalized(a), normalized(b)];
  return left.ok && right.ok && left.value === right.value;
}

/** GTID text in one spelling, so that equal sets are equal texts. */
export function normalized(position: Position): Result<string, string> {
  if (position.flavor === 'mysql') {
    const set = parseMysqlGtids(position.gtid);
    return set.ok ? ok(formatMysqlGtids(set.value)) : set;
  }
  const state = parseMariadbGtids(position.gtid);
  return state.ok ? ok(formatMariadbGtids(state.value)) : state;
}

export type FilePosition = { readonly file: string; readonly offset: number };

/** Orders two places in one server's binary log; null when they belong to differently named logs or are unreadable. */
export function compareFilePosition(a: FilePosition, b: FilePosition): -1 | 0 | 1 | null {
  const [left, right] = [parseLogName(a.file), parseLogName(b.file)];
  if (left === null || right === null || left.base !== right.base) return null;
  if (!readableOffset(a.offset) || !readableOffset(b.offset)) return null;
  if (left.number !== right.number) return left.number < right.number ? -1 : 1;
  return a.offset === b.offset ? 0 : a.offset < b.offset ? -1 : 1;
}

/** Whether the link's applier has passed `source`'s place in the source's own log: the file-and-position way to contain. */
export function linkHasApplied(link: ReplicationLink, source: Position): Result<boolean, string> {
  if (source.file === null || source.offset === null) return failed('the source has no binary log position');
  if (link.appliedFile === '')
    return failed(`link ${JSON.stringify(link.channel)} has applied nothing it can name`);
  const applied = { file: link.appliedFile, offset: link.appliedOffset };
  const order = compareFilePosition(applied, { file: source.file, offset: source.offset });
  if (order === null)
    return failed(`cannot compare ${applied.file}:${applied.offset} with ${source.file}:${source.offset}`);
  return ok(order >= 0);
}

function missingMysql(held: string, wanted: string): Result<Missing, string> {
  const sets = all([parseMysqlGtids(held), parseMysqlGtids(wanted)]);
  if (!sets.ok) return sets;
  const [heldSet = new Map(), wantedSet = new Map()] = sets.value;
  const rest = subtractMysqlGtids(wantedSet, heldSet);
  return ok({ text: formatMysqlGtids(rest), transactions: countable(countMysqlGtids(rest)), exact: true });
}

function missingMariadb(held: string, wanted: string): Result<Missing, string> {
  const states = all([parseMariadbGtids(held), parseMariadbGtids(wanted)]);
  if (!states.ok) return states;
  const [heldState = new Map(), wantedState = new Map()] = states.value;
  const runs = missingMariadbGtids(wantedState, heldState);
  const count = runs.reduce((sum, run) => sum + run.upTo - (run.above ?? 0n), 0n);
  return ok({ text: runs.map(runText).join(', '), transactions: countable(count), exact: runs.length === 0 });
}

function runText(run: MissingRun): string {
  return run.above === null
    ? `${run.key}-${run.upTo} and all before`
    : `${run.key}-${run.upTo} after ${run.above}`;
}

function countable(count: bigint): number | null {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : null;
}

function parseLogName(file: string): { readonly base: string; readonly number: bigint } | null {
  const match = /^(.+)\.([0-9]{1,18})$/.exec(file);
  return match === null ? null : { base: match[1] ?? '', number: BigInt(match[2] ?? '') };
}

function readableOffset(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}

function all<T>(results: readonly Result<T, string>[]): Result<readonly T[], string> {
  const values: T[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}
