import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countCommand, parseCount } from '../../../shared/observations/edge-count.ts';
import { known, unknown } from '../../../shared/observations/observation.ts';
import {
  judgeGoDark,
  residuePlaces,
  takeLook,
  type Residue,
  type ResidueLook,
} from '../../../shared/observations/residue.ts';
import type { PlannedResidue } from '../../../shared/plan/plan-surroundings.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const planned: PlannedResidue = {
  quietMs: 600_000,
  edges: [],
  owners: [
    { owner: 'Operations', account: 'monitor', mayStay: true },
    { owner: 'Finance', address: '10.1.0.7', mayStay: false },
  ],
};
type Session = readonly [thread: number, user: string, host: string];
const database = (at: number, ...sessions: readonly Session[]): ResidueLook => ({
  place: 'orders-a1',
  kind: 'database',
  seen: known(
    sessions.map(([thread, user, host]) => ({ thread, user, host })),
    at,
    'test',
  ),
});
const blind = (at: number): ResidueLook => ({
  place: 'orders-a1',
  kind: 'database',
  seen: unknown('no answer', at, 'test'),
});
const edge = (at: number, count: number): ResidueLook => ({
  place: 'edge-a',
  kind: 'edge',
  seen: known(count, at, 'test'),
});
const seen = (...looks: readonly ResidueLook[]): Residue =>
  looks.reduce<Residue>((residue, look) => takeLook(residue, look, planned), new Map());
const judged = (residue: Residue, now: number, places: readonly string[] = ['orders-a1']) =>
  judgeGoDark(residue, { places, quietMs: planned.quietMs, now });
/** A look every ten seconds. */
const looks = (from: number, until: number, look: (at: number) => ResidueLook): readonly ResidueLook[] =>
  Array.from({ length: Math.floor((until - from) / 10_000) + 1 }, (_, index) => look(from + index * 10_000));

describe('a source database', () => {
  test('shows who is there by account and host, with the owner of the plan, most first', () => {
    const residue = seen(
      database(0, [5, 'app', '10.1.0.9:4711'], [6, 'reports', '10.1.0.77:1'], [7, 'reports', '10.1.0.77:2']),
    );
    expect(residue.get('orders-a1')?.arrivals).toMatchObject([
      { who: 'reports from 10.1.0.77', owner: 'Finance', count: 2, mayStay: false },
      { who: 'app from 10.1.0.9', owner: null, count: 1 },
    ]);
  });

  test('counts what began within the last minute, not what was there before', () => {
    const residue = seen(
      database(0, [5, 'app', 'a']),
      database(10_000, [5, 'app', 'a'], [8, 'app', 'a']),
      database(20_000, [9, 'app', 'a'], [10, 'app', 'a']),
    );
    expect(residue.get('orders-a1')?.perMinute).toBe(3);
    const later = [...looks(30_000, 90_000, (at) => database(at, [10, 'app', 'a']))];
    expect(
      later.reduce<Residue>((each, look) => takeLook(each, look, planned), residue).get('orders-a1')
        ?.perMinute,
    ).toBe(0);
  });

  test('remembers for a while who was there', () => {
    const residue = seen(database(0, [5, 'app', 'a']), database(10_000));
    expect(residue.get('orders-a1')?.arrivals).toMatchObject([{ who: 'app from a', count: 0, lastAt: 0 }]);
  });
});

describe('an edge', () => {
  test('its counter gives requests a minute', () => {
    const residue = seen(edge(0, 1_000), edge(30_000, 1_030), edge(60_000, 1_090));
    expect(residue.get('edge-a')?.perMinute).toBe(90);
  });

  test('a counter that was begun anew says nothing, and was not quiet', () => {
    const residue = seen(edge(0, 1_000), edge(10_000, 1_000), edge(20_000, 3));
    expect(residue.get('edge-a')).toMatchObject({ perMinute: null, quietSince: null });
    expect(takeLook(residue, edge(30_000, 3), planned).get('edge-a')?.quietSince).toBe(30_000);
  });
});

describe('the old side may go dark', () => {
  test('when nobody was seen for as long as the plan says, not a moment before', () => {
    const quiet = seen(database(0, [5, 'app', 'a']), ...looks(10_000, 620_000, (at) => database(at)));
    expect(judged(quiet, 609_999)).toMatchObject({ state: 'closed', opensAt: 610_000 });
    expect(judged(quiet, 610_000).state).toBe('open');
  });

  test('not while somebody is there; one that may stay is no reason to wait', () => {
    const stays = seen(...looks(0, 610_000, (at) => database(at, [3, 'monitor', 'm'])));
    expect(judged(stays, 610_000).state).toBe('open');
    const closed = judged(seen(...looks(0, 610_000, (at) => database(at, [3, 'app', 'm']))), 610_000);
    expect(closed.state).toBe('closed');
    expect(closed.reasons[0]).toContain('owner not in the plan');
  });

  test('a gap in the looking begins the time anew, whatever the clock says', () => {
    const gap = seen(
      ...looks(0, 300_000, (at) => database(at)),
      ...looks(400_000, 700_000, (at) => database(at)),
    );
    expect(judged(gap, 700_000)).toMatchObject({ state: 'closed', opensAt: 1_000_000 });
    const lost = seen(
      ...looks(0, 300_000, (at) => database(at)),
      ...looks(310_000, 400_000, blind),
      database(410_000),
    );
    expect(judged(lost, 410_000)).toMatchObject({ state: 'closed', opensAt: 1_010_000 });
  });

  test('what cannot be looked at is unknown, and so is a place that nobody looked at or one that nobody named', () => {
    expect(judged(seen(database(0), blind(10_000)), 10_000).state).toBe('unknown');
    expect(judged(new Map(), 0).state).toBe('unknown');
    expect(judged(seen(database(0)), 100_000).state).toBe('unknown');
    expect(judged(new Map(), 0, []).state).toBe('unknown');
  });

  test('it is never open with somebody who must leave seen within the quiet time, or without a look for a minute of it', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 1_000, max: 90_000 }),
      what: fc.constantFrom('empty', 'app', 'blind'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        let at = 0;
        let residue: Residue = new Map();
        const history: { at: number; what: string }[] = [];
        for (const { waitMs, what } of steps) {
          at += waitMs;
          history.push({ at, what });
          residue = takeLook(
            residue,
            what === 'blind'
              ? blind(at)
              : database(at, ...(what === 'app' ? ([[1, 'app', 'a']] as const) : [])),
            planned,
          );
        }
        const now = at;
        if (judged(residue, now).state !== 'open') return;
        const good = history.filter(
          ({ at: when, what }) => when >= now - planned.quietMs && what !== 'blind',
        );
        expect(good.every(({ what }) => what === 'empty')).toBe(true);
        const times = [now - planned.quietMs, ...good.map(({ at: when }) => when), now];
        const gaps = times.slice(1).map((when, index) => when - (times[index] ?? 0));
        // The first look of the quiet time may lie up to a gap after its beginning.
        expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});

test('the places are the source databases, and the edges that stand at a source site', () => {
  const plan = referencePlan();
  const edges = [
    { id: 'edge-a', host: 'app-a1', log: '/var/log/a.log' },
    { id: 'edge-e', host: 'app-e1', log: '/var/log/e.log' },
  ];
  const places = residuePlaces({ ...plan, residue: { ...planned, edges } });
  expect(places.databases).toEqual([
    'orders-a1',
    'orders-b1',
    'orders-s1',
    'content-a1',
    'content-b1',
    'content-s1',
  ]);
  expect(places.edges.map(({ id }) => id)).toEqual(['edge-a']);
});

describe('what an edge prints', () => {
  const haproxy = {
    id: 'edge-a',
    host: 'app-a1',
    socket: '/run/haproxy/admin.sock',
    frontends: ['https', 'smtp'],
  };
  const text = [
    '# pxname,svname,qcur,stot,req_tot,mode,',
    'https,FRONTEND,,900,1200,http,',
    'https,BACKEND,0,7,7,http,',
    'smtp,FRONTEND,,30,0,tcp,',
  ].join('\n');
  test('requests where they are counted, sessions where TCP is passed on', () => {
    expect(parseCount(haproxy, text)).toBe(1_230);
    expect(countCommand(haproxy).at(-1)).toBe('/run/haproxy/admin.sock');
  });

  test('a frontend that is not there, or no statistics at all, is not read as zero', () => {
    expect(parseCount({ ...haproxy, frontends: ['https', 'other'] }, text)).toBeNull();
    expect(parseCount(haproxy, 'Permission denied\n')).toBeNull();
    expect(parseCount(haproxy, '')).toBeNull();
    expect(parseCount(haproxy, text.replace(',tcp,', ',quic,'))).toBeNull();
    expect(parseCount(haproxy, text.replace(',mode,', ',sort,'))).toBeNull();
  });

  test('the lines of a log', () => {
    expect(parseCount({ id: 'e', host: 'h', log: '/a' }, '1234 /a\n')).toBe(1_234);
    expect(parseCount({ id: 'e', host: 'h', log: '/a' }, 'wc: /a: No such file\n')).toBeNull();
  });
});
