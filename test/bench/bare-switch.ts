import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { contains, union } from '../../shared/observations/gtid-set.ts';
import type { Position } from '../../shared/sessions/operations.ts';
import { passwordOf } from '../lab/accounts.ts';
import type { Lab } from '../lab/start-lab.ts';
import { membersOf } from '../lab/topology.ts';
import { pause, within } from './bounds.ts';

/** A switch that is ready: its sessions are open, one on each server it acts on. */
export type ReadySwitch = {
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const lockWaitSeconds = 3;
const drainLimitMs = 60_000;
/** Looks without any pause in between, before a millisecond is spent between two. */
const eagerLooks = 50;

/**
 * The same switch by bare SQL, as fast as it can be done by hand: close both co-masters, wait until each contains the
 * other, wait until the target contains both, cut its link by name, open it. No proof, no journal, no way back.
 */
export async function readyBareSwitch(lab: Lab, chain: string): Promise<ReadySwitch> {
  const open = (id: string): Promise<Connection> =>
    createConnection({
      host: '127.0.0.1',
      port: lab.port(id),
      user: 'cockpit',
      password: passwordOf(lab.dir, 'cockpit'),
      typeCast: (field) => field.string(),
    });
  const sources = await Promise.all(membersOf(chain, 'source-master').map(({ id }) => open(id)));
  const target = await open(membersOf(chain, 'target-master')[0]?.id ?? '');
  for (const source of sources) await source.query(`SET SESSION lock_wait_timeout=${lockWaitSeconds}`);
  const words = lab.flavor === 'mariadb' ? mariadb : mysql;
  return {
    run: () =>
      within('the bare switch', drainLimitMs, async () => {
        await Promise.all(sources.map((source) => source.query(words.fence)));
        const end = await converged(sources, words);
        await until(async () => holds(contains(await positionOf(target, words), end)));
        for (const statement of words.promote) await target.query(statement);
      }),
    close: async () => {
      await Promise.all([...sources, target].map((connection) => connection.end()));
    },
  };
}

type Words = {
  readonly flavor: Position['flavor'];
  readonly fence: string;
  readonly position: string;
  readonly promote: readonly string[];
};

const mariadb: Words = {
  flavor: 'mariadb',
  fence: 'SET GLOBAL read_only=1',
  position: 'SELECT @@global.gtid_binlog_state AS gtid',
  promote: ["STOP SLAVE ''", "RESET SLAVE '' ALL", 'SET GLOBAL read_only=0'],
};

const mysql: Words = {
  flavor: 'mysql',
  fence: 'SET GLOBAL super_read_only=1',
  position: 'SELECT @@global.gtid_executed AS gtid',
  promote: ["STOP REPLICA FOR CHANNEL ''", "RESET REPLICA ALL FOR CHANNEL ''", 'SET GLOBAL read_only=0'],
};

/** Looks until every source contains what all of them have; that is the end of the source's log. */
async function converged(sources: readonly Connection[], words: Words): Promise<Position> {
  for (let look = 0; ; look += 1) {
    const positions = await Promise.all(sources.map((source) => positionOf(source, words)));
    const all = union(positions);
    if (!all.ok) throw new Error(all.error);
    const end = { ...word(words), gtid: all.value };
    if (positions.every((position) => holds(contains(position, end)))) return end;
    if (look > eagerLooks) await pause(1);
  }
}

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await look()); looks += 1) if (looks > eagerLooks) await pause(1);
}

const word = ({ flavor }: Words): Omit<Position, 'gtid'> => ({ flavor, file: null, offset: null });

async function positionOf(connection: Connection, words: Words): Promise<Position> {
  const [rows]: readonly [unknown, unknown] = await connection.query(words.position);
  return { ...word(words), gtid: gtidIn(rows) };
}

function gtidIn(rows: unknown): string {
  const first: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return typeof first === 'object' && first !== null && 'gtid' in first ? String(first.gtid) : '';
}

function holds(answer: ReturnType<typeof contains>): boolean {
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}
