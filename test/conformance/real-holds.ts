import { randomUUID } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import type { Held, HoldKind } from './fixture-world.ts';
import { passwords } from './real-servers.ts';
import type { RealServer } from './real-servers.ts';

type Hold = {
  /** Run before anything, each until it is done, by the session that holds. */
  readonly first: readonly string[];
  /** Sent and not waited for. */
  readonly runs?: string;
  /** By another session, before: what `runs` waits for. */
  readonly behind?: readonly string[];
  /** By the administrator, before and after. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
};

/** The statements of each kind of hold. */
function holdsOf({ flavor }: RealServer): Readonly<Record<HoldKind, Hold>> {
  const row = `INSERT INTO writes VALUES ('${randomUUID()}', NULL, 1)`;
  const mariadb = flavor === 'mariadb';
  const semiSync = mariadb ? 'rpl_semi_sync_master' : 'rpl_semi_sync_source';
  return {
    'open-transaction': { first: ['START TRANSACTION', row] },
    'idle-transaction': { first: ['START TRANSACTION', 'SELECT COUNT(*) FROM writes'] },
    'table-lock': { first: ['LOCK TABLES writes WRITE'] },
    statement: { first: [row], runs: 'UPDATE writes SET n = n + SLEEP(60)' },
    fragile: {
      before: ['CREATE TABLE shop.fragile (a INT) ENGINE=MyISAM', 'INSERT INTO shop.fragile VALUES (1), (2)'],
      first: [],
      runs: 'UPDATE fragile SET a = a + SLEEP(60)',
      after: ['DROP TABLE shop.fragile'],
    },
    // A name of its own: a server may keep the table when the sleep in it is killed.
    ddl: { first: [], runs: `CREATE TABLE made_${Date.now()} AS SELECT SLEEP(60) AS a` },
    'lock-queue': {
      behind: ['START TRANSACTION', 'SELECT COUNT(*) FROM writes'],
      first: ['SET SESSION lock_wait_timeout = 120'],
      runs: 'ALTER TABLE writes ENGINE = InnoDB',
    },
    'semi-sync': {
      before: [
        ...(mariadb ? [] : ["INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'"]),
        `SET GLOBAL ${semiSync}_timeout = 3600000`,
        `SET GLOBAL ${semiSync}_enabled = 1`,
      ],
      first: [],
      runs: row,
      after: [`SET GLOBAL ${semiSync}_enabled = 0`],
    },
    backup: { first: ['FLUSH TABLES WITH READ LOCK'] },
    'backup-lock': { first: [mariadb ? 'BACKUP STAGE START' : 'LOCK INSTANCE FOR BACKUP'] },
  };
}

/** Begins what would stand in a fence's way on a real server, by an account without bypass rights. */
export async function holdOn(server: RealServer, how: HoldKind): Promise<Held> {
  const { before = [], behind, first, runs, after = [] } = holdsOf(server)[how];
  // A column or a plugin may be there from an earlier time, or not be there at the end: that is as it is wanted.
  const admin = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await server.admin.query(statement).catch(() => undefined);
  };
  await admin(before);
  const idle = behind === undefined ? null : await session(server, behind);
  const held = await session(server, first);
  const running = runs === undefined ? Promise.resolve() : held.query(runs).catch(() => undefined);
  if (runs !== undefined) await shown(server, held.threadId);
  return {
    thread: held.threadId,
    ...(idle === null ? {} : { behind: idle.threadId }),
    release: async () => {
      await admin([...(how === 'semi-sync' ? after : []), `KILL ${held.threadId}`]);
      idle?.destroy();
      await running;
      held.destroy();
      await admin(after);
    },
  };
}

async function session({ port }: RealServer, statements: readonly string[]): Promise<Connection> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port,
    user: 'batch',
    password: passwords.batch,
    database: 'shop',
    ssl: { rejectUnauthorized: false },
  });
  // The session may be killed while it holds.
  connection.on('error', () => undefined);
  for (const statement of statements) await connection.query(statement);
  return connection;
}

/** Waits until the server itself shows the statement as running. */
async function shown({ admin }: RealServer, thread: number): Promise<void> {
  for (let look = 0; look < 200; look++) {
    const [rows] = await admin.query('SELECT COMMAND FROM information_schema.PROCESSLIST WHERE ID = ?', [
      thread,
    ]);
    if (/"(Query|Execute)"/.test(JSON.stringify(rows))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Thread ${thread} never began its statement.`);
}
