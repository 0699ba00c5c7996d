import { z } from 'zod';
import { failed, ok, type Result } from '../lib/result.ts';
import { known, type Observation } from '../observations/observation.ts';
import { normaliseSet, showSet, type RecordSet } from '../observations/record-set.ts';
import type { Runway } from '../gates/ttl-runway.ts';

/**
 * What is kept of a lowering of TTLs, one line each, never changed: first what was observed, before anything was sent.
 * It cannot be seen afterwards, and without it nobody knows how long to wait, nor what to put back.
 */

const oldTtl = z.strictObject({ what: z.string(), ttlSeconds: z.int().min(0), lowered: z.boolean() });
const routing = z.union([
  z.strictObject({ kind: z.literal('simple') }),
  z.strictObject({ kind: z.literal('latency'), region: z.string() }),
  z.strictObject({ kind: z.literal('weighted'), weight: z.int() }),
  z.strictObject({ kind: z.literal('failover'), role: z.enum(['PRIMARY', 'SECONDARY']) }),
  z.strictObject({ kind: z.literal('other'), policy: z.string(), detail: z.string() }),
]);
const content = z.union([
  z.strictObject({ kind: z.literal('values'), ttlSeconds: z.int().min(0), values: z.array(z.string()) }),
  z.strictObject({
    kind: z.literal('alias'),
    hostedZoneId: z.string(),
    name: z.string(),
    evaluateTargetHealth: z.boolean(),
  }),
]);
const recordSet = z.strictObject({
  name: z.string(),
  type: z.string(),
  setIdentifier: z.string(),
  routing,
  healthCheckId: z.string().nullable(),
  content,
});

const line = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('observed'),
    at: z.int(),
    zone: z.string(),
    hostedZoneId: z.string(),
    planDigest: z.string(),
    kept: z.array(z.strictObject({ set: recordSet, oldTtls: z.array(oldTtl) })).min(1),
  }),
  z.strictObject({ kind: z.literal('lowered'), at: z.int(), changeId: z.string().nullable() }),
  z.strictObject({ kind: z.literal('insync'), at: z.int() }),
  z.strictObject({ kind: z.literal('servers'), at: z.int(), servers: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('seen'), at: z.int(), server: z.string() }),
  z.strictObject({ kind: z.literal('restored'), at: z.int(), changeId: z.string().nullable() }),
]);

/** One line of the file. Times are UTC ms. */
export type TtlLine = z.infer<typeof line>;

/** A lowering as its lines tell it. */
export type TtlRecord = {
  readonly observed: Extract<TtlLine, { readonly kind: 'observed' }>;
  readonly loweredAt: number | null;
  readonly changeId: string | null;
  readonly insyncAt: number | null;
  /** Each authoritative server that had to turn; null: they were not found yet. */
  readonly servers: readonly { readonly server: string; readonly seenAt: number | null }[] | null;
};

/** Reads the lines of a file; a line that cannot be read refuses all of it. A last line without an end was never written. */
export function foldTtlRecord(text: string): Result<TtlRecord, string> {
  const lines: TtlLine[] = [];
  for (const [at, each] of text.split('\n').slice(0, -1).entries()) {
    const read = line.safeParse(jsonOf(each));
    if (!read.success)
      return failed(`line ${at + 1} cannot be read, expected what a lowering of TTLs writes`);
    lines.push(read.data);
  }
  const [first] = lines;
  if (first?.kind !== 'observed') return failed('expected the observed TTLs in its first line');
  const last = <K extends TtlLine['kind']>(kind: K): Extract<TtlLine, { kind: K }> | undefined =>
    lines.findLast((each): each is Extract<TtlLine, { kind: K }> => each.kind === kind);
  const seen = new Map<string, number>();
  // The first time counts: a server that was asked again has turned no later for that.
  for (const each of lines)
    if (each.kind === 'seen' && !seen.has(each.server)) seen.set(each.server, each.at);
  const lowered = last('lowered');
  return ok({
    observed: first,
    loweredAt: lowered?.at ?? null,
    changeId: lowered?.changeId ?? null,
    insyncAt: last('insync')?.at ?? null,
    servers: last('servers')?.servers.map((server) => ({ server, seenAt: seen.get(server) ?? null })) ?? null,
  });
}

/** The record sets as they were observed. */
export function observedSets(record: TtlRecord): readonly RecordSet[] {
  return record.observed.kept.map(({ set }) => normaliseSet(set));
}

/** What the runway gate looks at, from the record of the lowering. */
export function runwayOf(record: TtlRecord, marginMs: number): Runway {
  const servers: Observation<readonly { readonly server: string; readonly seenAt: number | null }[]> =
    record.servers === null
      ? {
          kind: 'unknown',
          why: 'they were not found yet',
          takenAt: record.observed.at,
          source: 'the lowering',
        }
      : known(record.servers, record.observed.at, 'the lowering');
  return {
    insyncAt: record.insyncAt,
    servers,
    records: record.observed.kept.map(({ set, oldTtls }) => ({ record: showSet(set), oldTtls })),
    marginMs,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
