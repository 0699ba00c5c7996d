import type { Dialect } from './dialect.ts';
import { maxPerDomain } from './dialect-gtid.ts';
import {
  quoteChannel,
  quoteGtid,
  quoteLogFile,
  quoteText,
  quoteWhole,
  UnsafeValue,
} from './dialect-quote.ts';
import { isOn, rowsOf, Unreadable } from './dialect-rows.ts';
import type { ResultSet, Row } from './dialect-rows.ts';
import { gtidText } from './dialect-rows.ts';
import type { Position } from './operations.ts';
import type { ReplicationLink } from './replication-link.ts';

/** A replication account as the statements need it. In texts that are shown, `password` is the mask. */
export type LinkAccount = { readonly user: string; readonly password: string };

/** What stands in the place of a password wherever a statement is shown or recorded. */
export const passwordMask = '********';

export type LinkTls = {
  readonly mode: 'DISABLED' | 'REQUIRED' | 'VERIFY_CA' | 'VERIFY_IDENTITY';
  readonly ca?: string | undefined;
};

export type LinkWords = {
  readonly channel: string;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** null: by GTID, from where the server is told to begin when the link is started. */
  readonly from: Position | null;
  /** False: file and offset, also where the servers have GTIDs. */
  readonly usesGtid: boolean;
  readonly tls: LinkTls;
  /** null: the account comes with the start, so that a restart of the server does not connect the link by itself. */
  readonly account: LinkAccount | null;
};

/** Stops one link by name. */
export function stopLinkStatement({ replica, version }: Dialect, channel: string): string {
  const name = quoteChannel(channel);
  return version.flavor === 'mariadb' ? `STOP SLAVE ${name}` : `STOP ${replica} FOR CHANNEL ${name}`;
}

/** How one link is started: `account` only where it was configured without one, `from` only where that is set now. */
export type LinkStart = {
  readonly channel: string;
  readonly account: LinkAccount | null;
  readonly from?: Position | undefined;
};

/** Starts one link by name, from where it is told to begin. */
export function startLinkStatements(
  { replica, version }: Dialect,
  { channel, account, from }: LinkStart,
): readonly string[] {
  const name = quoteChannel(channel);
  const [user, password] = account === null ? ['', ''] : [account.user, account.password].map(quoteText);
  if (version.flavor === 'mariadb') {
    // START takes no account here, and CHANGE none while a thread of the link runs: after a failed start one may.
    const login = [
      `STOP SLAVE ${name}`,
      `CHANGE MASTER ${name} TO MASTER_USER = ${user}, MASTER_PASSWORD = ${password}`,
    ];
    return [
      ...(account === null ? [] : login),
      ...(from === undefined ? [] : [beginStatement(from)]),
      `START SLAVE ${name}`,
    ];
  }
  const login = account === null ? '' : ` USER = ${user} PASSWORD = ${password}`;
  return [`START ${replica}${login} FOR CHANNEL ${name}`];
}

/** MariaDB: where links by GTID begin is the server's, one GTID a domain, and can be set while no link runs. */
function beginStatement(from: Position): string {
  return `SET GLOBAL gtid_slave_pos = ${quoteGtid(from.logEndGtid ?? maxPerDomain(from.gtid))}`;
}

/** Points a stopped link by file and offset at another place of the same log. */
export function moveLinkStatement(dialect: Dialect, channel: string, { file, offset }: Position): string {
  if (file === null || offset === null) {
    throw new UnsafeValue('A link is moved to a file and an offset; the source has no binary log position.');
  }
  const { source, version } = dialect;
  const name = quoteChannel(channel);
  const place = `${source}_LOG_FILE = ${quoteLogFile(file)}, ${source}_LOG_POS = ${quoteWhole(offset)}`;
  if (version.flavor === 'mariadb') return `CHANGE MASTER ${name} TO ${place}`;
  const change = source === 'SOURCE' ? 'CHANGE REPLICATION SOURCE TO' : 'CHANGE MASTER TO';
  return `${change} ${place} FOR CHANNEL ${name}`;
}

/** Stops one link and forgets it, by name: without the name every link of the server would go. */
export function removeLinkStatements(dialect: Dialect, channel: string): readonly string[] {
  const name = quoteChannel(channel);
  const reset =
    dialect.version.flavor === 'mariadb'
      ? `RESET SLAVE ${name} ALL`
      : `RESET ${dialect.replica} ALL FOR CHANNEL ${name}`;
  return [stopLinkStatement(dialect, channel), reset];
}

/** CHANGE … TO, without starting the link. */
export function configureLinkStatements(dialect: Dialect, link: LinkWords): readonly string[] {
  const { source, version } = dialect;
  const mariadb = version.flavor === 'mariadb';
  const options = [
    `${source}_HOST = ${quoteText(link.sourceAddress)}`,
    `${source}_PORT = ${quoteWhole(link.sourcePort)}`,
    ...(link.account === null
      ? []
      : [
          `${source}_USER = ${quoteText(link.account.user)}`,
          `${source}_PASSWORD = ${quoteText(link.account.password)}`,
        ]),
    `${source}_CONNECT_RETRY = 5`,
    // 8.4 gives up after 10 tries by default; the way back must survive a longer cut of the tunnel.
    ...(mariadb ? [] : [`${source}_RETRY_COUNT = 86400`]),
    ...tlsOptions(dialect, link.tls),
    ...startingPoint(dialect, link),
  ].join(', ');
  if (mariadb) {
    return [
      ...(link.usesGtid && link.from !== null ? [beginStatement(link.from)] : []),
      `CHANGE MASTER ${quoteChannel(link.channel)} TO ${options}`,
    ];
  }
  const change = source === 'SOURCE' ? 'CHANGE REPLICATION SOURCE TO' : 'CHANGE MASTER TO';
  return [`${change} ${options} FOR CHANNEL ${quoteChannel(link.channel)}`];
}

function startingPoint({ source, version }: Dialect, { usesGtid, from }: LinkWords): readonly string[] {
  const mariadb = version.flavor === 'mariadb';
  if (usesGtid) return [mariadb ? 'MASTER_USE_GTID = slave_pos' : `${source}_AUTO_POSITION = 1`];
  if (from === null || from.file === null || from.offset === null) {
    throw new UnsafeValue(
      'A link without GTID needs a file and an offset to start from; the source has no binary log position.',
    );
  }
  return [
    mariadb ? 'MASTER_USE_GTID = no' : `${source}_AUTO_POSITION = 0`,
    `${source}_LOG_FILE = ${quoteLogFile(from.file)}`,
    `${source}_LOG_POS = ${quoteWhole(from.offset)}`,
  ];
}

function tlsOptions({ source, version }: Dialect, { mode, ca }: LinkTls): readonly string[] {
  const verify = mode === 'VERIFY_IDENTITY' ? 1 : 0;
  // Newer MariaDB verifies by default, so both values are always said.
  if (version.flavor === 'mariadb') {
    if (mode === 'DISABLED') return ['MASTER_SSL = 0'];
    const authority = mode === 'REQUIRED' || ca === undefined ? [] : [`MASTER_SSL_CA = ${quoteText(ca)}`];
    return ['MASTER_SSL = 1', ...authority, `MASTER_SSL_VERIFY_SERVER_CERT = ${verify}`];
  }
  if (mode === 'DISABLED') {
    // caching_sha2_password needs the source's public key when the line is not encrypted (8.0 and later).
    return [
      `${source}_SSL = 0`,
      ...(version.numbers[0] >= 8
        ? [source === 'SOURCE' ? 'GET_SOURCE_PUBLIC_KEY = 1' : 'GET_MASTER_PUBLIC_KEY = 1']
        : []),
    ];
  }
  const authority = mode === 'REQUIRED' || ca === undefined ? [] : [`${source}_SSL_CA = ${quoteText(ca)}`];
  return [`${source}_SSL = 1`, ...authority, `${source}_SSL_VERIFY_SERVER_CERT = ${verify}`];
}

/** Columns of the link status by vocabulary; a server that lacks one is refused. */
const statusColumns = {
  source: { s: 'Source', r: 'Replica' },
  master: { s: 'Master', r: 'Slave' },
} as const;

/** Every filter setting a status can show; which of them exist depends on the version, so these may be absent. */
const filterColumns = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Rewrite_DB',
  'Replicate_Do_Domain_Ids',
  'Replicate_Ignore_Domain_Ids',
] as const;

/** Reads SHOW REPLICA STATUS, SHOW SLAVE STATUS or SHOW ALL SLAVES STATUS. */
export function readLinks(dialect: Dialect, set: ResultSet): readonly ReplicationLink[] {
  const what = `${dialect.showLinks} of ${dialect.version.flavor} ${dialect.version.text}`;
  return rowsOf(set, what).map((row) => readLink(dialect, row));
}

function readLink(dialect: Dialect, row: Row): ReplicationLink {
  const { s, r } = statusColumns[dialect.columns];
  const mariadb = dialect.version.flavor === 'mariadb';
  const secondsBehind = row.text(`Seconds_Behind_${s}`);
  const uuid = mariadb ? null : row.text(`${s}_UUID`);
  return {
    channel: row.must(mariadb ? 'Connection_name' : 'Channel_Name'),
    sourceHost: row.text(`${s}_Host`) ?? '',
    sourcePort: row.whole(`${s}_Port`),
    sourceServerId: row.whole(`${s}_Server_Id`),
    sourceUuid: uuid === null || uuid === '' ? null : uuid,
    receiver: receiverState(row.must(`${r}_IO_Running`)),
    applier: applierState(row.must(`${r}_SQL_Running`)),
    receiverError: errorOf(row, 'IO'),
    applierError: errorOf(row, 'SQL'),
    secondsBehind: secondsBehind === null ? null : row.whole(`Seconds_Behind_${s}`),
    delaySeconds: row.whole('SQL_Delay'),
    readFile: row.text(`${s}_Log_File`) ?? '',
    readOffset: row.whole(`Read_${s}_Log_Pos`),
    appliedFile: row.text(`Relay_${s}_Log_File`) ?? '',
    appliedOffset: row.whole(`Exec_${s}_Log_Pos`),
    relayBytes: row.text('Relay_Log_Space') === null ? null : row.whole('Relay_Log_Space'),
    usesGtid: mariadb ? row.must('Using_Gtid').toLowerCase() !== 'no' : isOn(row.must('Auto_Position')),
    retrievedGtid: gtidText(row.text(mariadb ? 'Gtid_IO_Pos' : 'Retrieved_Gtid_Set')),
    filters: filterColumns.flatMap((name) => {
      const value = row.has(name) ? row.text(name) : null;
      return value === null || value === '' ? [] : [`${name}=${value}`];
    }),
  };
}

function receiverState(text: string): ReplicationLink['receiver'] {
  if (text === 'Yes') return 'running';
  if (text === 'No') return 'stopped';
  if (text === 'Connecting' || text === 'Preparing') return 'connecting';
  throw new Unreadable(`The receiver's state ${JSON.stringify(text)} is not one the dialect knows.`);
}

function applierState(text: string): ReplicationLink['applier'] {
  if (text === 'Yes') return 'running';
  if (text === 'No') return 'stopped';
  throw new Unreadable(`The applier's state ${JSON.stringify(text)} is not one the dialect knows.`);
}

function errorOf(row: Row, which: 'IO' | 'SQL'): ReplicationLink['receiverError'] {
  const code = row.whole(`Last_${which}_Errno`);
  return code === 0 ? null : { code, message: row.text(`Last_${which}_Error`) ?? '' };
}
