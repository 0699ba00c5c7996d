import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyRate, linkLag, planLags, writeRate } from '../../../shared/observations/lag.ts';
import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import { nodes, smallPlan, uuidOf } from '../../helpers/small-plan.ts';
import {
  changed,
  healthyGtid,
  healthySnapshot,
  takenAt,
  withFast,
  withInstance,
  withLink,
  withSurvey,
} from '../../helpers/snapshot.ts';

const plan = smallPlan();
const healthy = healthySnapshot('mariadb');
const of = (snapshot: Snapshot, instance: string) => {
  const lag = planLags(plan, snapshot.instances).find((candidate) => candidate.instance === instance);
  if (lag === undefined) throw new Error(`no lag of ${instance}`);
  return lag;
};
const beatUs = takenAt * 1_000 - 40_000;
/** The same snapshot with `instance` having its newest beat of `serverId` `behindMs` before the source's, read `laterMs` later. */
const behind = (
  instance: string,
  serverId: number,
  times: { readonly behindMs: number; readonly laterMs?: number },
) =>
  withInstance(healthy, instance, ({ fast }) => ({
    fast: {
      ...changed(fast, ({ beats }) => ({
        beats: beats.map((beat) =>
          beat.serverId === serverId ? { ...beat, atUs: beatUs - times.behindMs * 1_000 } : beat,
        ),
      })),
      takenAt: takenAt + (times.laterMs ?? 0),
    },
  }));

test('there is one figure for every link of the plan', () => {
  expect(planLags(plan, healthy.instances).map(({ instance, from }) => `${from}>${instance}`)).toEqual(
    nodes.map(({ id, from }) => `${from}>${id}`),
  );
});

describe('lag by heartbeat', () => {
  test('is nothing when the newest beat is there', () =>
    expect(of(healthy, 'e1').lagMs).toMatchObject({ kind: 'known', value: 0 }));

  test('is the distance of the beats plus what the source moved on meanwhile', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: -250, max: 250 }),
        (behindMs, laterMs) => {
          expect(of(behind('e1', 1, { behindMs, laterMs }), 'e1').lagMs).toMatchObject({
            kind: 'known',
            value: Math.max(0, behindMs + laterMs),
          });
        },
      ),
    );
  });

  test('grows with the distance', () => {
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(5_000), (near, more) => {
        const [a, b] = [
          of(behind('e1', 1, { behindMs: near }), 'e1').lagMs,
          of(behind('e1', 1, { behindMs: near + more }), 'e1').lagMs,
        ];
        expect(a.kind === 'known' && b.kind === 'known' && b.value >= a.value).toBe(true);
      }),
    );
  });

  test('is measured by the beats of the direct source master, not by those that came through it', () => {
    expect(of(behind('e1', 2, { behindMs: 5_000 }), 'e1').lagMs).toMatchObject({ value: 0 });
    expect(of(behind('a1', 2, { behindMs: 700 }), 'a1').lagMs).toMatchObject({ value: 700 });
  });

  test("of a replica's replica is its own link's share", () => {
    const both = withFast(behind('e1', 1, { behindMs: 5_000 }), 'e2', ({ beats }) => ({
      beats: beats.map((beat) => (beat.serverId === 1 ? { ...beat, atUs: beatUs - 5_300_000 } : beat)),
    }));
    expect(of(both, 'e2').lagMs).toMatchObject({ value: 300 });
  });

  test.each([
    [
      'the source is fenced',
      withFast(healthy, 'a1', ({ clockUs }) => ({ clockUs: clockUs + 3_000_000 })),
      'a1 wrote its last heartbeat 3040 ms ago',
    ],
    [
      'the schema is not prepared',
      withFast(healthy, 'a1', () => ({ beats: [] })),
      'a1 has no heartbeat of its own',
    ],
    [
      'no beat has arrived',
      withFast(healthy, 'e1', () => ({ beats: [] })),
      'no heartbeat of a1 has arrived at e1',
    ],
    [
      'the source is lost',
      withInstance(healthy, 'a1', () => ({ fast: unknown('session lost', takenAt, 'test') })),
      'a1: session lost',
    ],
    [
      'the replica is lost',
      withInstance(healthy, 'e1', () => ({ fast: unknown('session lost', takenAt, 'test') })),
      'e1: session lost',
    ],
  ])('is unknown when %s', (_what, snapshot, why) => {
    expect(of(snapshot, 'e1').lagMs).toMatchObject({ kind: 'unknown', why: expect.stringContaining(why) });
  });

  test('never reads Seconds_Behind', () => {
    expect(
      of(withLink(behind('e1', 1, { behindMs: 900 }), 'e1', { secondsBehind: 0 }), 'e1').lagMs,
    ).toMatchObject({ value: 900 });
    expect(of(withLink(healthy, 'e1', { secondsBehind: 3_600 }), 'e1').lagMs).toMatchObject({ value: 0 });
  });

  test('can be asked of a link that is not in the plan: the reverse link', () => {
    const there = withFast(
      withFast(healthy, 'e1', () => ({ beats: [{ serverId: 4, atUs: beatUs }] })),
      'a1',
      () => ({ beats: [{ serverId: 4, atUs: beatUs - 250_000 }] }),
    );
    const lag = linkLag(
      { node: { instance: 'a1', from: 'e1', channel: 'reverse' }, beaters: ['e1'], heartbeatMs: 100 },
      there.instances,
    );
    expect(lag.lagMs).toMatchObject({ value: 250 });
  });
});

describe('what is missing', () => {
  test('is counted by GTID', () => {
    const mysql = withFast(healthySnapshot('mysql'), 'e1', ({ position }) => ({
      position: { ...position, gtid: `${uuidOf(1)}:1-480,${uuidOf(2)}:1-300` },
    }));
    expect(of(mysql, 'e1').transactionsBehind).toMatchObject({ kind: 'known', value: 20 });
    const none = withFast(healthySnapshot('mysql'), 'a1', ({ position }) => ({
      position: { ...position, gtid: '' },
    }));
    expect(of(none, 'e1').transactionsBehind).toMatchObject({ kind: 'unknown', why: 'no GTID' });
  });

  test.each([
    ['at the end', { appliedFile: 'bin.000003', appliedOffset: 5_000 }, 0],
    ['past the end that was read', { appliedFile: 'bin.000003', appliedOffset: 6_000 }, 0],
    ['in the same log', { appliedFile: 'bin.000003', appliedOffset: 1_000 }, 4_000],
    ['two logs before', { appliedFile: 'bin.000001', appliedOffset: 1_000 }, 4_000 + 5_000 + 5_000],
  ])('in bytes: %s', (_what, link, bytes) => {
    expect(of(withLink(healthy, 'e1', link), 'e1').bytesBehind).toMatchObject({
      kind: 'known',
      value: bytes,
    });
  });
  test('in bytes: unknown when a log in between is not listed', () => {
    const old = withLink(healthy, 'e1', { appliedFile: 'bin.000001', appliedOffset: 4 });
    expect(
      of(
        withSurvey(old, 'a1', ({ binaryLogs }) => ({ binaryLogs: binaryLogs.slice(1) })),
        'e1',
      ).bytesBehind.kind,
    ).toBe('unknown');
    expect(of(withLink(healthy, 'e1', { appliedFile: 'other.000001' }), 'e1').bytesBehind.kind).toBe(
      'unknown',
    );
  });
});

describe('rates', () => {
  const fast = healthy.instances['a1']?.fast;
  if (fast?.kind !== 'known') throw new Error('broken helper');
  const later = (change: Partial<typeof fast.value>, ms: number) => ({
    value: { ...fast.value, ...change },
    takenAt: takenAt + ms,
  });
  test('writes per second', () => {
    expect(writeRate(fast, later({ writesCounted: 10_500 }, 500))).toBe(1_000);
    expect(writeRate(fast, later({ writesCounted: 5, uptimeSeconds: 1 }, 500))).toBeNull();
    expect(writeRate(fast, fast)).toBeNull();
  });
  test('applies per second', () => {
    expect(
      applyRate(fast, later({ position: { ...fast.value.position, gtid: '0-1-900,0-2-799' } }, 500)),
    ).toBe(200);
    expect(
      applyRate(fast, later({ position: { ...fast.value.position, gtid: healthyGtid('mysql') } }, 500)),
    ).toBeNull();
  });
});
