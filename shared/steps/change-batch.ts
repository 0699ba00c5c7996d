import { assert } from '../lib/assert.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import type { DnsName } from '../observations/dns-name.ts';
import { keyOfSet, sameSet, showSet, type RecordSet } from '../observations/record-set.ts';
import type { DiffEntry } from '../observations/zone-diff.ts';
import { brokenRules } from '../observations/zone-rules.ts';

/** One change of a batch. */
export type Change = { readonly action: 'CREATE' | 'DELETE' | 'UPSERT'; readonly set: RecordSet };

/** Changes that Route 53 makes all at once or not at all. */
export type ChangeBatch = { readonly changes: readonly Change[] };

/**
 * The batch that turns before into after: DELETE of exactly what was found, then CREATE. Route 53 itself refuses it when
 * somebody changed one of these record sets in the meantime, which an UPSERT would silently overwrite.
 */
export function batchOf(entries: readonly DiffEntry[]): ChangeBatch {
  const moving = entries.filter(({ kind }) => kind !== 'unchanged');
  return {
    changes: [
      ...moving.flatMap(({ before }): readonly Change[] =>
        before === null ? [] : [{ action: 'DELETE', set: before }],
      ),
      ...moving.flatMap(({ after }): readonly Change[] =>
        after === null ? [] : [{ action: 'CREATE', set: after }],
      ),
    ],
  };
}

/** The exact way back of a batch of DELETE and CREATE. */
export function reverseBatch({ changes }: ChangeBatch): ChangeBatch {
  assert(
    changes.every(({ action }) => action !== 'UPSERT'),
    'a batch with an exact reverse holds no UPSERT: it forgets what it overwrote',
  );
  const turned = (from: Change['action'], action: Change['action']): readonly Change[] =>
    changes.flatMap((change) => (change.action === from ? [{ action, set: change.set }] : []));
  return { changes: [...turned('CREATE', 'DELETE'), ...turned('DELETE', 'CREATE')] };
}

/**
 * What a person may choose when Route 53 refused the exact batch and the difference was shown: whatever is there is
 * overwritten. `live` is the zone as just listed: a record set is deleted as it is now, and only where it still is.
 */
export function overwritingBatch(entries: readonly DiffEntry[], live: readonly RecordSet[]): ChangeBatch {
  const found = new Map(live.map((set) => [keyOfSet(set), set]));
  return {
    changes: entries.flatMap(({ kind, before, after }): readonly Change[] => {
      if (kind === 'unchanged') return [];
      if (after !== null) return [{ action: 'UPSERT', set: after }];
      const there = before === null ? undefined : found.get(keyOfSet(before));
      return there === undefined ? [] : [{ action: 'DELETE', set: there }];
    }),
  };
}

/**
 * A batch that changes nothing and proves that a change would be taken: one record set is written as it stands. Of the same
 * shape as the batch of the minute, so that Route 53 itself refuses it where somebody changed the record set meanwhile.
 */
export function unchangingBatch(set: RecordSet): ChangeBatch {
  return {
    changes: [
      { action: 'DELETE', set },
      { action: 'CREATE', set },
    ],
  };
}

/** What one call may hold (Amazon Route 53 quotas, "Quotas on Route 53 API requests"). */
const mostRecords = 1_000;
const mostCharacters = 32_000;

/** Why Route 53 would not read a batch; nothing where it would. A batch is never split: half of it would be in force. */
export function tooMuchFor({ changes }: ChangeBatch): readonly string[] {
  let records = 0;
  let characters = 0;
  for (const { action, set } of changes) {
    const values = set.content.kind === 'values' ? set.content.values : [];
    // An UPSERT counts twice, as the DELETE and the CREATE that it is.
    const times = action === 'UPSERT' ? 2 : 1;
    records += times * values.length;
    characters += times * values.reduce((sum, value) => sum + value.length, 0);
  }
  return [
    ...(changes.length === 0 ? ['the batch is empty, expected at least one change'] : []),
    ...(records > mostRecords
      ? [
          `the batch holds ${records} values, expected at most ${mostRecords}: plan fewer records of this zone`,
        ]
      : []),
    ...(characters > mostCharacters
      ? [
          `the values of the batch have ${characters} characters, expected at most ${mostCharacters}: plan fewer records of this zone`,
        ]
      : []),
  ];
}

/**
 * What Route 53 makes of a batch: the zone afterwards, or every reason why nothing of it is done. This is the check before
 * the hold and the emulator's own rule, so both refuse alike.
 */
export function applyBatch(
  zone: { readonly name: DnsName; readonly sets: readonly RecordSet[] },
  batch: ChangeBatch,
): Result<readonly RecordSet[], readonly string[]> {
  const sets = new Map(zone.sets.map((set) => [keyOfSet(set), set]));
  const wrong: string[] = [...tooMuchFor(batch)];
  for (const { action, set } of batch.changes) {
    const key = keyOfSet(set);
    const there = sets.get(key);
    if (action === 'DELETE' && there === undefined)
      wrong.push(`${showSet(set)} would be deleted and is not there`);
    if (action === 'DELETE' && there !== undefined && !sameSet(there, set))
      wrong.push(`${showSet(set)} would be deleted and is not what the batch says`);
    if (action === 'CREATE' && there !== undefined)
      wrong.push(`${showSet(set)} would be created and is there already`);
    if (action === 'DELETE') sets.delete(key);
    else sets.set(key, set);
  }
  const names = new Set(batch.changes.map(({ set }) => set.name));
  const concerned = [...sets.values()].filter(({ name }) => names.has(name));
  wrong.push(...brokenRules(concerned, zone.name).map(({ message }) => message));
  return wrong.length > 0 ? failed(wrong) : ok([...sets.values()]);
}

/** Tries a batch and its exact reverse on a copy of the zone: why either would be refused. An empty batch asks for nothing. */
export function forthAndBack(
  zone: { readonly name: DnsName; readonly sets: readonly RecordSet[] },
  batch: ChangeBatch,
): { readonly forth: readonly string[]; readonly back: readonly string[] } {
  if (batch.changes.length === 0) return { forth: [], back: [] };
  const forth = applyBatch(zone, batch);
  if (!forth.ok) return { forth: forth.error, back: [] };
  const back = applyBatch({ name: zone.name, sets: forth.value }, reverseBatch(batch));
  return { forth: [], back: back.ok ? [] : back.error };
}
