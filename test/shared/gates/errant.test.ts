import { describe, expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import { smallPlan, uuidOf } from '../../helpers/small-plan.ts';
import {
  healthyContext,
  healthyPeople,
  healthySnapshot,
  takenAt,
  withFast,
  withInstance,
} from '../../helpers/snapshot.ts';

const rest = { people: healthyPeople, context: healthyContext };
const plan = smallPlan();
const verdict = (snapshot: Snapshot, of = plan) =>
  judge(of, snapshot, rest).find(({ gate }) => gate === 'replication.errant:orders');
const at = (snapshot: Snapshot, instance: string, ms: number) =>
  withInstance(snapshot, instance, ({ fast }) => ({
    fast: { ...fast, takenAt: takenAt + ms },
    fastAskedAt: takenAt + ms - 1,
  }));
/** The target is ahead of both sources by 40 transactions of a1, and was read `laterMs` after them. */
const ahead = (flavor: 'mysql' | 'mariadb', laterMs: number, by = 40) => {
  const gtid =
    flavor === 'mysql' ? `${uuidOf(1)}:1-${500 + by},${uuidOf(2)}:1-300` : `0-1-${800 + by},0-2-799`;
  return at(
    withFast(healthySnapshot(flavor), 'e1', ({ position }) => ({ position: { ...position, gtid } })),
    'e1',
    laterMs,
  );
};

describe.each(['mysql', 'mariadb'] as const)('a target that is ahead of its sources (%s)', (flavor) => {
  test('is in flight when its sources were read before it', () => {
    expect(verdict(ahead(flavor, 100))?.state).toBe('open');
    expect(verdict(ahead(flavor, 100))?.reasons.join()).toContain('ahead by up to 40 transactions');
  });
  test('is errant when its sources were read after it', () =>
    expect(verdict(ahead(flavor, -100))?.state).toBe('closed'));
  test('is in flight when the answers overtook each other', () => {
    const late = withInstance(ahead(flavor, -100), 'a1', () => ({ fastAskedAt: takenAt - 140 }));
    expect(verdict(late)?.state).toBe('open');
  });
  test('is in flight when the source answered late, however short the round trips that count were', () => {
    // A round trip beside the cockpit's own work is not kept: the newest one kept is not that of this reading.
    const busy = withInstance(ahead(flavor, -100), 'a1', () => ({
      fastAskedAt: takenAt - 140,
      roundTripsMs: [1, 1, 1],
    }));
    expect(verdict(busy)?.state).toBe('open');
  });
  test('is errant when it was ahead already before its sources were asked', () => {
    const newest = ahead(flavor, 100);
    const known = newest.instances['e1']?.fast;
    if (known === undefined) throw new Error('no reading of e1');
    const before = withInstance(newest, 'e1', () => ({
      fastBefore: { ...known, takenAt: takenAt - 1_000 },
    }));
    expect(verdict(before)?.state).toBe('closed');
    const healthy = withInstance(newest, 'e1', () => {
      const fastBefore = healthySnapshot(flavor).instances['e1']?.fast;
      return fastBefore === undefined ? {} : { fastBefore };
    });
    expect(verdict(at(healthy, 'a1', 10))?.state).toBe('open');
  });
  test('is unclear when it is ahead by more than the sources can have written meanwhile', () => {
    expect(verdict(ahead(flavor, 100, 5_000))?.state).toBe('unknown');
  });
  test('is unclear while one of its sources is not read: what that one holds is not errant', () => {
    const unread = withInstance(ahead(flavor, -100), 'a1', () => ({
      fast: unknown('no session', takenAt, 'test'),
      fastAskedAt: null,
    }));
    expect(verdict(unread)?.state).toBe('unknown');
  });
  test('is unclear when nobody knows how fast they write', () => {
    const mute = withInstance(ahead(flavor, 100), 'a2', () => ({
      writesPerSecond: unknown('first reading', takenAt, 'test'),
    }));
    expect(verdict(mute)?.state).toBe('unknown');
  });
  test('of an origin that is no source is errant whenever it was read', () => {
    const own = flavor === 'mysql' ? `,${uuidOf(4)}:1` : ',0-4-801';
    const errant = withFast(ahead(flavor, 100), 'e1', ({ position }) => ({
      position: { ...position, gtid: `${position.gtid}${own}` },
    }));
    expect(verdict(errant)?.state).toBe('closed');
  });
});

test('malformed or absent GTIDs of a target are unknown, of a slave without a log they are none', () => {
  const healthy = healthySnapshot('mariadb');
  const withGtid = (instance: string, gtid: string) =>
    withFast(healthy, instance, ({ position }) => ({ position: { ...position, gtid } }));
  expect(verdict(withGtid('e1', 'nonsense'))?.state).toBe('unknown');
  expect(verdict(withGtid('e1', ''))?.state).toBe('unknown');
  expect(verdict(withGtid('a3', ''))?.state).toBe('open');
});

test('on a chain by file and position the gate does not speak', () => {
  const byFile = { ...plan, chains: plan.chains.map((chain) => ({ ...chain, gtid: 'off' as const })) };
  expect(verdict(healthySnapshot('mysql'), byFile)).toBeUndefined();
});
