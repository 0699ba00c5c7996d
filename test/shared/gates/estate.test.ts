import { expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import type { Chain, Plan } from '../../../shared/plan/plan.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import { describeBreaks, newer, withChain, host } from '../../helpers/break.ts';
import { smallPlan } from '../../helpers/small-plan.ts';
import {
  changed,
  fact,
  healthyContext,
  healthyPeople,
  healthySnapshot,
  judgedAt,
  takenAt,
  withInstance,
  withLink,
  withSettings,
  withSurvey,
} from '../../helpers/snapshot.ts';

function withReverseFile(plan: Plan): Plan {
  const account = { optionFile: 'repl.cnf' };
  const [first] = plan.chains;
  return withChain(plan, {
    replication: {
      ...first?.replication,
      reverse: { ...first?.replication.reverse, account },
    } as Chain['replication'],
  });
}

describeBreaks('Settings, way back, versions, hosts, laptop', [
  {
    what: 'statements in the binary log',
    closes: ['durability.binlog:orders'],
    snapshot: (s) => withSettings(s, 'a2', { binlogFormat: 'MIXED' }),
    says: 'expected binlog_format = ROW, seen MIXED',
  },
  {
    what: 'a target that does not log what it applies',
    closes: ['durability.binlog:orders', 'way-back.reverse:orders'],
    snapshot: (s) => withSettings(s, 'e1', { logReplicaUpdates: false }),
    says: 'log_slave_updates',
  },
  {
    what: 'a lazy log',
    closes: ['durability.flush:orders'],
    snapshot: (s) => withSettings(s, 'a1', { syncBinlog: 0 }),
    says: 'expected sync_binlog = 1, seen 0',
    fix: 'SET PERSIST sync_binlog = 1',
    flavor: 'mysql',
  },
  {
    what: 'a link without GTID',
    closes: ['durability.gtid:orders'],
    snapshot: (s) => withLink(s, 'e1', { usesGtid: false }),
    says: 'seen file and position',
  },
  {
    what: 'gtid_mode off',
    closes: ['durability.gtid:orders'],
    snapshot: (s) => withSettings(s, 'a1', { gtidMode: 'OFF_PERMISSIVE' }),
    says: 'seen OFF_PERMISSIVE',
    flavor: 'mysql',
  },
  {
    what: 'co-masters that draw the same ids',
    closes: ['durability.auto-increment:orders'],
    snapshot: (s) => withSettings(s, 'a2', { autoIncrementOffset: 1 }),
    says: 'seen 1, 1',
  },
  {
    what: 'co-masters of one domain that apply in parallel',
    closes: ['durability.ring-restart:orders'],
    snapshot: (s) => withSettings(s, 'a1', { parallelAppliers: 4 }),
    says: 'seen 4 threads and domain 0 like a2',
    fix: 'SET GLOBAL slave_parallel_threads = 0',
    flavor: 'mariadb',
  },
  {
    what: 'no relay log recovery',
    closes: ['durability.relay-log:orders'],
    snapshot: (s) => withSettings(s, 'e2', { relayLogRecovery: false }),
    says: 'e2: expected relay_log_recovery',
  },
  {
    what: 'no way back by plan',
    closes: ['way-back.reverse:orders'],
    plan: (p) => withChain(p, { wayBack: { none: 'major version step' } }),
    says: 'seen none by the plan: major version step',
  },
  {
    what: 'a reverse account without its right',
    closes: ['way-back.reverse:orders'],
    snapshot: (s) =>
      withSurvey(s, 'e1', ({ accounts }) => ({
        accounts: accounts.map((entry) =>
          entry.account === "'repl'@'%'" ? { ...entry, privileges: ['USAGE'] } : entry,
        ),
      })),
    says: 'expected REPLICATION SLAVE for repl, seen USAGE',
  },
  {
    what: 'a reverse account that the target lacks, named by an option file',
    closes: ['way-back.reverse:orders'],
    plan: (p) => withReverseFile(p),
    snapshot: (s) => ({
      ...withSurvey(s, 'e1', ({ accounts }) => ({
        accounts: accounts.filter(({ account }) => account !== "'repl'@'%'"),
      })),
      reverseUsers: { orders: fact('repl') },
    }),
    says: 'e1: expected replication account repl, seen none that may log in',
    fix: 'on e1: SET SESSION sql_log_bin = 0; CREATE USER',
    flavor: 'mariadb',
  },
  {
    what: 'a target of a later series',
    closes: ['way-back.reverse:orders', 'versions.proven:orders'],
    snapshot: (s) => newer(newer(s, 'e1'), 'e2'),
    says: 'of the same or a later series',
  },
  {
    what: 'a target of an earlier series',
    closes: ['versions.path:orders', 'versions.proven:orders'],
    flavor: 'mariadb',
    snapshot: (s) =>
      withInstance(
        withInstance(s, 'e1', ({ identity }) => ({
          identity: changed(identity, () => ({ version: '10.6.1' })),
        })),
        'e2',
        ({ identity }) => ({ identity: changed(identity, () => ({ version: '10.6.1' })) }),
      ),
    says: 'seen 10.6.1',
  },
  {
    what: 'an SSH host with a changed key',
    closes: ['hosts.reachable'],
    snapshot: (s) => ({
      ...s,
      hosts: {
        ...s.hosts,
        app1: { ...host(s, 'app1'), reachable: unknown('host key changed', takenAt, 'test') },
      },
    }),
    says: 'app1: expected an open SSH channel, seen: host key changed',
  },
  {
    what: 'an app host on the wrong site',
    closes: ['hosts.site:web'],
    snapshot: (s) => ({
      ...s,
      hosts: { ...s.hosts, app1: { ...host(s, 'app1'), siteInUse: fact('ec2\n') } },
    }),
    says: 'app1: expected site colo, seen ec2',
    fix: 'on app1: use colo',
  },
  {
    what: 'a dead client',
    closes: ['hosts.clients'],
    snapshot: (s) => ({ ...s, clients: s.clients.map((client) => ({ ...client, alive: fact(false) })) }),
    says: 'c1: expected a living client process',
  },
  {
    what: 'a client whose writes fail',
    closes: ['hosts.clients'],
    snapshot: (s) => ({
      ...s,
      clients: s.clients.map((client) => ({ ...client, lastAcknowledgedAt: judgedAt - 9_000 })),
    }),
    says: 'seen the last 9.0 s ago',
  },
  {
    what: 'battery',
    closes: ['laptop.mains'],
    snapshot: (s) => ({ ...s, laptop: { ...s.laptop, mains: fact(false) } }),
    says: 'seen battery',
  },
  {
    what: 'a full disk',
    closes: ['laptop.disk'],
    snapshot: (s) => ({ ...s, laptop: { ...s.laptop, journalFreeBytes: fact(700 * 1_024 ** 2) } }),
    says: 'seen 700 MiB',
  },
  {
    what: 'a server clock that is off',
    closes: ['laptop.clock'],
    snapshot: (s) => withInstance(s, 'a3', () => ({ clock: fact({ offsetMs: -4_000, uncertaintyMs: 2 }) })),
    says: 'a3: expected a clock within 1000 ms (limits.clockOffsetMs), seen -4000',
  },
  {
    what: 'a shaky line',
    closes: ['laptop.round-trips'],
    snapshot: (s) => withInstance(s, 'a3', () => ({ roundTripsMs: [1, 1, 1, 1, 1, 1, 1, 400] })),
    says: 'seen 400.0 ms',
  },
]);

test('an option file that does not tell the reverse account leaves the way back unknown', () => {
  const reverseUsers = { orders: unknown('repl.cnf: no such file', takenAt, 'test') };
  const verdict = judge(
    withReverseFile(smallPlan()),
    { ...healthySnapshot('mysql'), reverseUsers },
    { people: healthyPeople, context: healthyContext },
  ).find(({ gate }) => gate === 'way-back.reverse:orders');
  expect(verdict).toMatchObject({
    state: 'unknown',
    reasons: ['the name of the reverse account of orders: repl.cnf: no such file'],
  });
});
