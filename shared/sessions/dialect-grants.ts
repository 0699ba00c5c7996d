import type { Dialect } from './dialect.ts';
import { atLeast } from './versions.ts';

/** One statement class the run needs, in a form without effect, and what its answer means. */
export type GrantProbe = {
  readonly need: string;
  readonly statement: string;
  /**
   * Error numbers that come only after the privilege check: the statement was allowed and failed on its subject.
   * No error means granted too; every other number means denied.
   */
  readonly grantedErrors: readonly number[];
  readonly fix: string;
  /** Asked for only while the event scheduler runs: where it is off, the run has nothing to switch off. */
  readonly onlyWithScheduler?: true;
};

/** Whether the event scheduler runs, for probes that depend on it. */
export const schedulerStatement = 'SELECT @@global.event_scheduler AS scheduler';

const account = 'the operator account';

/**
 * Global privileges without which the survey would be silently blind: the catalogue shows only what one may touch.
 * Everything else that is missing answers with an error of its own.
 */
export function censusPrivileges(): readonly string[] {
  return ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'];
}

/** The grants of the operator account, for the manual and for preflight's fixes. */
export function operatorGrants({ version }: Pick<Dialect, 'version'>): readonly string[] {
  const census = censusPrivileges().join(', ');
  const tables = 'CREATE, DROP ON cutover.*';
  if (version.flavor === 'mariadb') {
    return [
      `REPLICA MONITOR, BINLOG MONITOR, PROCESS, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, READ_ONLY ADMIN, CONNECTION ADMIN, RELOAD, SUPER, ${census} ON *.*`,
      tables,
    ];
  }
  if (!atLeast(version.numbers, [8]))
    return [`SUPER, REPLICATION CLIENT, REPLICATION SLAVE, PROCESS, RELOAD, ${census} ON *.*`, tables];
  return [
    `REPLICATION CLIENT, REPLICATION SLAVE, PROCESS, RELOAD, ${census} ON *.*`,
    'REPLICATION_SLAVE_ADMIN, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, XA_RECOVER_ADMIN ON *.*',
    tables,
  ];
}

/**
 * The privileges of which one must be held to alter an event and keep its definer: without any of them the server answers
 * 1227 at the moment when the events are switched on. MariaDB: SUPER is left out, because newer series took this right out of
 * it. MySQL: SET_USER_ID until 8.3, SET_ANY_DEFINER from 8.2 on; before 8 SUPER alone. The first one is the one to grant.
 * from-documentation: https://mariadb.com/docs/server/ref/mdb/privileges/SET_USER,
 * https://dev.mysql.com/doc/refman/8.4/en/privileges-provided.html#priv_set-any-definer
 */
export function definerPrivileges({ version }: Pick<Dialect, 'version'>): readonly string[] {
  if (version.flavor === 'mariadb') return ['SET USER'];
  if (!atLeast(version.numbers, [8])) return ['SUPER'];
  return atLeast(version.numbers, [8, 2])
    ? ['SET_ANY_DEFINER', 'SET_USER_ID', 'SUPER']
    : ['SET_USER_ID', 'SUPER'];
}

/** The grants of the account that bypasses nothing. */
export const plainGrants = 'SELECT, INSERT, UPDATE, DELETE ON cutover.*';

/**
 * The probes of a role. Seen on MariaDB 10.11 and MySQL 9.7 with and without the privilege: START, STOP and KILL of
 * something that does not exist answer (1617, 3074, 1094) before any privilege is looked at, and RESET PERSIST IF EXISTS of an unknown
 * variable needs none, so they prove nothing and are not used; the probes below answer 1227, 1142 or 1401 when the privilege is missing.
 */
export function grantProbes(dialect: Dialect, role: 'source' | 'target'): readonly GrantProbe[] {
  const { version } = dialect;
  const specific =
    version.flavor === 'mariadb'
      ? mariadbProbes
      : atLeast(version.numbers, [8])
        ? mysqlProbes(dialect)
        : oldMysqlProbes;
  return [...common(dialect), ...specific, ...(role === 'source' ? schemaProbes : [])];
}

function common(dialect: Dialect): readonly GrantProbe[] {
  const mariadb = dialect.version.flavor === 'mariadb';
  return [
    {
      need: 'see replication',
      statement: dialect.showLinks,
      grantedErrors: [],
      fix: grant(mariadb ? 'REPLICA MONITOR' : 'REPLICATION CLIENT'),
    },
    {
      need: 'see the binary log position',
      statement: dialect.showPosition,
      grantedErrors: [],
      fix: grant(mariadb ? 'BINLOG MONITOR' : 'REPLICATION CLIENT'),
    },
    {
      need: 'see attached replicas',
      statement: dialect.showAttached,
      grantedErrors: [],
      fix: grant(mariadb ? 'REPLICATION MASTER ADMIN' : 'REPLICATION SLAVE'),
    },
    {
      need: 'see all sessions and transactions',
      statement: 'SELECT COUNT(*) FROM information_schema.INNODB_CMP',
      grantedErrors: [],
      fix: grant('PROCESS'),
    },
    {
      need: 'see prepared XA transactions',
      statement: dialect.transactionsPrepared,
      grantedErrors: [],
      fix: grant('XA_RECOVER_ADMIN'),
    },
    {
      need: 'see accounts',
      statement: mariadb ? 'SELECT COUNT(*) FROM mysql.global_priv' : 'SELECT COUNT(*) FROM mysql.user',
      grantedErrors: [],
      fix: `GRANT SELECT ON mysql.* TO ${account}`,
    },
    {
      need: 'fence and promote: set read_only',
      statement: 'SET GLOBAL read_only = @@global.read_only',
      grantedErrors: [],
      fix: grant(mariadb ? 'READ_ONLY ADMIN' : 'SYSTEM_VARIABLES_ADMIN'),
    },
    // 1290: the scheduler is disabled at start, which is said only to those who may set it.
    {
      need: 'switch the event scheduler',
      statement: 'SET GLOBAL event_scheduler = @@global.event_scheduler',
      grantedErrors: [1290],
      fix: grant(mariadb ? 'SUPER' : 'SYSTEM_VARIABLES_ADMIN'),
      onlyWithScheduler: true,
    },
    // 1617, 3074: no such link, said after the check for RELOAD.
    {
      need: 'remove a replication link',
      statement: mariadb
        ? "RESET SLAVE 'cutover_probe' ALL"
        : `RESET ${dialect.replica} ALL FOR CHANNEL 'cutover_probe'`,
      grantedErrors: [1617, 3074],
      fix: grant('RELOAD'),
    },
  ];
}

const mariadbProbes: readonly GrantProbe[] = [
  {
    need: 'configure, start and stop replication',
    statement: 'SET GLOBAL slave_net_timeout = @@global.slave_net_timeout',
    grantedErrors: [],
    fix: grant('REPLICATION SLAVE ADMIN'),
  },
  {
    need: 'end sessions',
    statement: 'SET GLOBAL connect_timeout = @@global.connect_timeout',
    grantedErrors: [],
    fix: grant('CONNECTION ADMIN'),
  },
];

function mysqlProbes(dialect: Dialect): readonly GrantProbe[] {
  return [
    {
      need: 'configure, start and stop replication',
      statement: "CHANGE REPLICATION FILTER REPLICATE_DO_DB = () FOR CHANNEL 'cutover_probe'",
      // 1794, 3074: there is no such channel, said after the check.
      grantedErrors: [1794, 3074],
      fix: grant('REPLICATION_SLAVE_ADMIN'),
    },
    {
      need: 'end sessions',
      statement: 'SET GLOBAL offline_mode = @@global.offline_mode',
      grantedErrors: [],
      fix: grant('CONNECTION_ADMIN'),
    },
    {
      need: 'find the most written tables',
      statement: 'SELECT COUNT(*) FROM performance_schema.table_io_waits_summary_by_table',
      grantedErrors: [],
      fix: `GRANT SELECT ON performance_schema.* TO ${account}`,
    },
    ...(dialect.hasRoles
      ? [
          {
            need: 'see roles',
            statement: 'SELECT COUNT(*) FROM mysql.role_edges',
            grantedErrors: [],
            fix: `GRANT SELECT ON mysql.* TO ${account}`,
          },
        ]
      : []),
  ];
}

// from-documentation: https://dev.mysql.com/doc/refman/5.7/en/privileges-provided.html#priv_super
const oldMysqlProbes: readonly GrantProbe[] = [
  {
    need: 'configure replication, end sessions',
    statement: 'SET GLOBAL slave_net_timeout = @@global.slave_net_timeout',
    grantedErrors: [],
    fix: grant('SUPER'),
  },
];

/** The cutover schema is made on the source only. Neither statement is logged: one table is missing, the other has no original. */
const schemaProbes: readonly GrantProbe[] = [
  {
    need: 'make the cutover schema',
    statement: 'CREATE TABLE cutover.cutover_probe LIKE cutover.cutover_probe_none',
    grantedErrors: [1146, 1049],
    fix: `GRANT CREATE, SELECT ON cutover.* TO ${account}`,
  },
  {
    need: 'remove the cutover schema',
    statement: 'DROP TABLE cutover.cutover_probe',
    grantedErrors: [1051, 1049, 1146],
    fix: `GRANT DROP ON cutover.* TO ${account}`,
  },
];

function grant(privilege: string): string {
  return `GRANT ${privilege} ON *.* TO ${account}`;
}
