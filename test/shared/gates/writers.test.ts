import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import { activity, clientAt } from '../../helpers/activity.ts';
import { describeBreaks, withChain } from '../../helpers/break.ts';
import { fact, withFast, withInstance, withSurvey } from '../../helpers/snapshot.ts';

const account = {
  account: "'admin'@'10.%'",
  privileges: ['READ_ONLY ADMIN'],
  throughRoles: ['dba'],
  bypassesReadOnly: true,
  locked: false,
};
const admin = (healthy: Snapshot): Snapshot =>
  withSurvey(healthy, 'a2', ({ accounts }) => ({ accounts: [...accounts, account] }));
const session = {
  thread: 9,
  user: 'app',
  host: '10.0.0.7',
  schema: 'shop',
  command: 'Query',
  timeSeconds: 9,
  state: 'altering table',
  statement: 'ALTER TABLE big',
};
const transaction = {
  thread: 8,
  user: 'batch',
  host: '10.0.0.8',
  ageMs: 60_000,
  rowsModified: 40_000,
  rowsLocked: 1,
  state: 'running',
  statement: 'UPDATE big',
} as const;

describeBreaks('Writers', [
  {
    what: 'a read-only co-master',
    closes: ['writers.source-writable:orders'],
    snapshot: (s) => withFast(s, 'a2', () => ({ readOnly: true })),
    says: 'a2: expected a writable source master',
  },
  {
    what: 'a writable target',
    closes: ['writers.others-read-only:orders'],
    snapshot: (s) => withFast(s, 'e1', () => ({ readOnly: false })),
    says: 'e1: expected a read-only target master, seen writable; nobody',
    fix: 'SET GLOBAL super_read_only = ON',
    flavor: 'mysql',
  },
  {
    what: 'a writable slave, with who writes there',
    closes: ['writers.others-read-only:orders'],
    snapshot: (s) =>
      withInstance(
        withFast(s, 'a3', () => ({ readOnly: false })),
        'a3',
        () => ({ activity: fact(activity({ transactions: [{ ...transaction, ageMs: 3 }] })) }),
      ),
    says: 'a3: expected a read-only source slave, seen writable; written by batch@10.0.0.8',
    fix: 'on a3: SET GLOBAL read_only = 1;',
    flavor: 'mariadb',
  },
  {
    what: 'a long transaction',
    closes: ['writers.transactions:orders'],
    snapshot: (s) =>
      withInstance(s, 'a1', () => ({
        activity: fact(
          activity({ sessions: [clientAt(8, { statement: 'UPDATE big' })], transactions: [transaction] }),
        ),
      })),
    says: 'thread 8 of batch@10.0.0.8, running a statement for 60 s, 40000 rows changed: UPDATE big',
    fix: 'KILL 8',
  },
  {
    what: 'a long statement outside transactions',
    closes: ['writers.transactions:orders'],
    snapshot: (s) => withInstance(s, 'a2', () => ({ activity: fact(activity({ sessions: [session] })) })),
    says: 'thread 9 of app@10.0.0.7, changing a table for 9.0 s: ALTER TABLE big',
  },
  {
    what: 'a prepared XA transaction',
    closes: ['writers.prepared-xa:orders'],
    snapshot: (s) => withSurvey(s, 'a1', () => ({ preparedXids: ["'x1'"] })),
    says: 'seen 1',
    fix: "XA ROLLBACK 'x1'",
  },
  {
    what: 'an account that passes read_only through a role',
    closes: ['writers.bypass:orders'],
    snapshot: admin,
    says: "seen 'admin'@'10.%' through dba",
    fix: 'REVOKE dba FROM',
    flavor: 'mariadb',
  },
  {
    what: 'an object with a bypassing definer',
    closes: ['writers.definers:orders', 'writers.definers-on-target:orders', 'writers.bypass:orders'],
    snapshot: (s) =>
      withSurvey(admin(s), 'a2', ({ definers }) => ({
        definers: [...definers, { kind: 'PROCEDURE', schema: 'shop', name: 'fix', definer: 'admin@10.%' }],
      })),
    says: 'expected procedure shop.fix with a plain definer',
    flavor: 'mariadb',
  },
  {
    what: 'a definer that the target lacks',
    closes: ['writers.definers-on-target:orders'],
    snapshot: (s) =>
      withSurvey(s, 'e1', ({ accounts }) => ({
        accounts: accounts.filter((entry) => entry.account !== "'app'@'%'"),
      })),
    says: 'expected account app@%, the definer of shop.on_order',
  },
  {
    what: 'an enabled event that is not planned',
    closes: ['writers.events:orders'],
    plan: (p) => withChain(p, { events: [] }),
    says: 'expected event shop.cleanup among the events of the plan',
  },
  {
    what: 'a planned event that does not exist',
    closes: ['writers.events:orders', 'writers.enable-events:orders'],
    plan: (p) => withChain(p, { events: ['shop.cleanup', 'shop.gone'] }),
    says: 'Expected planned event shop.gone',
  },
  ...(['mysql', 'mariadb'] as const).map((flavor) => ({
    what: 'an event of another definer that the cockpit may not switch on',
    closes: ['writers.enable-events:orders'],
    snapshot: (s: Snapshot): Snapshot =>
      withSurvey(s, 'e1', ({ accounts }) => ({
        accounts: accounts.map((entry) =>
          entry.account === "'operator'@'%'" ? { ...entry, privileges: ['READ_ONLY ADMIN'] } : entry,
        ),
      })),
    says: 'expected the right to switch shop.cleanup on as its definer app@%',
    fix: `GRANT ${flavor === 'mysql' ? 'SET_ANY_DEFINER' : 'SET USER'} ON *.* TO`,
    flavor,
  })),
  {
    what: 'an event that did not come to the target',
    closes: ['writers.enable-events:orders'],
    snapshot: (s) => withSurvey(s, 'e1', () => ({ events: [] })),
    says: 'e1: expected planned event shop.cleanup',
  },
  {
    what: 'an event that runs on the target',
    closes: ['writers.events:orders'],
    snapshot: (s) =>
      withSurvey(
        withFast(s, 'e1', () => ({ eventScheduler: true })),
        'e1',
        ({ events }) => ({ events: events.map((event) => ({ ...event, status: 'ENABLED' })) }),
      ),
    says: 'e1: expected no enabled event',
  },
]);
