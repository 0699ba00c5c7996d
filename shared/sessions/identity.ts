export type Flavor = 'mysql' | 'mariadb';

/**
 * What a server says it is, read on the very session that acts.
 * MySQL: `serverUuid` names it. MariaDB has none: server id, host key, datadir and binlog state together do.
 */
export type Identity = {
  readonly flavor: Flavor;
  /** Three numbers, e.g. `10.11.19`. */
  readonly version: string;
  readonly versionText: string;
  readonly serverUuid: string | null;
  readonly serverId: number;
  readonly hostname: string;
  readonly port: number;
  readonly datadir: string;
  /** MariaDB `@@gtid_binlog_state`, MySQL `@@gtid_executed`; empty without GTID. */
  readonly gtidState: string;
  readonly connectionId: number;
  readonly account: string;
};
