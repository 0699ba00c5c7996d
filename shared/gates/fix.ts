import type { Flavor } from '../sessions/identity.ts';

/** Says where a statement is to be run. */
export function on(instance: string, statement: string): string {
  return `on ${instance}: ${statement}`;
}

/** Closes a node for writes. */
export function readOnlyStatement(flavor: Flavor): string {
  return flavor === 'mysql' ? 'SET GLOBAL super_read_only = ON;' : 'SET GLOBAL read_only = 1;';
}

/** Starts one link by name; a bare START would start every other one too. */
export function startLinkStatement(flavor: Flavor, channel: string): string {
  return flavor === 'mysql'
    ? `START REPLICA FOR CHANNEL ${quoted(channel)};`
    : `START SLAVE ${quoted(channel)};`;
}

/** Takes one link away by name. */
export function removeLinkStatement(flavor: Flavor, channel: string): string {
  return flavor === 'mysql'
    ? `STOP REPLICA FOR CHANNEL ${quoted(channel)}; RESET REPLICA ALL FOR CHANNEL ${quoted(channel)};`
    : `STOP SLAVE ${quoted(channel)}; RESET SLAVE ${quoted(channel)} ALL;`;
}

/** Where a link should point. Account and password are the operator's to add: none is ever printed. */
export type LinkGoal = {
  readonly channel: string;
  readonly address: string;
  readonly port: number;
  readonly gtid: boolean;
};

/** Points one link at the planned source. */
export function pointLinkStatement(flavor: Flavor, goal: LinkGoal): string {
  const channel = quoted(goal.channel);
  if (flavor === 'mysql') {
    const gtid = goal.gtid ? ', SOURCE_AUTO_POSITION = 1' : '';
    return `STOP REPLICA FOR CHANNEL ${channel}; CHANGE REPLICATION SOURCE TO SOURCE_HOST = ${quoted(goal.address)}, SOURCE_PORT = ${goal.port}${gtid} FOR CHANNEL ${channel}; START REPLICA FOR CHANNEL ${channel};`;
  }
  const gtid = goal.gtid ? ', MASTER_USE_GTID = slave_pos' : '';
  return `STOP SLAVE ${channel}; CHANGE MASTER ${channel} TO MASTER_HOST = ${quoted(goal.address)}, MASTER_PORT = ${goal.port}${gtid}; START SLAVE ${channel};`;
}

/** Takes an intended delay off a link. */
export function noDelayStatement(flavor: Flavor, channel: string): string {
  const name = quoted(channel);
  return flavor === 'mysql'
    ? `STOP REPLICA SQL_THREAD FOR CHANNEL ${name}; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0 FOR CHANNEL ${name}; START REPLICA SQL_THREAD FOR CHANNEL ${name};`
    : `STOP SLAVE ${name}; CHANGE MASTER ${name} TO MASTER_DELAY = 0; START SLAVE ${name};`;
}

/** Shows one link as its receiving side reports it. */
export function showLinkStatement(flavor: Flavor, channel: string): string {
  return flavor === 'mysql'
    ? `SHOW REPLICA STATUS FOR CHANNEL ${quoted(channel)}`
    : `SHOW SLAVE ${quoted(channel)} STATUS`;
}

/** Sets global variables for good: MySQL can persist them, MariaDB needs its option file. */
export function settingStatement(flavor: Flavor, name: string, value: string): string {
  return flavor === 'mysql'
    ? `SET PERSIST ${name} = ${value};`
    : `SET GLOBAL ${name} = ${value}; -- and in the server's option file`;
}

/** A quoted SQL text for display. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
