import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../shared/gates/gate.ts';
import { judge } from '../../../shared/gates/judge.ts';
import { freshness } from '../../../shared/gates/look.ts';
import type { Observation } from '../../../shared/observations/observation.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import { nodes, smallPlan } from '../../helpers/small-plan.ts';
import {
  healthyContext,
  healthyPeople,
  healthySnapshot,
  judgedAt,
  takenAt,
  withInstance,
} from '../../helpers/snapshot.ts';

const rest = { people: healthyPeople, context: healthyContext };
const plan = smallPlan();
const openGates = (verdicts: readonly Verdict[]): ReadonlySet<string> =>
  new Set(verdicts.filter(({ state }) => state === 'open').map(({ gate }) => gate));
const lost = (what: string): Observation<never> => unknown(`${what} was lost`, takenAt, 'test');
const old = (ms: number): Observation<never> => ({ ...lost('x'), takenAt: judgedAt - ms });

/** Every single fact of the small world, with how it is lost. */
const parts = ['identity', 'fast', 'activity', 'survey', 'grants', 'clock'] as const;
type Loss = { readonly name: string; readonly apply: (snapshot: Snapshot) => Snapshot };
const losses: readonly Loss[] = [
  ...nodes.flatMap(({ id }) =>
    parts.map((part) => ({
      name: `${part} of ${id}`,
      apply: (s: Snapshot) => withInstance(s, id, () => ({ [part]: lost(part) })),
    })),
  ),
  ...nodes.map(({ id }) => ({
    name: `round trips to ${id}`,
    apply: (s: Snapshot) => withInstance(s, id, () => ({ roundTripsMs: [] })),
  })),
  ...nodes.map(({ id }) => ({
    name: `lag of ${id}`,
    apply: (s: Snapshot): Snapshot => ({
      ...s,
      lags: s.lags.map((lag) => (lag.instance === id ? { ...lag, lagMs: lost('lag') } : lag)),
    }),
  })),
  ...(['mains', 'journalFreeBytes', 'sleepBlocked'] as const).map((part) => ({
    name: part,
    apply: (s: Snapshot): Snapshot => ({ ...s, laptop: { ...s.laptop, [part]: lost(part) } }),
  })),
  ...['h-source', 'h-target', 'app1'].map((host) => ({
    name: `host ${host}`,
    apply: (s: Snapshot): Snapshot => ({
      ...s,
      hosts: { ...s.hosts, [host]: { host, reachable: lost(host), siteInUse: lost(host) } },
    }),
  })),
  { name: 'mirror', apply: (s) => ({ ...s, mirror: { host: 'h-target', freeBytes: lost('mirror') } }) },
  {
    name: 'client',
    apply: (s) => ({ ...s, clients: s.clients.map((client) => ({ ...client, alive: lost('client') })) }),
  },
];

describe.each(['mysql', 'mariadb'] as const)('what is unknown opens nothing (%s)', (flavor) => {
  const healthy = healthySnapshot(flavor);
  const opened = openGates(judge(plan, healthy, rest));
  /** For each fact, the gates that it alone can shut. */
  const shutBy = new Map(
    losses.map((loss) => [
      loss.name,
      [...opened].filter((gate) => !openGates(judge(plan, loss.apply(healthy), rest)).has(gate)),
    ]),
  );

  test('every fact is needed by a gate', () => {
    // Slaves and replicas are only read: what was not tried there is not asked for.
    const spared = [...shutBy].filter(([, gates]) => gates.length === 0).map(([name]) => name);
    expect(spared).toEqual(['grants of a3', 'grants of e2']);
  });

  test('any facts lost together shut at least what each of them shuts alone', () => {
    fc.assert(
      fc.property(fc.subarray([...losses], { minLength: 1 }), (chosen) => {
        const left = openGates(
          judge(
            plan,
            chosen.reduce((snapshot, loss) => loss.apply(snapshot), healthy),
            rest,
          ),
        );
        for (const loss of chosen)
          for (const gate of shutBy.get(loss.name) ?? [])
            expect(left.has(gate), `${gate} without ${loss.name}`).toBe(false);
        for (const gate of left) expect(opened.has(gate), `${gate} opened by losing facts`).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('with everything lost, or never seen, only what people and plan say is open', () => {
    const blind = losses.reduce((snapshot, loss) => loss.apply(snapshot), healthy);
    const spoken = ['people.checklist:all-present', 'people.checklist:deploys-frozen'];
    expect([...openGates(judge(plan, blind, rest))].sort()).toEqual(spoken);
    const nothing: Snapshot = {
      ...healthy,
      instances: {},
      hosts: {},
      lags: [],
      clients: [],
      laptop: { mains: lost('x'), journalFreeBytes: lost('x'), sleepBlocked: lost('x') },
      mirror: { host: 'h-target', freeBytes: lost('x') },
    };
    expect([...openGates(judge(plan, nothing, rest))].sort()).toEqual(spoken);
  });

  test('a fact grown old is as good as none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 120_001, max: 900_000 }), (ageMs) => {
        const later = openGates(
          judge(plan, healthy, { ...rest, context: { ...healthyContext, now: takenAt + ageMs } }),
        );
        for (const gate of opened) {
          // Identity and host keys belong to the session and do not age; grants and the looks for a switch and a next start
          // age slowest; people's words never.
          if (
            /^(people|way-back\.dead|durability\.target|versions|right-servers\.(denied|distinct|grants)|hosts\.reachable)/.test(
              gate,
            )
          )
            continue;
          expect(later.has(gate), `${gate} on facts ${ageMs} ms old`).toBe(false);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('ages', () => {
  const healthy = healthySnapshot('mariadb');
  const state = (snapshot: Snapshot, gate: string) =>
    judge(plan, snapshot, rest).find((verdict) => verdict.gate === gate);
  const aged = (part: 'fast' | 'activity' | 'survey', ms: number) =>
    withInstance(healthy, 'a1', (facts) => ({ [part]: { ...facts[part], takenAt: judgedAt - ms } }));

  test.each([
    ['fast', 1_999, 'open'],
    ['fast', 2_001, 'unknown'],
  ] as const)('%s facts of %d ms: %s', (part, ms, expected) =>
    expect(state(aged(part, ms), 'writers.source-writable:orders')).toMatchObject({
      state: expected,
      takenAt: judgedAt - ms,
    }),
  );
  test.each([
    [4_999, 'open'],
    [5_001, 'unknown'],
  ] as const)('activity of %d ms: %s', (ms, expected) =>
    expect(state(aged('activity', ms), 'writers.transactions:orders')?.state).toBe(expected),
  );
  test.each([
    [59_999, 'open'],
    [60_001, 'unknown'],
  ] as const)('survey of %d ms: %s', (ms, expected) =>
    expect(state(aged('survey', ms), 'writers.prepared-xa:orders')?.state).toBe(expected),
  );
  test.each(['mysql', 'mariadb'] as const)(
    'a verdict carries the limits of its gate: it opens until the first of them has passed, and not a moment longer (%s)',
    (flavor) => {
      // Lags read before the rest of it: they are a gate's first to grow too old.
      const snapshot = healthySnapshot(flavor);
      const lags = snapshot.lags.map((lag) => ({ ...lag, lagMs: { ...lag.lagMs, takenAt: takenAt - 900 } }));
      const at = (now: number) =>
        new Map(
          judge(plan, { ...snapshot, lags }, { ...rest, context: { ...healthyContext, now } }).map(
            (verdict) => [verdict.gate, verdict],
          ),
        );
      const lasting = judgedAt + 30 * 86_400_000;
      const opened = [...at(judgedAt).values()].filter((verdict) => verdict.state === 'open');
      for (const { gate, ages } of opened) {
        const oldAt = Math.min(...ages.map((each) => each.takenAt + each.limitMs));
        expect(at(Math.min(oldAt, lasting)).get(gate)?.state, `${gate} until its limit`).toBe('open');
        if (oldAt < lasting)
          expect(at(oldAt + 1).get(gate)?.state, `${gate} past its limit`).not.toBe('open');
      }
      const lastingGates = opened.filter(({ ages }) => ages.length === 0).map(({ gate }) => gate);
      expect(lastingGates.filter((gate) => gate.startsWith('people.')).length).toBe(2);
    },
  );
  test('of several facts with one limit the oldest counts, and what was not seen has no age', () => {
    const two = withInstance(aged('fast', 900), 'a2', () => ({ fast: lost('fast') }));
    expect(state(two, 'writers.source-writable:orders')).toMatchObject({
      ages: [{ takenAt: judgedAt - 900, limitMs: freshness.fastMs }],
    });
  });
  test('says what is missing and how old it is', () => {
    expect(state(aged('fast', 3_400), 'right-servers.reachable:a1')).toMatchObject({
      state: 'unknown',
      reasons: ['fast facts of a1: expected a reading younger than 2 s, seen one 3.4 s old'],
    });
    expect(
      state(
        withInstance(healthy, 'a1', () => ({ fast: old(100) })),
        'right-servers.reachable:a1',
      ),
    ).toMatchObject({ state: 'closed', reasons: ['Expected an answer of a1, seen: x was lost'] });
  });
});
