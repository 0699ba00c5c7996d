import { describeBreaks, get, value } from '../../helpers/break.ts';
import { uuidOf } from '../../helpers/small-plan.ts';
import { changed, fact, withFast, withInstance, withLink, withSurvey } from '../../helpers/snapshot.ts';

describeBreaks('Servers and topology', [
  {
    what: 'another server behind one session',
    closes: [
      'right-servers.identity:a2',
      'replication.topology:orders',
      'replication.seen-by-source:orders',
      'replication.strangers:orders',
    ],
    snapshot: (s) => withFast(s, 'a2', () => ({ serverId: 22 })),
    says: 'one server behind all sessions',
  },
  {
    what: 'two instances that are one server',
    closes: [
      'right-servers.distinct',
      'replication.topology:orders',
      'replication.seen-by-source:orders',
      'replication.strangers:orders',
      'replication.server-ids:orders',
      'way-back.dead-mans-switch:orders',
      'way-back.reverse:orders',
    ],
    snapshot: (s) => ({
      ...s,
      instances: {
        ...s.instances,
        e1: {
          ...get(s, 'e1'),
          identity: get(s, 'a1').identity,
          survey: changed(get(s, 'e1').survey, () => ({ identity: value(get(s, 'a1').identity) })),
          fast: changed(get(s, 'e1').fast, () => ({
            serverId: 1,
            serverUuid: value(get(s, 'a1').identity).serverUuid,
          })),
        },
      },
    }),
    says: 'seen one behind a1 and e1',
  },
  {
    what: 'a planned identity that differs',
    closes: ['right-servers.identity:a1'],
    flavor: 'mariadb',
    plan: (p) => ({ ...p, identities: [{ instance: 'a1', serverId: 1, datadir: '/data/other' }] }),
    says: 'expected datadir /data/other, seen /data/a1',
  },
  {
    what: 'a binlog state that was seen here last time and is gone',
    closes: ['right-servers.identity:a1'],
    flavor: 'mariadb',
    plan: (p) => ({ ...p, identities: [{ instance: 'a1', serverId: 1, gtidBinlogState: '0-1-900' }] }),
    says: 'expected gtid_binlog_state a state that contains 0-1-900',
  },
  {
    what: 'another uuid than planned',
    closes: ['right-servers.identity:a1'],
    flavor: 'mysql',
    plan: (p) => ({ ...p, identities: [{ instance: 'a1', serverUuid: uuidOf(9) }] }),
    says: 'expected server_uuid',
  },
  {
    what: 'a denied MariaDB',
    closes: ['right-servers.denied:e1'],
    flavor: 'mariadb',
    plan: (p) => ({ ...p, denyIdentities: [{ instance: 'prod-e1', serverId: 4, datadir: '/data/e1' }] }),
    says: 'seen prod-e1 of denyIdentities',
    fix: 'Correct the address of instance e1',
  },
  {
    what: 'a denied MySQL',
    closes: ['right-servers.denied:e1'],
    flavor: 'mysql',
    plan: (p) => ({ ...p, denyIdentities: [{ serverUuid: uuidOf(4) }] }),
    says: 'seen entry 1 of denyIdentities',
  },
  {
    what: 'a right that is missing',
    closes: ['right-servers.grants:orders'],
    snapshot: (s) =>
      withInstance(s, 'e1', () => ({
        grants: fact([
          {
            need: 'stop the link',
            statement: 'STOP SLAVE',
            granted: false,
            errorNumber: 1227,
            message: 'Access denied',
            fix: 'GRANT REPLICATION SLAVE ADMIN ON *.* TO operator',
          },
        ]),
      })),
    says: 'expected the right to stop the link, seen error 1227',
    fix: 'on e1: GRANT REPLICATION SLAVE ADMIN',
  },
  {
    what: 'a replica that follows the wrong port',
    closes: ['replication.topology:orders'],
    snapshot: (s) => withLink(s, 'e1', { sourcePort: 4999 }),
    says: "expected channel '' from a1 at 127.0.0.1:4001, seen 127.0.0.1:4999",
    fix: 'SOURCE_PORT = 4001',
    flavor: 'mysql',
  },
  {
    what: 'a replica that follows the wrong server',
    closes: ['replication.topology:orders'],
    snapshot: (s) => withLink(s, 'e1', { sourceServerId: 2 }),
    says: 'expected to follow a1 (server id 1), seen server id 2',
    fix: 'MASTER_PORT = 4001',
    flavor: 'mariadb',
  },
  {
    what: 'a link by the right id and the wrong uuid',
    closes: ['replication.topology:orders'],
    snapshot: (s) => withLink(s, 'e1', { sourceUuid: uuidOf(8) }),
    says: `with uuid ${uuidOf(8)}`,
    flavor: 'mysql',
  },
  {
    what: 'a link that was never connected',
    closes: ['replication.topology:orders'],
    snapshot: (s) => withLink(s, 'e1', { sourceServerId: 0 }),
    says: 'never connected',
  },
  {
    what: 'a source that follows its target',
    closes: ['replication.topology:orders'],
    snapshot: (s) =>
      withFast(s, 'a1', ({ links }) => ({
        links: [
          ...links,
          ...links.map((link) => ({ ...link, channel: 'back', sourcePort: 4004, sourceServerId: 4 })),
        ],
      })),
    says: 'wrong direction',
    fix: "RESET SLAVE 'back' ALL",
    flavor: 'mariadb',
  },
  {
    what: 'a link that is not there',
    closes: [
      'replication.topology:orders',
      'replication.running:orders',
      'replication.whole:orders',
      'replication.logs:orders',
      'durability.gtid:orders',
    ],
    snapshot: (s) => withFast(s, 'a3', () => ({ links: [] })),
    says: 'seen no such link',
  },
  {
    what: 'a source that does not see its replica',
    closes: ['replication.seen-by-source:orders'],
    snapshot: (s) => withSurvey(s, 'a1', () => ({ attachedServerIds: [2, 3] })),
    says: 'expected server id 4 (e1) among its replicas',
  },
  {
    what: 'a replica outside the plan',
    closes: ['replication.strangers:orders'],
    snapshot: (s) => withSurvey(s, 'a2', () => ({ attachedServerIds: [1, 77] })),
    says: 'seen server ids 77',
  },
]);
