import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ForecastInput } from '../../../shared/observations/forecast.ts';
import { forecastChain, forecastFreeze, quantile } from '../../../shared/observations/forecast.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import { smallPlan } from '../../helpers/small-plan.ts';
import { fact, healthySnapshot, takenAt, withInstance } from '../../helpers/snapshot.ts';

const figure = fc.integer({ min: 0, max: 20_000 });
const maybe = fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: null });
const inputs: fc.Arbitrary<ForecastInput> = fc.record({
  lagMs: figure,
  heartbeatMs: fc.constantFrom(50, 100, 1_000),
  transactionsBehind: maybe,
  writesPerSecond: maybe,
  appliesPerSecond: maybe,
  roundTrip: fc
    .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 300 }))
    .map(([medianMs, more]) => ({ medianMs, p95Ms: medianMs + more })),
  historyMs: fc.array(figure, { maxLength: 6 }),
});

describe('the forecast', () => {
  const grows = (name: string, more: (input: ForecastInput, by: number) => ForecastInput) =>
    test(`never falls with more ${name}`, () => {
      fc.assert(
        fc.property(inputs, fc.integer({ min: 0, max: 10_000 }), (input, by) => {
          const [less, greater] = [forecastFreeze(input), forecastFreeze(more(input, by))];
          expect(greater.freezeMs).toBeGreaterThanOrEqual(less.freezeMs);
          expect(greater.p95Ms).toBeGreaterThanOrEqual(less.p95Ms);
          expect(greater.drainMs).toBeGreaterThanOrEqual(less.drainMs);
        }),
      );
    });
  grows('lag', (input, by) => ({ ...input, lagMs: input.lagMs + by }));
  grows('backlog', (input, by) => ({
    ...input,
    transactionsBehind: input.transactionsBehind === null ? null : input.transactionsBehind + by,
  }));
  grows('round trip', (input, by) => ({
    ...input,
    roundTrip: { medianMs: input.roundTrip.medianMs + by, p95Ms: input.roundTrip.p95Ms + by },
  }));
  grows('slowness of the applier', (input, by) => ({
    ...input,
    appliesPerSecond: input.appliesPerSecond === null ? null : Math.max(1, input.appliesPerSecond - by),
  }));
  grows('history', (input, by) => ({ ...input, historyMs: input.historyMs.map((freeze) => freeze + by) }));

  test('never promises less than the drain, nor less for the bad case than for the middle', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { freezeMs, p95Ms, drainMs } = forecastFreeze(input);
        expect(freezeMs).toBeGreaterThanOrEqual(drainMs);
        expect(p95Ms).toBeGreaterThanOrEqual(freezeMs);
      }),
    );
  });

  test('says how it was made', () => {
    const input = {
      lagMs: 300,
      heartbeatMs: 100,
      transactionsBehind: 400,
      writesPerSecond: 900,
      appliesPerSecond: 800,
      roundTrip: { medianMs: 2, p95Ms: 5 },
      historyMs: [90, 110, 100],
    };
    expect(forecastFreeze(input)).toMatchObject({ drainMs: 500, freezeMs: 500 + 18 * 2 + 6 });
    expect(forecastFreeze(input).how).toBe(
      'drain 500 ms (lag 300 ms, 400 transactions behind, 800 applies/s, 900 writes/s; the target falls behind while the source writes) + 18 round trips of 2.0 ms + 6 ms on the servers; 3 earlier freezes, median 100 ms',
    );
  });
});

describe('of a chain', () => {
  const plan = smallPlan();
  const [chain] = plan.chains;
  if (chain === undefined) throw new Error('no chain');
  const healthy = healthySnapshot('mariadb');
  const lagOf = (instance: string, lagMs: (typeof healthy.lags)[number]['lagMs']) => ({
    ...healthy,
    lags: healthy.lags.map((lag) => (lag.instance === instance ? { ...lag, lagMs } : lag)),
  });
  const forecast = (snapshot: typeof healthy, history: Parameters<typeof forecastChain>[2]['history'] = []) =>
    forecastChain(plan, chain, { snapshot, history });

  test('adds the ring, which converges first, to the way to the target', () => {
    const input = { ...lagOf('e1', fact(500)), at: takenAt };
    const both = {
      ...input,
      lags: input.lags.map((lag) => (lag.instance === 'a2' ? { ...lag, lagMs: fact(300) } : lag)),
    };
    expect(forecast(both)).toMatchObject({
      kind: 'forecast',
      forecast: { drainMs: 500 + 300 - plan.limits.heartbeatMs },
    });
  });
  test('does not wait for slaves and replicas', () =>
    expect(forecast(lagOf('a3', fact(90_000)))).toMatchObject({ forecast: { drainMs: 0 } }));
  test('is unknown when the lag of a link it waits for is', () => {
    expect(forecast(lagOf('e1', unknown('fenced', takenAt, 'test')))).toMatchObject({
      kind: 'unknown',
      why: 'lag of e1 behind a1: fenced',
    });
    expect(forecast({ ...healthy, lags: [] }).kind).toBe('unknown');
  });
  test('is unknown without a round trip', () => {
    const mute = ['a1', 'a2', 'a3', 'e1', 'e2'].reduce(
      (snapshot, instance) => withInstance(snapshot, instance, () => ({ roundTripsMs: [] })),
      healthy,
    );
    expect(forecast(mute).kind).toBe('unknown');
  });
  test('does not promise less than this chain ever needed', () => {
    expect(
      forecast(healthy, [
        { chain: 'orders', freezeMs: 900, atUtcMs: 0 },
        { chain: 'content', freezeMs: 9_000, atUtcMs: 0 },
      ]),
    ).toMatchObject({ forecast: { freezeMs: 900, p95Ms: 900 } });
  });
});

test('quantile is the nearest rank', () => {
  expect(quantile([], 0.5)).toBeNull();
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.95)).toBe(4);
});
