import type {
  Activity,
  ClientSession,
  FastFacts,
  LockHolder,
  OpenTransaction,
  Position,
  ServerState,
} from '../../shared/sessions/operations.ts';
import { locksUnseen } from '../../shared/sessions/dialect-locks.ts';
import type { Survey } from '../../shared/sessions/survey.ts';
import { holds, logFile } from './binlog.ts';
import { containsMysql, gtidText, mariaWaitSatisfied, parseMaria, positionOf } from './gtid-text.ts';
import { refusal } from './commits.ts';
import { lookAtTables } from './mysql-tables.ts';
import { reads, type Call, type Performers } from './mysql-call.ts';
import { openTransactionsOf } from './processes.ts';
import { linkReport } from './replication.ts';
import { dialectAt } from './statements.ts';
import type { Server, Thread, World } from './world.ts';

/** The one table of a simulated server that no transaction protects; there as long as somebody writes to it. */
const fragileTable = 'app.old_log';

function identity({ server, thread, account }: Call): Survey['identity'] {
  return {
    flavor: server.flavor,
    version: server.version,
    versionText: server.versionText,
    ...whoIs(server),
    hostname: server.host,
    port: server.port,
    datadir: server.datadir,
    gtidState: gtidText(server),
    connectionId: thread.id,
    account: `${account.user}@${account.host}`,
  };
}

/** Who answers at a server's address. */
function whoIs({ replacedBy, serverId, serverUuid }: Server): Pick<Server, 'serverUuid' | 'serverId'> {
  return replacedBy ?? { serverId, serverUuid };
}

function serverClockUs(world: World, server: Server): number {
  return Math.round((world.clock.utcMs() + server.clockOffsetMs) * 1000);
}

function stateOf({ world, server, thread }: Call): ServerState {
  return {
    connectionId: thread.id,
    ...whoIs(server),
    uptimeSeconds: Math.floor((world.clock.nowMs() - server.bootedAt) / 1000),
    clockUs: serverClockUs(world, server),
    readOnly: server.readOnly,
    superReadOnly: server.flavor === 'mysql' ? server.superReadOnly : null,
    position: positionOf(server),
    lockHolder: server.lockHolder,
  };
}

function fastFacts(call: Call): FastFacts {
  const { world, server } = call;
  const now = world.clock.nowMs();
  return {
    ...stateOf(call),
    links: server.links.map((link) => linkReport(link, now)),
    beats: server.schemaPrepared ? [...server.beats].map(([serverId, atUs]) => ({ serverId, atUs })) : [],
    eventScheduler: server.eventScheduler,
    threadsRunning: 1 + [...server.threads.values()].filter((one) => one.statement !== null).length,
    writesCounted: server.writesCounted,
  };
}

/** Everybody who is connected, other sessions of the cockpit among them; not the one that asks. */
function clientSessions({ world, server, thread: own }: Call): readonly ClientSession[] {
  const now = world.clock.nowMs();
  // Whoever would write now waits behind the fence; who holds something, or idles in a transaction, does not.
  const queues = ({ id, owner, statement, trx }: Thread): boolean =>
    server.pendingFences.length > 0 &&
    owner === 'client' &&
    statement === null &&
    trx === null &&
    !server.blockers.some(({ thread }) => thread === id);
  return [...server.threads.values()]
    .filter((thread) => thread.owner !== 'replica' && thread.id !== own.id)
    .map((thread) => ({
      thread: thread.id,
      user: thread.user,
      host: thread.host,
      schema: 'app',
      command: thread.statement === null && !queues(thread) ? 'Sleep' : 'Query',
      timeSeconds: Math.max(0, Math.floor((now - thread.since) / 1000)),
      state: queues(thread) ? waitingState(server) : thread.state,
      statement: thread.statement?.slice(0, 80) ?? null,
    }));
}

function waitingState(server: Server): string {
  return server.flavor === 'mariadb' ? 'Waiting for backup lock' : 'Waiting for global read lock';
}

function openTransactions(world: World, server: Server, ageMs: number): readonly OpenTransaction[] {
  const now = world.clock.nowMs();
  return openTransactionsOf(server, now)
    .map(({ thread, trx }) => ({
      thread: thread.id,
      user: thread.user,
      host: thread.host,
      ageMs: now - trx.startedAt,
      rowsModified: trx.rows,
      rowsLocked: trx.locked,
      state: trx.state,
      statement: thread.statement,
    }))
    .filter((one) => one.ageMs >= ageMs);
}

function activity(call: Call): Activity {
  const { world, server } = call;
  return {
    sessions: clientSessions(call),
    transactions: openTransactions(world, server, 0),
    locks: server.showsLocks ? { holders: holdersOf(server), unseen: null } : locksUnseen(dialectAt(server)),
  };
}

function holdersOf(server: Server): readonly LockHolder[] {
  const held = server.blockers.map(({ thread, kind }) => ({
    thread,
    fence: kind !== 'backup',
    backup: kind === 'backup',
    fragile: server.flavor === 'mysql' ? null : kind === 'fragile',
    tables: kind === 'backup' ? [] : [kind === 'fragile' ? fragileTable : 'app.archive'],
  }));
  const using = [...server.threads.values()].filter(
    ({ id, trx }) => trx !== null && !server.blockers.some(({ thread }) => thread === id),
  );
  return [
    ...held,
    ...using.map(({ id }) => ({
      thread: id,
      fence: false,
      backup: false,
      fragile: null,
      tables: ['app.archive'],
    })),
  ];
}

function censusOf(server: Server): Survey['accounts'] {
  return server.accounts.map((row) => ({
    account: `'${row.user}'@'${row.host}'`,
    privileges: row.privileges,
    throughRoles: row.roles,
    bypassesReadOnly: row.bypasses,
    locked: row.locked,
  }));
}

function survey(call: Call): Survey {
  const { world, server } = call;
  const now = world.clock.nowMs();
  return {
    identity: identity(call),
    links: server.links.map((link) => linkReport(link, now)),
    attachedServerIds: server.readers.filter((link) => link.online).map((link) => link.receiver.serverId),
    accounts: censusOf(server),
    definers: [...server.events.keys()].map((event) => ({
      kind: 'EVENT',
      ...splitName(event),
      definer: 'app@%',
    })),
    events: [...server.events].map(([event, status]) => ({ ...splitName(event), status, definer: 'app@%' })),
    preparedXids: server.prepared.map((one) => one.xid),
    nonTransactionalTables: server.blockers.some(({ kind }) => kind === 'fragile') ? [fragileTable] : [],
    tablesWithoutKey: [...server.tablesWithoutKey],
    binaryLogs: [-2, -1, 0].map((back) => ({
      file: logFile(server, server.file + back),
      bytes: back === 0 ? server.offset : 1_073_741_824,
    })),
    purgedGtid: '',
    settings: {
      ...server.settings,
      readOnly: server.readOnly,
      superReadOnly: server.flavor === 'mysql' ? server.superReadOnly : null,
      eventScheduler: server.eventScheduler ? 'ON' : 'OFF',
    },
    maxConnections: 500,
    connections: server.threads.size,
    schemaPrepared: server.schemaPrepared,
  };
}

function splitName(event: string): { readonly schema: string; readonly name: string } {
  const [schema = '', name = ''] = event.split('.');
  return { schema, name };
}

/** How often a waiting statement looks whether its position is there: finer than any figure that is reported. */
const lookEveryMs = 1;

type ReadName =
  | 'identity'
  | 'fastFacts'
  | 'state'
  | 'links'
  | 'activity'
  | 'survey'
  | 'accounts'
  | 'position'
  | 'preparedTransactions'
  | 'clientSessions'
  | 'threadsAlive'
  | 'runningStatements'
  | 'openTransactions'
  | 'mostWrittenTables'
  | 'newestRows'
  | 'waitApplied'
  | 'readCanary'
  | 'lockHolder';

/** The operations that only look. */
export const performReads: Performers<ReadName> = {
  identity: reads(identity),
  fastFacts: reads(fastFacts),
  state: reads(stateOf),
  links: reads((call) => ({ links: fastFacts(call).links })),
  activity: reads(activity),
  survey: reads(survey),
  accounts: reads(({ server }) => ({ accounts: censusOf(server) })),
  position: reads(({ server }) => positionOf(server)),
  preparedTransactions: reads(({ server }) => ({ xids: server.prepared.map((one) => one.xid) })),
  clientSessions: reads((call) => ({ sessions: clientSessions(call) })),
  threadsAlive: reads(({ server }, { threads }) => ({
    alive: threads.filter((id) => server.threads.has(id)),
  })),
  runningStatements: reads(({ server }, { threads }) => ({
    running: threads.flatMap((thread) => {
      const statement = server.threads.get(thread)?.statement ?? null;
      return statement === null ? [] : [{ thread, statement }];
    }),
  })),
  openTransactions: reads(({ world, server }, { ageMs }) => ({
    transactions: openTransactions(world, server, ageMs),
  })),
  mostWrittenTables: reads(({ server }, { limit }) => ({ tables: server.tables.slice(0, limit) })),
  newestRows: reads(({ world, server }, { tables, rows }) => ({
    tables: lookAtTables(world, server, [tables, rows]),
  })),
  readCanary: (call, { id }, done) => {
    if (!call.server.schemaPrepared) return done({ refused: refusal(1146) });
    const txn = call.server.chain.named.get(id);
    done({ value: { found: txn?.kind === 'canary' && holds(call.server, txn) } });
  },
  lockHolder: reads(({ server }) => ({ holder: server.lockHolder })),
  waitApplied: ({ world, server, thread }, { position, sliceMs }, done) => {
    const begun = world.clock.nowMs();
    const reached = waitTest(server, position);
    if (typeof reached !== 'function') return done({ refused: refusal(reached) });
    const look = (): void => {
      const waitedMs = world.clock.nowMs() - begun;
      if (!server.threads.has(thread.id)) return done({ refused: refusal(1317) });
      // Sums of fractions may miss the end by a hair, and a step of no length would never end.
      if (reached() || sliceMs - waitedMs < 0.01) return done({ value: { waitedMs } });
      world.clock.in(Math.min(lookEveryMs, sliceMs - waitedMs), look);
    };
    look();
  },
};

/** What the server's own waiting function looks at; a number: it refuses the position. */
function waitTest(server: Server, position: Position): (() => boolean) | 1772 | 1941 {
  if (server.flavor === 'mysql' && position.gtid !== '') {
    if (containsMysql(server, position.gtid) === null) return 1772;
    return () => containsMysql(server, position.gtid) === true;
  }
  if (server.flavor === 'mariadb' && position.gtid !== '') {
    const wanted = parseMaria(position.gtid);
    if (wanted === null) return 1941;
    return () => mariaWaitSatisfied(server, wanted);
  }
  return () => server.links.some((link) => reachedFile(link, position));
}

function reachedFile(
  link: Server['links'][number],
  position: { readonly file: string | null; readonly offset: number | null },
): boolean {
  const report = linkReport(link, 0);
  const file = position.file ?? '';
  return (
    report.appliedFile > file ||
    (report.appliedFile === file && report.appliedOffset >= (position.offset ?? 0))
  );
}
