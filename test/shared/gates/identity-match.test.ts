import { describe, expect, test } from 'vitest';
import {
  compareIdentity,
  mayBeDenied,
  namesServer,
  sameServer,
} from '../../../shared/gates/identity-match.ts';
import { judge } from '../../../shared/gates/judge.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import type { Identity } from '../../../shared/sessions/identity.ts';
import { smallPlan, uuidOf } from '../../helpers/small-plan.ts';
import {
  healthyContext,
  healthyPeople,
  healthySnapshot,
  takenAt,
  withInstance,
} from '../../helpers/snapshot.ts';

const identity = (flavor: 'mysql' | 'mariadb'): Identity => {
  const found = healthySnapshot(flavor).instances['a1']?.identity;
  if (found?.kind !== 'known') throw new Error('broken helper');
  return found.value;
};
const maria = { identity: identity('mariadb'), hostKey: `SHA256:${'A'.repeat(43)}` };
const mysql = { identity: identity('mysql'), hostKey: null };
const otherKey = `SHA256:${'B'.repeat(43)}`;

describe('a deny entry', () => {
  test.each([
    ['the same uuid', { serverUuid: uuidOf(1).toUpperCase() }, mysql, true],
    ['another uuid', { serverUuid: uuidOf(2), serverId: 1 }, mysql, false],
    [
      'all of MariaDB',
      { serverId: 1, hostKey: maria.hostKey, datadir: '/data/a1', gtidBinlogState: '0-1-5' },
      maria,
      true,
    ],
    ['a datadir that differs', { serverId: 1, datadir: '/data/b1' }, maria, false],
    ['a host key that differs', { serverId: 1, hostKey: otherKey, datadir: '/data/a1' }, maria, false],
    [
      'a host key that cannot be seen',
      { serverId: 1, hostKey: otherKey, datadir: '/data/a1' },
      { ...maria, hostKey: null },
      true,
    ],
    ['a binlog state that is gone: acquits nobody', { serverId: 1, gtidBinlogState: '0-9-9' }, maria, true],
    ['a binlog state alone that is there', { gtidBinlogState: '0-1-5' }, maria, true],
    ['a binlog state alone that is not', { gtidBinlogState: '0-9-9' }, maria, false],
    ['only a uuid, on a server that has none', { serverUuid: uuidOf(1) }, maria, false],
  ] as const)('with %s', (_what, denied, seen, expected) => expect(mayBeDenied(denied, seen)).toBe(expected));

  test('that names nothing leaves the gate unknown', () => {
    const plan = smallPlan({ denyIdentities: [{ instance: 'prod' }] });
    const gate = judge(plan, healthySnapshot('mysql'), {
      people: healthyPeople,
      context: healthyContext,
    }).find(({ gate: id }) => id === 'right-servers.denied:a1');
    expect(gate?.state).toBe('unknown');
  });
});

describe('a planned identity', () => {
  test('matches by set, not by text, and forgives a slash and padding', () => {
    const traits = compareIdentity(
      { serverId: 1, hostKey: `${maria.hostKey}=`, datadir: '/data/a1', gtidBinlogState: '0-2-5,0-1-5' },
      maria,
    );
    expect(traits.map(({ same }) => same)).toEqual([true, true, true, true]);
  });
  test('of a rebuilt, empty server does not match what was last seen', () => {
    const rebuilt = { ...maria, identity: { ...maria.identity, gtidState: '' } };
    expect(compareIdentity({ gtidBinlogState: '0-1-5' }, rebuilt)).toMatchObject([
      { same: false, seen: 'none' },
    ]);
  });
  test('needs all four traits on MariaDB and the uuid on MySQL', () => {
    expect(namesServer({ serverUuid: uuidOf(1) }, 'mysql')).toBe(true);
    expect(namesServer({ serverId: 1, datadir: '/data' }, 'mariadb')).toBe(false);
    expect(
      namesServer({ serverId: 1, datadir: '/data', hostKey: otherKey, gtidBinlogState: '0-1-1' }, 'mariadb'),
    ).toBe(true);
  });
});

test('one server is one by uuid, or by everything MariaDB has', () => {
  expect(sameServer(mysql.identity, { ...mysql.identity, port: 1 })).toBe(true);
  expect(sameServer(maria.identity, maria.identity)).toBe(true);
  expect(sameServer(maria.identity, { ...maria.identity, port: 1 })).toBe(false);
});

describe('in production', () => {
  const state = (change: Parameters<typeof smallPlan>[0], snapshot = healthySnapshot('mariadb')) =>
    judge(smallPlan({ environment: 'production', ...change }), snapshot, {
      people: healthyPeople,
      context: healthyContext,
    }).find(({ gate }) => gate === 'right-servers.identity:a1');
  const full = {
    instance: 'a1',
    serverId: 1,
    hostKey: maria.hostKey,
    datadir: '/data/a1',
    gtidBinlogState: '0-1-5',
  };
  test('every server is named', () => {
    expect(state({})?.reasons[0]).toContain('seen none');
    expect(state({ identities: [{ instance: 'a1', serverId: 1 }] })?.reasons[0]).toContain(
      'seen too little of it',
    );
    expect(state({ identities: [full] })).toMatchObject({ state: 'open', overridable: false });
  });
  test('a host key that cannot be seen leaves it unknown', () => {
    const direct = withInstance(healthySnapshot('mariadb'), 'a1', () => ({
      hostKey: unknown('reached directly', takenAt, 'test'),
    }));
    expect(state({ identities: [full] }, direct)?.state).toBe('unknown');
  });
  test('unproven versions are refused unless the plan accepts them, and then shown', () => {
    const old = withInstance(healthySnapshot('mariadb'), 'a1', ({ identity: seen }) => ({
      identity: seen.kind === 'known' ? { ...seen, value: { ...seen.value, version: '10.6.2' } } : seen,
    }));
    const proven = (unprovenVersions: 'refused' | 'accepted') =>
      judge(smallPlan({ environment: 'production', unprovenVersions }), old, {
        people: healthyPeople,
        context: healthyContext,
      }).find(({ gate }) => gate === 'versions.proven:orders');
    expect(proven('refused')).toMatchObject({ state: 'closed', blocking: true, overridable: false });
    expect(proven('accepted')).toMatchObject({ state: 'closed', blocking: false });
  });
});
