import { describeBreaks } from '../../helpers/break.ts';
import { uuidOf } from '../../helpers/small-plan.ts';
import { fact, healthyGtid, withFast, withLink, withSurvey } from '../../helpers/snapshot.ts';

describeBreaks('Links and logs', [
  {
    what: 'a stopped applier with an error',
    closes: ['replication.running:orders'],
    snapshot: (s) =>
      withLink(s, 'e1', { applier: 'stopped', applierError: { code: 1062, message: 'Duplicate entry' } }),
    says: 'seen stopped, error 1062: Duplicate entry',
    fix: 'START SLAVE',
    flavor: 'mariadb',
  },
  {
    what: 'a stopped applier',
    closes: ['replication.running:orders'],
    snapshot: (s) => withLink(s, 'e2', { applier: 'stopped' }),
    says: 'expected a running applier',
    fix: "on e2: START REPLICA FOR CHANNEL '';",
    flavor: 'mysql',
  },
  {
    what: 'a receiver that only connects',
    closes: ['replication.running:orders'],
    snapshot: (s) =>
      withLink(s, 'e1', { receiver: 'connecting', receiverError: { code: 2003, message: "Can't connect" } }),
    says: 'seen connecting, error 2003',
  },
  {
    what: 'a delayed link',
    closes: ['replication.whole:orders'],
    snapshot: (s) => withLink(s, 'e1', { delaySeconds: 60 }),
    says: 'expected no delay',
    fix: 'MASTER_DELAY = 0',
    flavor: 'mariadb',
  },
  {
    what: 'a filter',
    closes: ['replication.whole:orders'],
    snapshot: (s) => withLink(s, 'e1', { filters: ['Replicate_Ignore_DB=audit'] }),
    says: 'Replicate_Ignore_DB=audit',
  },
  {
    what: 'lag beyond the limit',
    closes: ['replication.lag:orders'],
    snapshot: (s) => ({
      ...s,
      lags: s.lags.map((lag) => (lag.instance === 'e1' ? { ...lag, lagMs: fact(2_500) } : lag)),
    }),
    says: 'expected at most 2000 ms behind a1 (limits.lagMs), seen 2500 ms',
  },
  {
    what: 'a slave that lags',
    closes: ['replication.lag-elsewhere:orders'],
    snapshot: (s) => ({
      ...s,
      lags: s.lags.map((lag) => (lag.instance === 'a3' ? { ...lag, lagMs: fact(90_000) } : lag)),
    }),
    says: 'seen 90000 ms',
  },
  {
    what: 'a freeze beyond its budget',
    closes: ['replication.forecast:orders'],
    plan: (p) => ({ ...p, budgets: { ...p.budgets, writeFreezeMs: 40 } }),
    says: 'Expected a write freeze within 40 ms',
  },
  {
    what: 'no cutover schema',
    closes: ['replication.prepared:orders'],
    snapshot: (s) => withSurvey(s, 'a2', () => ({ schemaPrepared: false })),
    says: 'a2: expected schema cutover',
    fix: 'Prepare',
  },
  {
    what: 'an errant transaction on the target (MySQL)',
    closes: ['replication.errant:orders'],
    snapshot: (s) =>
      withFast(s, 'e1', ({ position }) => ({
        position: { ...position, gtid: `${healthyGtid('mysql')},${uuidOf(4)}:1` },
      })),
    says: `seen ${uuidOf(4)}:1`,
    fix: 'empty transaction',
    flavor: 'mysql',
  },
  {
    what: 'an errant transaction on a slave (MariaDB)',
    closes: ['replication.errant:orders'],
    snapshot: (s) =>
      withFast(s, 'a3', ({ position }) => ({ position: { ...position, gtid: '0-1-800,0-2-799,0-3-801' } })),
    says: 'seen 0-3-801 and all before',
    fix: 'rebuild',
    flavor: 'mariadb',
  },
  {
    what: 'a purged log that a link reads',
    closes: ['replication.logs:orders'],
    snapshot: (s) => withLink(s, 'e1', { readFile: 'bin.000000' }),
    says: 'expected bin.000000, which e1 reads, seen bin.000001 as the oldest',
  },
  {
    what: 'purged GTIDs that a replica lacks',
    closes: ['replication.logs:orders'],
    snapshot: (s) => withSurvey(s, 'a1', () => ({ purgedGtid: `${uuidOf(1)}:1-501` })),
    says: `seen ${uuidOf(1)}:501 purged`,
    flavor: 'mysql',
  },
]);
