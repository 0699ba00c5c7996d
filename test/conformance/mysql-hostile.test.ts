import { connect as connectSocket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCredentials } from '../../main/adapters/credentials.ts';
import { createMysql } from '../../main/adapters/mysql.ts';
import type { Opened } from '../../main/ports.ts';
import { flavorOf, whyNot } from './real-places.ts';
import type { ServerKind } from './real-places.ts';
import { freePort } from '../helpers/free-ports.ts';
import { certificateName, passwords } from './real-servers.ts';
import { startRealWorld } from './real-world.ts';
import type { RealWorld } from './real-world.ts';

/** Bad input and bad luck at the door of a server: each gets its own reason, and words that say what to do. */
// A flavour that is not on this machine is told by mysql-servers.test.ts.
const present = (['mariadb', 'mysql', 'mariadb-11', 'mariadb-10.5'] as const).filter(
  (kind) => whyNot(kind) === null,
);

describe.each(present)('opening a session to %s', hostile);

function hostile(kind: ServerKind): void {
  const flavor = flavorOf(kind);
  let real: RealWorld;
  const open = (
    change: Parameters<RealWorld['plan']>[0],
    environment?: Readonly<Record<string, string>>,
  ): Promise<Opened> => real.portOf(real.plan(change), environment).open('source', 'act', 5_000);
  const closed = async (opened: Opened): Promise<string> => {
    if (opened.kind === 'refused') return opened.reason;
    await opened.session.close();
    return 'open';
  };

  beforeAll(async () => {
    real = await startRealWorld(kind);
  });
  afterAll(async () => {
    await real?.end();
  });

  test('a wrong password is told as such, with the account and without the password', async () => {
    const opened = await open({}, { OPERATOR: 'not-the-password', PLAIN: 'x', REPL: 'x' });
    expect(opened).toMatchObject({ kind: 'refused', reason: 'wrong-password' });
    expect(JSON.stringify(opened)).toContain('cockpit');
    expect(JSON.stringify(opened)).not.toContain('not-the-password');
  });

  test('a password that is nowhere is a credential refusal that names the variable', async () => {
    const opened = await open({}, {});
    expect(opened).toMatchObject({ kind: 'refused', reason: 'credential' });
    expect(JSON.stringify(opened)).toContain('OPERATOR');
  });

  test('a port where nobody listens is unreachable', async () => {
    expect(await open({ port: await freePort() })).toMatchObject({ kind: 'refused', reason: 'unreachable' });
  });

  test('TLS: the right authority and the right name open, each wrong one is refused', async () => {
    const { ca, otherCa } = real.certificates;
    expect(await closed(await open({ tls: { mode: 'VERIFY_CA', ca } }))).toBe('open');
    expect(
      await closed(await open({ tls: { mode: 'VERIFY_IDENTITY', ca, serverName: certificateName } })),
    ).toBe('open');
    expect(await closed(await open({ tls: { mode: 'VERIFY_CA', ca: otherCa } }))).toBe('tls');
    expect(
      await closed(await open({ tls: { mode: 'VERIFY_IDENTITY', ca, serverName: 'other.cutover.test' } })),
    ).toBe('tls');
    expect(await closed(await open({ tls: { mode: 'VERIFY_IDENTITY', ca } }))).toBe('tls');
    expect(await closed(await open({ tls: { mode: 'VERIFY_CA', ca: '/nowhere/ca.pem' } }))).toBe('tls');
  });

  test('without TLS: taken on this machine, refused for another one before a byte is sent', async () => {
    expect(await closed(await open({ tls: { mode: 'DISABLED' } }))).toBe('open');
    expect(await open({ tls: { mode: 'DISABLED' }, address: '192.0.2.1' })).toMatchObject({
      kind: 'refused',
      reason: 'tls',
    });
  });

  test("without TLS behind an SSH host: the server's own key is not taken for the password", async () => {
    await real.servers.source.admin.query(`ALTER USER cockpit@'%' IDENTIFIED BY '${passwords.cockpit}'`);
    const plan = real.plan({ tls: { mode: 'DISABLED' }, address: 'db.behind', via: 'ssh' });
    const mysql = createMysql(plan, {
      credentials: createCredentials({
        planFolder: '/',
        redactor: { register: () => undefined },
        environment: { OPERATOR: passwords.cockpit },
      }),
      connectStream: (instance) =>
        Promise.resolve({ kind: 'open', stream: connectSocket(instance.port, '127.0.0.1') }),
    });
    // MariaDB's accounts here never send the password itself, so there is nothing to refuse.
    expect(await closed(await mysql.open('source', 'act', 5_000))).toBe(flavor === 'mysql' ? 'tls' : 'open');
  });

  test('the line is encrypted with TLS 1.2 or newer', async () => {
    const opened = await open({ tls: { mode: 'REQUIRED' } });
    if (opened.kind !== 'open') throw new Error(opened.message);
    const [rows] = await real.servers.source.admin.query(
      flavor === 'mysql'
        ? `SELECT CONNECTION_TYPE AS line FROM performance_schema.threads WHERE PROCESSLIST_ID = ${opened.session.connectionId}`
        : "SELECT IF(COUNT(*) > 0, 'SSL/TLS', 'none') AS line FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'SSL_ACCEPTS' AND VARIABLE_VALUE > 0",
    );
    expect(JSON.stringify(rows)).toContain('SSL/TLS');
    await opened.session.close();
  });

  test('every password that is used was told to the redactor', () => {
    expect(real.registered).toContain(passwords.cockpit);
  });

  test('a server without a free connection says so', async () => {
    const { admin } = real.servers.target;
    const [before] = await admin.query('SELECT @@global.max_connections AS n');
    const port = real.portOf(real.plan());
    await admin.query('SET GLOBAL max_connections = 10');
    const sessions: Opened[] = [];
    // The plain account has no reserved place, as the administrator has.
    for (let n = 0; n < 12; n++) sessions.push(await port.open('target', 'plain', 5_000));
    await admin.query(
      `SET GLOBAL max_connections = ${String(Object.values((before as Record<string, unknown>[])[0] ?? {})[0])}`,
    );
    expect(
      sessions.some((opened) => opened.kind === 'refused' && opened.reason === 'too-many-connections'),
    ).toBe(true);
    for (const opened of sessions) if (opened.kind === 'open') await opened.session.close();
  });

  test('an account without rights: the answers are refusals that name the GRANT, never empty lists', async () => {
    const opened = await real.portOf(real.plan()).open('source', 'plain', 5_000);
    if (opened.kind !== 'open') throw new Error(opened.message);
    const { session } = opened;
    for (const operation of ['survey', 'activity', 'clientSessions'] as const) {
      expect((await session.ask(operation, {}, 5_000)).kind).toBe('refused');
    }
    expect(await session.ask('threadsAlive', { threads: [1] }, 5_000)).toMatchObject({
      kind: 'refused',
      code: 1227,
    });
    const tried = await session.ask('tryGrants', { role: 'source' }, 5_000);
    const granted =
      tried.kind === 'ok' ? tried.value.tried.filter((one) => one.granted).map((one) => one.need) : ['?'];
    // MariaDB lists prepared transactions to everybody.
    expect(granted).toEqual(flavor === 'mariadb' ? ['see prepared XA transactions'] : []);
    await session.close();
  });

  test('a plain reader of the catalogue refuses the census instead of showing half of it', async () => {
    const { admin } = real.servers.source;
    await admin.query("REVOKE TRIGGER ON *.* FROM cockpit@'%'");
    const opened = await open({});
    if (opened.kind !== 'open') throw new Error(opened.message);
    const answer = await opened.session.ask('survey', {}, 5_000);
    await admin.query("GRANT TRIGGER ON *.* TO cockpit@'%'");
    expect(answer).toMatchObject({ kind: 'refused', code: null });
    expect(JSON.stringify(answer)).toContain('GRANT TRIGGER ON *.*');
    await opened.session.close();
  });

  test('a bypass through nested roles is found', async () => {
    const { admin } = real.servers.source;
    const right = flavor === 'mariadb' ? 'READ_ONLY ADMIN' : 'CONNECTION_ADMIN';
    const statements = [
      'CREATE ROLE inner_role',
      'CREATE ROLE outer_role',
      `GRANT ${right} ON *.* TO inner_role`,
      'GRANT inner_role TO outer_role',
      "CREATE USER sly@'%' IDENTIFIED BY 'sly-Secret-5'",
      "GRANT outer_role TO sly@'%'",
    ];
    for (const statement of statements) await admin.query(statement);
    const opened = await open({});
    if (opened.kind !== 'open') throw new Error(opened.message);
    const answer = await opened.session.ask('survey', {}, 5_000);
    const sly =
      answer.kind === 'ok' ? answer.value.accounts.find(({ account }) => account === "'sly'@'%'") : undefined;
    expect(sly).toMatchObject({ bypassesReadOnly: true });
    expect(sly?.throughRoles).toHaveLength(2);
    await opened.session.close();
  });

  test('XA: a prepared transaction is listed', async () => {
    const { admin } = real.servers.source;
    for (const sql of [
      "XA START 'x1'",
      "INSERT INTO shop.writes VALUES ('xa-1', NULL, 1)",
      "XA END 'x1'",
      "XA PREPARE 'x1'",
    ])
      await admin.query(sql);
    const opened = await open({});
    if (opened.kind !== 'open') throw new Error(opened.message);
    const answer = await opened.session.ask('preparedTransactions', {}, 5_000);
    await admin.query("XA ROLLBACK 'x1'");
    expect(answer.kind === 'ok' ? answer.value.xids : []).toHaveLength(1);
    await opened.session.close();
  });

  test('events are switched on with the definer they have', async () => {
    const { admin } = real.servers.source;
    await admin.query(
      "CREATE DEFINER = 'app'@'%' EVENT shop.nightly ON SCHEDULE EVERY 1 DAY DISABLE DO INSERT INTO shop.writes VALUES (UUID(), NULL, 1)",
    );
    const opened = await open({});
    if (opened.kind !== 'open') throw new Error(opened.message);
    expect((await opened.session.ask('enableEvents', { events: ['shop.nightly'] }, 5_000)).kind).toBe('ok');
    expect(await opened.session.ask('enableEvents', { events: ['shop.none'] }, 5_000)).toMatchObject({
      kind: 'refused',
    });
    const survey = await opened.session.ask('survey', {}, 5_000);
    expect(survey.kind === 'ok' ? survey.value.events : []).toEqual([
      { schema: 'shop', name: 'nightly', status: 'ENABLED', definer: 'app@%' },
    ]);
    await admin.query('DROP EVENT shop.nightly');
    await opened.session.close();
  });

  test('a link that was made without its account starts with the credential of the plan and stays down without it', async () => {
    const opened = await real.portOf(real.plan()).open('source', 'act', 5_000);
    if (opened.kind !== 'open') throw new Error(opened.message);
    const { session } = opened;
    const target = await real.portOf(real.plan()).open('target', 'look', 5_000);
    if (target.kind !== 'open') throw new Error(target.message);
    const position = await target.session.ask('position', {}, 5_000);
    if (position.kind !== 'ok') throw new Error('no position');
    const link = {
      channel: 'cutover_reverse',
      sourceAddress: '127.0.0.1',
      sourcePort: real.servers.target.port,
      chain: 'orders',
      direction: 'reverse',
      from: position.value,
    } as const;
    expect(await session.ask('configureLink', link, 5_000)).toMatchObject({ kind: 'ok' });
    expect(await session.ask('startLink', { channel: 'cutover_reverse' }, 5_000)).toMatchObject({
      kind: 'ok',
    });
    const running = async (): Promise<string> => {
      const facts = await session.ask('fastFacts', {}, 5_000);
      return facts.kind === 'ok'
        ? (facts.value.links.find(({ channel }) => channel === 'cutover_reverse')?.receiver ?? 'none')
        : 'none';
    };
    for (let round = 0; round < 100 && (await running()) !== 'running'; round++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await running()).toBe('running');
    const [secrets] = await real.servers.source.admin.query(
      flavor === 'mysql'
        ? "SELECT COUNT(*) AS n FROM mysql.slave_master_info WHERE Channel_name = 'cutover_reverse' AND User_password <> ''"
        : 'SELECT 0 AS n',
    );
    expect(JSON.stringify(secrets)).toBe('[{"n":0}]');
    expect(await session.ask('removeLink', { channel: 'cutover_reverse' }, 5_000)).toMatchObject({
      kind: 'ok',
    });
    expect(await running()).toBe('none');
    await session.close();
    await target.session.close();
  });
}
