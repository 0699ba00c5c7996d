import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hostDir } from './hosts.ts';
import { instanceDir, membersIn } from './lab-state.ts';
import { startLinks } from './links.ts';
import { isAlive } from './processes.ts';
import { asRoot, eventually, type Row } from './sql.ts';
import { allSpecs, type Lab } from './start-lab.ts';
import { appHosts, type Member } from './topology.ts';

const mayBeConnected = new Set(['app', 'unauthenticated user']);

/** The lab as it was when it came up: every process runs, both chains and all application hosts are in their first state. */
export async function resetLab(lab: Lab): Promise<void> {
  const { processes } = lab.state();
  for (const { name } of allSpecs(lab.state())) if (!isAlive(processes[name])) await lab.restart(name);
  for (const { id } of appHosts) lab.allowSwitch(id);
  forgetRuns(lab);
  await resetChains(lab);
  await resetApplications(lab);
  await resetZones(lab);
}

/** Nobody finds what an earlier run left: its mirror, which has no end when nobody ended it, and a fence that was only laid ready. */
export function forgetRuns(lab: Lab): void {
  rmSync(join(lab.dir, 'mirror'), { recursive: true, force: true });
  for (const { id } of membersIn(lab.state()))
    rmSync(join(instanceDir(lab.state(), id), 'conf.d', 'fence.cnf.staged'), { force: true });
}

/**
 * Brings both chains back to their first topology, with empty logs and empty tables: every switch begins in the same
 * small state, whatever the one before has left. Nobody may be writing.
 */
export async function resetChains(lab: Lab): Promise<void> {
  const each = (call: (member: Member) => Promise<unknown>): Promise<unknown> =>
    Promise.all(membersIn(lab.state()).map((member) => call(member)));
  const mysql = lab.flavor === 'mysql';
  await each((member) => stopReplication(lab, member.id));
  await each((member) => endSessions(lab, member.id));
  await each((member) =>
    lab.sql(
      member.id,
      ...(mysql ? ['SET GLOBAL super_read_only=0', 'RESET PERSIST'] : []),
      'SET SESSION sql_log_bin=0',
      'TRUNCATE shop.writes',
      'TRUNCATE shop.lines',
      mysql ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER',
      ...(mysql ? [] : ["SET GLOBAL gtid_slave_pos=''"]),
    ),
  );
  await resetSchema(lab);
  await each(async (member) => {
    if (member.role !== 'source-master') return;
    rmSync(join(instanceDir(lab.state(), member.id), 'conf.d', 'fence.cnf'), { force: true });
    await lab.sql(member.id, 'SET GLOBAL read_only=0', ...(mysql ? ['SET GLOBAL event_scheduler=ON'] : []));
  });
  await startLinks(lab.state());
  await each((member) => isAsAtFirst(lab, member));
  // One row on each source master goes all the way, so that the vectors are not empty and the links are seen to carry.
  await each(async (member) => {
    if (member.role === 'source-master')
      await lab.sql(
        member.id,
        `INSERT INTO shop.lines (write_id, sku, quantity) VALUES ('reset-${member.id}', 'reset', 1)`,
      );
  });
  await each((member) =>
    eventually(`${member.id} has the first rows`, 20_000, async () => {
      const count = (await lab.sql(member.id, 'SELECT COUNT(*) AS n FROM shop.lines'))[0]?.['n'];
      if (count !== '2') throw new Error(`${count} of 2`);
    }),
  );
}

/** Lets every application host use its first site again. */
export async function resetApplications(lab: Lab): Promise<void> {
  await Promise.all(
    appHosts.map(async (host) => {
      const command = join(hostDir(lab.dir, host.id), 'bin', 'switch-site');
      await promisify(execFile)(command, [host.source], { timeout: 10_000 });
    }),
  );
}

/** The lab's Route 53 holds everything in memory: one that starts again has the zones as the plan calls them before. */
export async function resetZones(lab: Lab): Promise<void> {
  await lab.kill('route53');
  await lab.restart('route53');
}

async function stopReplication(lab: Lab, id: string): Promise<void> {
  if (lab.flavor === 'mariadb') {
    await lab.sql(id, 'STOP ALL SLAVES');
    const links = await lab.sql(id, 'SHOW ALL SLAVES STATUS');
    for (const row of links) await lab.sql(id, `RESET SLAVE '${row['Connection_name'] ?? ''}' ALL`);
    return;
  }
  await lab.sql(id, 'STOP REPLICA', 'RESET REPLICA ALL');
}

/** Whoever is still connected goes: the logs cannot be emptied while they are sent to somebody. */
async function endSessions(lab: Lab, id: string): Promise<void> {
  await eventually(`nobody is connected to ${id}`, 10_000, async () => {
    const rows = await lab.sql(
      id,
      "SELECT ID AS id, USER AS user FROM information_schema.PROCESSLIST WHERE ID<>CONNECTION_ID() AND USER NOT IN ('system user','event_scheduler') AND COMMAND<>'Daemon'",
    );
    for (const row of rows) await lab.sql(id, `KILL ${row['id']}`).catch(() => undefined);
    // The application's pools come back at once; they write nothing unasked.
    const left = rows.filter((row) => !mayBeConnected.has(row['user'] ?? ''));
    if (left.length > 0) throw new Error(left.map((row) => `${row['user']} (${row['id']})`).join(', '));
  });
}

/** The cockpit's own schema stays, emptied, where every server has it; otherwise it goes from all. */
async function resetSchema(lab: Lab): Promise<void> {
  const members = membersIn(lab.state());
  const have = await Promise.all(members.map(({ id }) => hasCutoverSchema(lab, id)));
  const words = have.every(Boolean)
    ? ['TRUNCATE cutover.heartbeat', 'TRUNCATE cutover.canary']
    : ['DROP DATABASE IF EXISTS cutover'];
  await Promise.all(members.map(({ id }) => lab.sql(id, 'SET SESSION sql_log_bin=0', ...words)));
}

async function hasCutoverSchema(lab: Lab, id: string): Promise<boolean> {
  const rows = await lab.sql(
    id,
    "SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA='cutover' AND TABLE_NAME IN ('heartbeat','canary')",
  );
  return rows[0]?.['n'] === '2';
}

async function isAsAtFirst(lab: Lab, member: Member): Promise<void> {
  const state = lab.state();
  const wanted = member.role === 'source-master' ? '0' : '1';
  await eventually(`${member.id} is as it was at first`, 20_000, async () => {
    const row: Row =
      (
        await asRoot(
          state,
          member.id,
          "SELECT @@global.read_only AS closed, IS_USED_LOCK('cutover:run') AS holder, (SELECT COUNT(*) FROM shop.writes) AS n",
        )
      )[0] ?? {};
    if (row['closed'] !== wanted || row['holder'] !== null || row['n'] !== '0')
      throw new Error(JSON.stringify(row));
    const links = await lab.sql(
      member.id,
      lab.flavor === 'mariadb' ? 'SHOW ALL SLAVES STATUS' : 'SHOW REPLICA STATUS',
    );
    if (links.length !== 1) throw new Error(`${links.length} links, expected one`);
  });
}
