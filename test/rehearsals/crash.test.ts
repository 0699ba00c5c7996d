import { describe, expect, test } from 'vitest';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { crashedNight, type Crash, type CrashedNight } from '../helpers/crashed-night.ts';
import { rehearse } from '../helpers/rehearsal.ts';

/** Every n-th record in the ordinary suite; at night all of them, on both edges, noticed and not. */
const every = process.env['NIGHT'] === undefined ? 40 : 1;

/** What must be true wherever a cockpit died and was taken up again. Returns what was not, as sentences. */
function wrong(night: CrashedNight): readonly string[] {
  const { run, records, refused } = night;
  if (!night.died) return ['the cockpit did not die'];
  if (refused !== null) return [`refused: ${refused}`];
  const outcome = run?.outcome ?? null;
  const passed = records.some(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn);
  const expected = passed ? ['done'] : ['thawed', 'not-started'];
  const broken = [...brokenRules(night)];
  if (outcome === null || !expected.includes(outcome))
    broken.push(`ended ${outcome}: ${run?.steps['unwind']?.text ?? ''} ${failures(night)}`);
  if (!passed) broken.push(...notRestored(night));
  for (const [chain, open] of Object.entries(night.writable))
    if (open.length === 0) broken.push(`${chain} takes writes nowhere`);
  return broken;
}

function failures({ run }: CrashedNight): string {
  return Object.values(run?.steps ?? {})
    .filter(({ state }) => state === 'failed' || state === 'running')
    .map(({ key, state, text }) => `${key} ${state}: ${text}`)
    .join('; ');
}

describe.each(['mariadb', 'mysql'] as const)('the cockpit dies on a night with %s', (flavor) => {
  test('before and after records from the first to the last: it ends thawed or done, and well', async () => {
    const quiet = await rehearse({ flavor });
    const last = quiet.records.findLastIndex(({ payload }) => payload.kind === 'event') + 1;
    const point = quiet.records.find(
      ({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn,
    )?.seq;
    const places = new Set([2, 3, point ?? 0, (point ?? 0) + 1, (point ?? 0) + 2]);
    for (let record = 2; record <= last; record += every) places.add(record);
    const broken: string[] = [];
    const outcomes = new Set<string>();
    let index = 0;
    for (const record of [...places].sort((left, right) => left - right)) {
      index += 1;
      const both: readonly Pick<Crash, 'edge' | 'noticed'>[] = [
        { edge: 'before', noticed: index % 2 === 0 },
        { edge: 'after', noticed: index % 2 === 1 },
      ];
      const all = both.flatMap((one) => (every === 1 ? [one, { ...one, noticed: !one.noticed }] : [one]));
      for (const how of all) {
        const night = await crashedNight({ flavor, record, ...how });
        outcomes.add(night.run?.outcome ?? 'none');
        const name = `${how.edge} record ${record}${how.noticed ? '' : ', unnoticed'}`;
        broken.push(...wrong(night).map((each) => `${name}: ${each}`));
      }
    }
    expect(broken).toEqual([]);
    // Both sides of the point of no return were there, and nights that ended before anything was begun.
    expect([...outcomes].sort()).toEqual(['done', 'not-started', 'thawed']);
  }, 3_600_000);
});
