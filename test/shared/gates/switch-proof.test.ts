import { describe, expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import {
  closingOptions,
  type BootSeen,
  type LoginSeen,
  type LogoutSeen,
  type SwitchProof,
} from '../../../shared/observations/switch-proof.ts';
import { smallPlan } from '../../helpers/small-plan.ts';
import {
  changed,
  fact,
  healthyContext,
  healthyPeople,
  healthySnapshot,
  takenAt,
} from '../../helpers/snapshot.ts';

const plan = { ...smallPlan(), environment: 'production' as const };

function verdictOf(snapshot: Snapshot) {
  const verdicts = judge(plan, snapshot, { people: healthyPeople, context: healthyContext });
  const found = verdicts.find(({ gate }) => gate === 'way-back.dead-mans-switch:orders');
  if (found === undefined) throw new Error('no verdict');
  return found;
}

function withProof(
  flavor: 'mysql' | 'mariadb',
  change: (proof: SwitchProof) => Partial<SwitchProof>,
): Snapshot {
  const snapshot = healthySnapshot(flavor);
  const host = snapshot.hosts['h-source'];
  if (host?.switchProof === undefined) throw new Error('no proof');
  return {
    ...snapshot,
    hosts: {
      ...snapshot.hosts,
      'h-source': { ...host, switchProof: { ...host.switchProof, ...change(host.switchProof) } },
    },
  };
}

const login = (id: string, change: Partial<LoginSeen>, flavor: 'mysql' | 'mariadb' = 'mysql') =>
  withProof(flavor, ({ logins }) => {
    const seen = logins[id];
    return seen === undefined ? {} : { logins: { ...logins, [id]: changed(seen, () => change) } };
  });
const boot = (id: string, change: Partial<BootSeen>) =>
  withProof('mariadb', ({ boots }) => {
    const seen = boots[id];
    return seen === undefined ? {} : { boots: { ...boots, [id]: changed(seen, () => change) } };
  });
const logout = (change: Partial<LogoutSeen>) =>
  withProof('mariadb', ({ logout: seen }) => ({ logout: changed(seen, () => change) }));
const withoutProof = (flavor: 'mysql' | 'mariadb'): Snapshot => {
  const snapshot = healthySnapshot(flavor);
  const { switchProof: _proof, ...host } = snapshot.hosts['h-source'] ?? {
    host: '',
    reachable: fact({ hostKey: '' }),
    siteInUse: fact(''),
  };
  return { ...snapshot, hosts: { ...snapshot.hosts, 'h-source': host } };
};

describe("what proves a dead-man's switch, in production", () => {
  test.each(['mysql', 'mariadb'] as const)('all of it opens the gate (%s)', (flavor) => {
    expect(verdictOf(healthySnapshot(flavor))).toMatchObject({ state: 'open', reasons: [] });
    expect(verdictOf(withoutProof(flavor))).toMatchObject({ state: 'unknown', blocking: true });
  });

  test.each([
    [
      'another server behind the socket',
      login('a1', { serverUuid: '00000000-0000-0000-0000-000000000009' }),
      /seen another server/,
    ],
    ['another datadir', login('a1', { datadir: '/elsewhere' }, 'mariadb'), /seen another server/],
    ['another port', login('e1', { port: 3306 }), /seen another server/],
    [
      'a right that is missing',
      login('a2', {
        tried: [
          {
            need: 'end sessions',
            error: '1227: Access denied',
            fix: 'GRANT X ON *.* TO the operator account',
          },
        ],
      }),
      /expected the right to end sessions for root@localhost, seen error 1227/,
    ],
    [
      'a fence that is persisted',
      login('a1', { persisted: ['--super_read_only=ON'] }),
      /expected no persisted read_only/,
    ],
    [
      'read_only in an option file',
      boot('a1', { options: ['--read_only=0', '--read-only'] }),
      /comes back writable when it restarts, seen --read-only/,
    ],
    ['a drop-in file of an earlier run', boot('a2', { dropIn: true }), /before the run, seen it there/],
    [
      'a service that does not start at boot',
      boot('a1', { service: { unit: 'mariadb.service', enabled: 'disabled' } }),
      /seen disabled/,
    ],
    ['a logind that ends what is left', logout({ user: 'ops', kills: true }), /KillUserProcesses=yes/],
    [
      'a login that fails',
      withProof('mysql', ({ logins }) => ({
        logins: { ...logins, e1: unknown("ERROR 1045 (28000): Access denied for user 'x'", takenAt, 'test') },
      })),
      /expected its own login to e1, seen: ERROR 1045/,
    ],
  ])('%s closes it, and says what to do', (_, snapshot, reason) => {
    const verdict = verdictOf(snapshot);
    expect(verdict).toMatchObject({ state: 'closed', blocking: true, overridable: false });
    expect(verdict.reasons.join(' ')).toMatch(reason);
    expect(verdict.fix).not.toBeNull();
  });

  test.each([
    ['what is persisted', login('a1', { persisted: null })],
    ['an option file that cannot be read', boot('a1', { unreadable: ['/etc/mysql/my.cnf'] })],
    ['an init_file that speaks of read_only', boot('a1', { initFile: '/etc/mysql/init.sql' })],
    ['what logind does', logout({ user: 'ops', kills: null })],
    [
      'an old look',
      withProof('mysql', ({ logout: seen }) => ({ logout: { ...seen, takenAt: takenAt - 700_000 } })),
    ],
  ])('%s leaves it unknown', (_, snapshot) => {
    expect(verdictOf(snapshot)).toMatchObject({ state: 'unknown', blocking: true });
  });

  test('a node that takes no writes now may come back as it is', () => {
    expect(verdictOf(boot('a3', { options: ['--read_only=1'] }))).toMatchObject({ state: 'open' });
  });
});

test.each([
  [['--read_only=1', '--read-only=OFF'], []],
  [['--read-only=0', '--read_only=ON'], ['--read_only=ON']],
  [['--read-only'], ['--read-only']],
  [['--loose-read-only=1', '--skip-read-only'], []],
  [['--enable-read-only'], ['--enable-read-only']],
  [['--super_read_only=1', '--read_only=0'], ['--super_read_only=1']],
  [['--read_only=NO_LOCK'], ['--read_only=NO_LOCK']],
  [['--innodb-read-only', '--transaction_read_only="false"', '--port=1'], ['--innodb-read-only']],
])('of %j, closed by %j', (options, closing) => {
  expect(closingOptions(options)).toEqual(closing);
});
