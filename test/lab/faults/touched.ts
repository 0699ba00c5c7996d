import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hostDir } from '../hosts.ts';
import { instanceDir, membersIn } from '../lab-state.ts';
import type { Row } from '../sql.ts';
import type { Lab } from '../start-lab.ts';
import { appHosts } from '../topology.ts';
import { zoneAnswers } from '../zone-truth.ts';

/**
 * Everything a run could touch, as one line a thing, so that a difference reads as what it is: every global variable of
 * every server, its links, events and locks, what outlives its restart, the site of each application host, what its zones
 * answer, and the files that a switch leaves in the home of its host.
 */
export async function touchedThings(lab: Lab, runId: string | null): Promise<readonly string[]> {
  const servers = await Promise.all(membersIn(lab.state()).map(({ id }) => ofServer(lab, id)));
  const sites = appHosts.map(
    ({ id }) => `${id} site ${readFileSync(join(hostDir(lab.dir, id), 'site.json'), 'utf8').trim()}`,
  );
  return [
    ...servers.flat(),
    ...sites,
    ...(await zoneAnswers(lab)),
    ...switchFiles(runId)
      .filter((name) => !hasActed(name))
      .map((name) => `home ${name}`),
  ];
}

/** What the dead-man's switches of a run left behind: all hosts of all labs have one home. */
export const switchFiles = (runId: string | null): readonly string[] =>
  runId === null ? [] : readdirSync(homedir()).filter((name) => name.startsWith(`.cutover-${runId}-`));

/** Takes away what they left; one that is just ending may write a last sign of life meanwhile. */
export function removeSwitchFiles(runId: string | null): void {
  for (const left of switchFiles(runId))
    rmSync(join(homedir(), left), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** A switch that has acted keeps what it wrote down; any other is gone without a trace. */
const hasActed = (name: string): boolean => existsSync(join(homedir(), name.replace(/\.sh$/, ''), 'result'));

/** Variables that move as a server works: where it stands in its logs, and what it has seen of others. */
const moves = /^init_file$|gtid|binlog_pos|^timestamp$|^server_uid$|^rand_seed|identity|insert_id/;

async function ofServer(lab: Lab, id: string): Promise<readonly string[]> {
  const mysql = lab.flavor === 'mysql';
  const rows = (statement: string): Promise<readonly Row[]> => lab.sql(id, statement);
  const [variables, links, events, lock, persisted] = await Promise.all([
    rows('SHOW GLOBAL VARIABLES'),
    rows(mysql ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS'),
    rows('SELECT EVENT_SCHEMA AS s, EVENT_NAME AS n, STATUS AS st FROM information_schema.EVENTS'),
    rows("SELECT IS_USED_LOCK('cutover:run') AS holder"),
    mysql
      ? rows('SELECT VARIABLE_NAME AS n, VARIABLE_VALUE AS v FROM performance_schema.persisted_variables')
      : [],
  ]);
  const files = join(instanceDir(lab.state(), id), 'conf.d');
  return [
    ...variables
      .filter((row) => !moves.test(row['Variable_name'] ?? ''))
      .map((row) => `${row['Variable_name']}=${row['Value']}`),
    ...links.map(linkLine),
    ...events.map((row) => `event ${row['s']}.${row['n']} ${row['st']}`),
    `run lock ${lock[0]?.['holder'] ?? 'free'}`,
    ...persisted.map((row) => `persisted ${row['n']}=${row['v']}`),
    ...readdirSync(files).map((name) => `file ${name}: ${readFileSync(join(files, name), 'utf8').trim()}`),
  ].map((line) => `${id} ${line}`);
}

function linkLine(row: Row): string {
  const field = (...names: readonly string[]): string =>
    names.map((name) => row[name]).find((value) => value !== undefined && value !== null) ?? '';
  return [
    `link "${field('Connection_name', 'Channel_Name')}"`,
    `from ${field('Master_Host', 'Source_Host')}:${field('Master_Port', 'Source_Port')}`,
    `as ${field('Master_User', 'Source_User')}`,
    `by ${field('Using_Gtid', 'Auto_Position')}`,
    `receiver ${field('Slave_IO_Running', 'Replica_IO_Running')}`,
    `applier ${field('Slave_SQL_Running', 'Replica_SQL_Running')}`,
  ].join(' ');
}
