import { readFile } from 'node:fs/promises';
import { connect as connectSocket, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { failed, ok } from '../../shared/lib/result.ts';
import type { Instance, Plan } from '../../shared/plan/plan.ts';
import type { Dialect } from '../../shared/sessions/dialect.ts';
import { dialectOf, probeStatements } from '../../shared/sessions/dialect.ts';
import { sessionStatements } from '../../shared/sessions/dialect-effects.ts';
import { onlyRow, Unreadable } from '../../shared/sessions/dialect-rows.ts';
import { versionStatement } from '../../shared/sessions/dialect-reads.ts';
import type { ResultSet } from '../../shared/sessions/dialect-rows.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import { statementsOf } from '../../shared/sessions/statements.ts';
import { parseVersion, unknownVersionMessage } from '../../shared/sessions/versions.ts';
import type { OpenRefused, MysqlPort } from '../ports.ts';
import type { Credentials } from './credentials.ts';
import { homePath } from './home-path.ts';
import { ConversationLost, StatementRefused } from './mysql-conversation.ts';
import type { Conversation } from './mysql-conversation.ts';
import { connect } from './mysql-driver.ts';
import type { DriverConnection, DriverOpened, DriverTls } from './mysql-driver.ts';
import { linkBook } from './mysql-links.ts';
import { createSession } from './mysql-session.ts';

export type StreamOpened = { readonly kind: 'open'; readonly stream: Duplex } | OpenRefused;

export type MysqlOptions = {
  readonly credentials: Credentials;
  /** A stream to an instance whose `via` is ssh: to its socket or address, as its host sees them. */
  readonly connectStream: (instance: Instance, limitMs: number) => Promise<StreamOpened>;
};

/** MySQL and MariaDB servers of a plan, over SSH streams or direct connections. */
export function createMysql(plan: Plan, options: MysqlOptions): MysqlPort {
  const dialects = new Map<string, Dialect>();
  const keys = new Map<string, Conversation['keys']>();
  return {
    open: async (id, purpose, limitMs) => {
      const instance = plan.instances.find((one) => one.id === id);
      if (instance === undefined) return refused('other', `The plan has no instance ${id}.`);
      const began = performance.now();
      const leftMs = (): number => Math.max(1, limitMs - (performance.now() - began));
      const reached = await reach(plan, { instance, purpose, options, leftMs });
      if (reached.kind === 'refused') return reached;
      const { connection } = reached;
      const prepared = await within(prepare(connection, purpose), leftMs(), instance);
      if (prepared.kind === 'refused') {
        connection.destroy();
        return prepared;
      }
      dialects.set(id, prepared.dialect);
      const known = keys.get(id) ?? new Map<string, readonly string[] | null>();
      keys.set(id, known);
      const conversation: Conversation = {
        dialect: prepared.dialect,
        query: (sql, bytes) => ask(connection, sql, bytes),
        memory: { heartbeat: { present: false, lookedAtMs: Number.NEGATIVE_INFINITY } },
        links: linkBook(plan, id, options.credentials),
        keys: known,
      };
      return {
        kind: 'open',
        session: createSession({
          instance: id,
          purpose,
          connectionId: prepared.connectionId,
          connection,
          conversation,
        }),
      };
    },
    statements: (instance, operation, input) => {
      const dialect = dialects.get(instance);
      if (dialect === undefined) return [`-- not known before the first session to ${instance} was open`];
      return statementsOf({ plan, instance, dialect, userOf: options.credentials.userOf }, operation, input);
    },
    userOf: async (reference) => {
      const found = await options.credentials.resolve(reference);
      return found.kind === 'ok' ? ok(found.account.user) : failed(found.message);
    },
  };
}

type Reach = {
  readonly instance: Instance;
  readonly purpose: SessionPurpose;
  readonly options: MysqlOptions;
  readonly leftMs: () => number;
};

type Reached = { readonly kind: 'open'; readonly connection: DriverConnection } | OpenRefused;

async function reach(plan: Plan, { instance, purpose, options, leftMs }: Reach): Promise<Reached> {
  const reference =
    purpose === 'plain'
      ? (instance.plain ?? plan.accounts.plain)
      : (instance.operator ?? plan.accounts.operator);
  const credential = await options.credentials.resolve(reference);
  if (credential.kind === 'refused') return refused('credential', `${instance.id}: ${credential.message}`);
  const tls = await driverTls(instance);
  if (tls.kind === 'refused') return tls;
  const stream =
    instance.via === 'ssh'
      ? await options.connectStream(instance, leftMs())
      : await connectDirect(instance, leftMs());
  if (stream.kind === 'refused') return stream;
  const { user, password } = credential.account;
  const opened = await connect({
    stream: stream.stream,
    user,
    password,
    tls: tls.tls,
    trustsServerKey: isLoopback(instance.address),
    limitMs: leftMs(),
  });
  return opened.kind === 'open' ? opened : openFailure(instance, { opened, user });
}

/** TLS as MySQL's own modes mean it, from version 1.2 on. */
async function driverTls({
  id,
  via,
  address,
  tls,
}: Instance): Promise<{ readonly kind: 'ok'; readonly tls: DriverTls | null } | OpenRefused> {
  if (tls.mode === 'DISABLED') {
    // Over SSH the line is encrypted up to the host; without it a password and every answer could be read and changed.
    if (via === 'ssh' || isLoopback(address)) return { kind: 'ok', tls: null };
    return refused(
      'tls',
      `${id}: TLS mode DISABLED is only taken over SSH or on this machine; ${address} is reached directly. Use REQUIRED or better.`,
    );
  }
  if (tls.mode === 'REQUIRED') return { kind: 'ok', tls: { ca: null, verify: 'nothing', serverName: null } };
  const ca = tls.ca === undefined ? null : await readFile(homePath(tls.ca), 'utf8').catch(() => undefined);
  if (ca === undefined) return refused('tls', `${id}: the certificate authority ${tls.ca} cannot be read.`);
  if (tls.mode === 'VERIFY_CA') return { kind: 'ok', tls: { ca, verify: 'authority', serverName: null } };
  const serverName = tls.serverName ?? address;
  if (isIP(serverName) !== 0) {
    return refused(
      'tls',
      `${id}: VERIFY_IDENTITY compares a name, and ${serverName} is an address. Give the certificate's name as tls.serverName.`,
    );
  }
  return { kind: 'ok', tls: { ca, verify: 'identity', serverName } };
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\./.test(address);
}

const keepAliveMs = 10_000;

function connectDirect({ id, address, port }: Instance, limitMs: number): Promise<StreamOpened> {
  return new Promise((resolve) => {
    const socket = connectSocket({
      host: address,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    });
    const fail = (reason: OpenRefused['reason'], why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(
        refused(
          reason,
          `${id}: ${address}:${port} cannot be reached: ${why}. Is the address right, is the server up, does a firewall stand between?`,
        ),
      );
    };
    const timer = setTimeout(
      () => fail('time-limit', `no connection within ${Math.round(limitMs)} ms`),
      limitMs,
    );
    const onError = (error: Error): void => fail('unreachable', error.message);
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve({ kind: 'open', stream: socket });
    });
  });
}

/** Server errors of the handshake by what the operator can do about them. */
const reasons: ReadonlyMap<number, OpenRefused['reason']> = new Map([
  [1045, 'wrong-password'],
  [1698, 'wrong-password'],
  [1040, 'too-many-connections'],
  [1203, 'too-many-connections'],
  [1226, 'too-many-connections'],
]);

function openFailure(
  instance: Instance,
  { opened, user }: { readonly opened: DriverOpened & { readonly kind: 'failed' }; readonly user: string },
): OpenRefused {
  const where = `${instance.id} (${instance.address}:${instance.port})`;
  const { cause, code, message } = opened;
  if (cause === 'time-limit') return refused('time-limit', `${where}: ${message}`);
  if (cause === 'tls')
    return refused('tls', `${where}: TLS mode ${instance.tls.mode} could not be had: ${message}`);
  if (cause === 'authentication') {
    return refused(
      'tls',
      `${where}: ${user} was not logged in, because the password would have gone over an unencrypted line: ${message} Use TLS mode REQUIRED or better.`,
    );
  }
  if (cause === 'network')
    return refused('unreachable', `${where}: the connection was lost in the handshake: ${message}`);
  const reason = (code === null ? undefined : reasons.get(code)) ?? 'other';
  const advice =
    reason === 'wrong-password'
      ? ' Check the password that the credential reference leads to, and the host part of the account.'
      : '';
  return refused(reason, `${where}: the server refused ${user} with ${code}: ${message}.${advice}`);
}

type Prepared =
  { readonly kind: 'ok'; readonly dialect: Dialect; readonly connectionId: number } | OpenRefused;

/** Asks who the server is, proves that it speaks the dialect, and sets the session up. */
async function prepare(connection: DriverConnection, purpose: SessionPurpose): Promise<Prepared> {
  try {
    const row = onlyRow(await ask(connection, versionStatement), 'The version');
    const [versionText, comment] = [row.must('version'), row.text('version_comment') ?? ''];
    const version = parseVersion(versionText, comment);
    if (version === null) return refused('unknown-version', unknownVersionMessage(versionText, comment));
    const dialect = dialectOf(version);
    const unspoken = await firstUnspoken(connection, dialect);
    if (unspoken !== null)
      return refused(
        'unknown-version',
        `The server says it is ${versionText} and does not understand ${unspoken}.`,
      );
    for (const sql of sessionStatements(purpose === 'plain' ? 'plain' : 'operator'))
      await ask(connection, sql);
    const connectionId = onlyRow(
      await ask(connection, 'SELECT CONNECTION_ID() AS id'),
      'The thread id',
    ).whole('id');
    return { kind: 'ok', dialect, connectionId };
  } catch (error) {
    if (error instanceof StatementRefused)
      return refused('other', `The session could not be set up: ${error.message}`);
    if (error instanceof ConversationLost)
      return refused('unreachable', `The connection was lost while it was set up: ${error.message}`);
    if (error instanceof Unreadable)
      return refused(
        'unknown-version',
        `The server gave an answer that the cockpit cannot read: ${error.message}`,
      );
    throw error;
  }
}

const syntaxError = 1064;

async function firstUnspoken(connection: DriverConnection, dialect: Dialect): Promise<string | null> {
  for (const sql of probeStatements(dialect)) {
    const outcome = await connection.query(sql);
    if (outcome.kind === 'refused' && outcome.code === syntaxError) return sql;
  }
  return null;
}

async function ask(connection: DriverConnection, sql: string, bytes = false): Promise<ResultSet> {
  const outcome = await connection.query(sql, bytes);
  if (outcome.kind === 'ok') return outcome.set;
  if (outcome.kind === 'refused') throw new StatementRefused(outcome.code, outcome.message);
  throw new ConversationLost(outcome.message);
}

async function within(prepared: Promise<Prepared>, limitMs: number, instance: Instance): Promise<Prepared> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<Prepared>((resolve) => {
    timer = setTimeout(
      () =>
        resolve(
          refused(
            'time-limit',
            `${instance.id}: the session was not ready within its ${Math.round(limitMs)} ms.`,
          ),
        ),
      limitMs,
    );
  });
  const first = await Promise.race([prepared, timeUp]);
  clearTimeout(timer);
  return first;
}

function refused(reason: OpenRefused['reason'], message: string): OpenRefused {
  return { kind: 'refused', reason, message };
}
