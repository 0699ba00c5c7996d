import type { Duplex } from 'node:stream';
import { createConnection } from 'mysql2';
import type { Connection, ConnectionOptions, FieldPacket, QueryError, SslOptions } from 'mysql2';
import type { ResultSet } from '../../shared/sessions/dialect-rows.ts';

/** How a connection is made over a stream that is open already. Nothing of a plan is passed on as options. */
export type DriverOptions = {
  readonly stream: Duplex;
  readonly user: string;
  readonly password: string;
  readonly tls: DriverTls | null;
  /**
   * Whether the server's RSA key may be asked for when the line is not encrypted (caching_sha2_password): only where
   * nobody can stand in between, else the password could be read by whoever answers with a key of his own.
   */
  readonly trustsServerKey: boolean;
  readonly limitMs: number;
};

export type DriverTls = {
  readonly ca: string | null;
  readonly verify: 'nothing' | 'authority' | 'identity';
  /** The name the certificate must carry; needed for `identity`. */
  readonly serverName: string | null;
};

/** What the server refused, by its own number. The connection stays usable. */
export type ServerRefusal = { readonly kind: 'refused'; readonly code: number; readonly message: string };
/** The connection is gone, or is closed by us because it cannot be trusted any more. */
export type DriverLost = { readonly kind: 'lost'; readonly message: string };
export type QueryOutcome = { readonly kind: 'ok'; readonly set: ResultSet } | ServerRefusal | DriverLost;

export type DriverConnection = {
  readonly threadId: number;
  /** One statement; `bytes` keeps every cell as its raw bytes (Latin-1 text) instead of decoding it. */
  readonly query: (sql: string, bytes?: boolean) => Promise<QueryOutcome>;
  readonly onLost: (call: (why: string) => void) => void;
  /** Says goodbye to the server, at most `limitMs` long, and closes. */
  readonly end: (limitMs: number) => Promise<void>;
  /** Closes at once; a running statement may still run on the server. */
  readonly destroy: () => void;
};

export type DriverOpened =
  | { readonly kind: 'open'; readonly connection: DriverConnection }
  | {
      readonly kind: 'failed';
      readonly cause: 'server' | 'tls' | 'network' | 'time-limit' | 'authentication';
      readonly code: number | null;
      readonly message: string;
    };

/** Server errors after which the connection is gone, so that the effect of the statement is unknown. */
const endingErrors = new Set([1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 3168, 4031]);

/** Opens one connection. The only place of the product that knows the MySQL driver. */
export function connect(options: DriverOptions): Promise<DriverOpened> {
  const keyRefused = { value: false };
  const connection = createConnection(connectionOptions(options, keyRefused));
  return new Promise((resolve) => {
    const timer = setTimeout(
      () =>
        finish({
          kind: 'failed',
          cause: 'time-limit',
          code: null,
          message: `No handshake within ${options.limitMs} ms.`,
        }),
      options.limitMs,
    );
    const finish = (opened: DriverOpened): void => {
      clearTimeout(timer);
      connection.off('error', onError);
      // Late errors of a connection that was given up must not end the process.
      connection.on('error', () => undefined);
      if (opened.kind === 'failed') options.stream.destroy();
      resolve(opened);
    };
    const onError = (error: QueryError): void => finish(failure(error, keyRefused.value));
    connection.on('error', onError);
    connection.on('connect', () => finish({ kind: 'open', connection: wrap(connection, options.stream) }));
  });
}

function connectionOptions(options: DriverOptions, keyRefused: { value: boolean }): ConnectionOptions {
  const refuseKey = (): (() => never) => () => {
    keyRefused.value = true;
    throw new Error('The password would have to be encrypted with a key that nobody vouches for.');
  };
  return {
    stream: options.stream,
    user: options.user,
    password: options.password,
    // The host is used for the server name of TLS only: the stream is open already.
    ...(options.tls?.serverName ? { host: options.tls.serverName } : { host: '127.0.0.1' }),
    ...(options.tls === null ? {} : { ssl: sslOptions(options.tls) }),
    ...(options.tls === null && !options.trustsServerKey
      ? { authPlugins: { caching_sha2_password: refuseKey, sha256_password: refuseKey } }
      : {}),
    charset: 'UTF8MB4_GENERAL_CI',
    // A rogue server could ask for any file of this laptop; our statements never load one.
    flags: ['-LOCAL_FILES'],
    multipleStatements: false,
    connectAttributes: { program_name: 'cutover-cockpit' },
    // The limit is ours: the driver's own timer leaves the stream half open.
    connectTimeout: 0,
  };
}

function sslOptions(tls: DriverTls): SslOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    rejectUnauthorized: tls.verify !== 'nothing',
    verifyIdentity: tls.verify === 'identity',
  };
}

function failure(error: QueryError, keyRefused: boolean): DriverOpened {
  const message = error.message;
  if (
    keyRefused ||
    error.code === 'AUTH_SWITCH_PLUGIN_ERROR' ||
    error.code === 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED'
  ) {
    return { kind: 'failed', cause: 'authentication', code: null, message };
  }
  if (error.code === 'HANDSHAKE_SSL_ERROR' || error.code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return { kind: 'failed', cause: 'tls', code: null, message };
  if (serverErrorNumber(error) !== null)
    return { kind: 'failed', cause: 'server', code: serverErrorNumber(error), message };
  return { kind: 'failed', cause: 'network', code: null, message };
}

/** The server's own error number; errors of the network have a number of another kind and no SQL state. */
function serverErrorNumber(error: QueryError): number | null {
  const { errno, sqlState } = error;
  return typeof errno === 'number' && errno > 0 && typeof sqlState === 'string' ? errno : null;
}

function wrap(connection: Connection, stream: Duplex): DriverConnection {
  let lost: string | null = null;
  let wanted = false;
  const callers: ((why: string) => void)[] = [];
  // The driver answers nobody once it was told to close, so whoever waits is answered here.
  const waiting = new Set<(outcome: DriverLost) => void>();
  const lose = (why: string): void => {
    if (lost !== null) return;
    lost = why;
    stream.destroy();
    for (const answer of [...waiting]) answer({ kind: 'lost', message: why });
    if (!wanted) for (const call of callers.splice(0)) call(why);
  };
  connection.on('error', (error) => lose(error.message));
  connection.on('end', () => lose('The server closed the connection.'));
  stream.on('close', () => lose('The connection was closed.'));
  const query = (sql: string, bytes = false): Promise<QueryOutcome> =>
    new Promise((resolve) => {
      const answer = (outcome: QueryOutcome): void => {
        waiting.delete(answer);
        resolve(outcome);
      };
      if (lost !== null) return answer({ kind: 'lost', message: lost });
      waiting.add(answer);
      const typeCast = (field: Field): string | null => cell(field, bytes);
      connection.query({ sql, rowsAsArray: true, typeCast }, (error, rows, fields) => {
        if (error === null) return answer({ kind: 'ok', set: resultSet(rows, fields) });
        const code = serverErrorNumber(error);
        if (code !== null && !endingErrors.has(code)) {
          return answer({ kind: 'refused', code, message: error.message });
        }
        // What is no answer of the server in the protocol (a demand for a file, broken packets) ends the trust in it.
        lose(error.message);
        return answer({ kind: 'lost', message: error.message });
      });
      return undefined;
    });
  return {
    threadId: connection.threadId,
    query,
    onLost: (call) => {
      if (lost === null) callers.push(call);
      else if (!wanted) call(lost);
    },
    end: (limitMs) =>
      new Promise((resolve) => {
        wanted = true;
        const close = (): void => {
          clearTimeout(timer);
          lose('closed');
          resolve();
        };
        const timer = setTimeout(close, limitMs);
        if (lost === null) connection.end(close);
        else close();
      }),
    destroy: () => {
      connection.destroy();
      lose('The cockpit closed the connection.');
    },
  };
}

type Field = {
  readonly string: (encoding?: BufferEncoding) => string | null;
  readonly buffer: () => Buffer | null;
};

function cell(field: Field, bytes: boolean): string | null {
  return bytes ? (field.buffer()?.toString('latin1') ?? null) : field.string();
}

function resultSet(rows: unknown, fields: readonly FieldPacket[] | undefined): ResultSet {
  if (!Array.isArray(rows)) {
    const insertId =
      typeof rows === 'object' && rows !== null && 'insertId' in rows ? String(rows.insertId) : '0';
    return { columns: [], rows: [], insertId };
  }
  // The cells are texts or null because of typeCast; the driver's types cannot say so.
  return {
    columns: (fields ?? []).map(({ name }) => name),
    rows: rows as readonly (readonly (string | null)[])[],
    insertId: '0',
  };
}
