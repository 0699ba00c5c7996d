import { passwordOf } from './accounts.ts';
import { innerDir, membersIn, portOf, type LabState } from './lab-state.ts';
import { asRoot, eventually, type Row } from './sql.ts';
import { memberOf, type Member } from './topology.ts';

/** The replication links of the reference case: made, and looked at. */

/** One link as its replica reports it, in one vocabulary for both flavours. */
export type LinkReport = {
  readonly io: string;
  readonly sql: string;
  readonly error: string;
  readonly sourcePort: string;
};

/** Lets every instance follow the one the topology says, then closes those that take no writes. */
export async function startLinks(state: LabState): Promise<void> {
  // All positions are read before any link starts: what a link carries would move them.
  const ends = new Map(
    await Promise.all(
      membersIn(state).map(async (member) => [member.id, await logEnd(state, member.id)] as const),
    ),
  );
  await Promise.all(
    membersIn(state).map((member) =>
      asRoot(
        state,
        member.id,
        changeStatement(state, member, ends.get(member.from)),
        state.flavor === 'mariadb' ? 'START SLAVE' : 'START REPLICA',
      ),
    ),
  );
  await Promise.all(
    membersIn(state)
      .filter((member) => member.role !== 'source-master')
      .map((member) =>
        asRoot(
          state,
          member.id,
          `SET GLOBAL ${state.flavor === 'mysql' ? 'super_read_only' : 'read_only'}=1`,
        ),
      ),
  );
  await Promise.all(
    membersIn(state).map((member) =>
      eventually(`${member.id} follows ${member.from}`, 20_000, async () => {
        const link = await linkOf(state, member.id);
        if (link?.io !== 'Yes' || link.sql !== 'Yes') throw new Error(JSON.stringify(link));
      }),
    ),
  );
}

/** The state of an instance's link of that name, its main one by default; null when there is none. */
export async function linkOf(state: LabState, id: string, name = ''): Promise<LinkReport | null> {
  const rows = await asRoot(
    state,
    id,
    state.flavor === 'mariadb' ? 'SHOW ALL SLAVES STATUS' : 'SHOW REPLICA STATUS',
  );
  const row = rows.find(
    (candidate) => (candidate['Connection_name'] ?? candidate['Channel_Name'] ?? '') === name,
  );
  if (row === undefined) return null;
  const field = (...names: readonly string[]): string =>
    names.map((name) => row[name]).find((value) => value !== undefined) ?? '';
  return {
    io: field('Slave_IO_Running', 'Replica_IO_Running'),
    sql: field('Slave_SQL_Running', 'Replica_SQL_Running'),
    error: [field('Last_IO_Error'), field('Last_SQL_Error')].filter((text) => text !== '').join('; '),
    sourcePort: field('Master_Port', 'Source_Port'),
  };
}

/** File and position where an instance's own binary log ends. */
export async function logEnd(
  state: LabState,
  id: string,
): Promise<{ readonly file: string; readonly position: string }> {
  const statement = state.flavor === 'mariadb' ? 'SHOW MASTER STATUS' : 'SHOW BINARY LOG STATUS';
  const row: Row = (await asRoot(state, id, statement))[0] ?? {};
  return { file: row['File'] ?? '', position: row['Position'] ?? '' };
}

function changeStatement(
  state: LabState,
  member: Member,
  end: { readonly file: string; readonly position: string } | undefined,
): string {
  if (end === undefined) throw new Error(`no position of ${member.from}`);
  const word = state.flavor === 'mariadb' ? 'MASTER' : 'SOURCE';
  const auto = state.flavor === 'mariadb' ? 'MASTER_USE_GTID=slave_pos' : 'SOURCE_AUTO_POSITION=1';
  const options = [
    `${word}_HOST='127.0.0.1'`,
    `${word}_PORT=${portOf(state, memberOf(member.from).id)}`,
    `${word}_USER='repl_fwd'`,
    `${word}_PASSWORD='${passwordOf(state.dir, 'repl_fwd')}'`,
    `${word}_SSL=1`,
    `${word}_SSL_CA='${innerDir(state, member.id)}/ca.pem'`,
    `${word}_CONNECT_RETRY=1`,
    // MySQL gives up after ten times; a server that a busy machine starts slowly is away for longer.
    ...(word === 'SOURCE' ? ['SOURCE_RETRY_COUNT=86400'] : []),
    `${word}_HEARTBEAT_PERIOD=1`,
    state.gtid === 'on' ? auto : `${word}_LOG_FILE='${end.file}', ${word}_LOG_POS=${end.position}`,
  ];
  return `CHANGE ${state.flavor === 'mariadb' ? 'MASTER' : 'REPLICATION SOURCE'} TO ${options.join(', ')}`;
}
