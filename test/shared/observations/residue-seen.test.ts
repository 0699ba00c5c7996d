import { expect, test } from 'vitest';
import { known, unknown } from '../../../shared/observations/observation.ts';
import {
  lookedEverywhere,
  residueSeen,
  sayResidue,
  toldAnew,
} from '../../../shared/observations/residue-seen.ts';
import {
  residuePlaces,
  takeLook,
  type Residue,
  type SourceSession,
} from '../../../shared/observations/residue.ts';
import { referencePlan } from '../../helpers/rehearsal.ts';

const owners = [{ owner: 'the shop team', account: 'app', mayStay: false }];
const plan = { ...referencePlan(), residue: { quietMs: 60_000, edges: [], owners } };
const { databases } = residuePlaces(plan);
const app: SourceSession = { thread: 7, user: 'app', host: '10.1.0.99:5' };

/** Every source database looked at once, with those sessions on the first of them. */
function looked(residue: Residue, sessions: readonly SourceSession[], at: number): Residue {
  return databases.reduce(
    (all, place, index) =>
      takeLook(
        all,
        { place, kind: 'database', seen: known(index === 0 ? sessions : [], at, place) },
        plan.residue,
      ),
    residue,
  );
}

test('what is journaled is who is there, for whom, since when it is quiet, and whether the old side may go dark', () => {
  const there = residueSeen(plan, looked(new Map(), [app], 1_000), 2_000);
  expect(there).toMatchObject({ atUtcMs: 2_000, goDark: { state: 'closed', opensAtUtcMs: null } });
  expect(there.places[0]).toMatchObject({
    place: databases[0],
    quietSinceUtcMs: null,
    lookedAtUtcMs: 1_000,
    arrivals: [{ who: 'app from 10.1.0.99', owner: 'the shop team', count: 1, lastAtUtcMs: 1_000 }],
  });
  expect(there.places[1]).toMatchObject({ quietSinceUtcMs: 1_000, arrivals: [] });
  expect(sayResidue(there)).toBe(
    `the source side may go dark: not yet; ${databases[0] ?? ''}: 1 × app from 10.1.0.99 (the shop team).`,
  );
});

test('it is news who comes, who leaves and what the verdict is; not that time passes', () => {
  const first = looked(new Map(), [app], 1_000);
  const before = residueSeen(plan, first, 1_000);
  expect(toldAnew(null, before)).toBe(true);
  const more = { ...app, thread: 8, host: '10.1.0.99:6' };
  expect(toldAnew(before, residueSeen(plan, looked(first, [app, more], 11_000), 11_000))).toBe(false);
  const other = { ...app, user: 'cron' };
  expect(toldAnew(before, residueSeen(plan, looked(first, [app, other], 11_000), 11_000))).toBe(true);
  const gone = residueSeen(plan, looked(first, [], 11_000), 11_000);
  expect(toldAnew(before, gone)).toBe(true);
  const [place = ''] = databases;
  const blind = takeLook(
    first,
    { place, kind: 'database', seen: unknown('down', 11_000, place) },
    plan.residue,
  );
  expect(toldAnew(before, residueSeen(plan, blind, 11_000))).toBe(true);
});

test('a place is looked at when it was seen, or when it is known why it cannot be', () => {
  expect(lookedEverywhere(plan, residueSeen(plan, new Map(), 1_000))).toBe(false);
  const [first = '', ...rest] = databases;
  const down = takeLook(
    new Map(),
    { place: first, kind: 'database', seen: unknown('down', 1, first) },
    plan.residue,
  );
  expect(lookedEverywhere(plan, residueSeen(plan, down, 1_000))).toBe(false);
  const all = rest.reduce(
    (seen, place) => takeLook(seen, { place, kind: 'database', seen: known([], 1, place) }, plan.residue),
    down,
  );
  expect(lookedEverywhere(plan, residueSeen(plan, all, 1_000))).toBe(true);
});
