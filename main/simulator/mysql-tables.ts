import { newestFirst } from './binlog.ts';
import type { Server, Txn, World } from './world.ts';

/** Rows go to the tables in turn: each transaction of the application writes one row of one table. */
function tableOf(server: Server, txn: Txn): string | undefined {
  return server.tables[(txn.origin * 7 + txn.n) % server.tables.length];
}

/** How far back the newest rows are looked for. */
const depth = 3_000;

/** The newest rows of tables by primary key, as one hash each. The key of a row is when and where it began. */
export function lookAtTables(
  { sha256 }: Pick<World, 'sha256'>,
  server: Server,
  [tables, rows]: readonly [tables: readonly string[], rows: number],
): readonly { readonly table: string; readonly rows: number; readonly sha256: string | null }[] {
  const newest = newestFirst(server, depth).filter((txn) => txn.kind === 'app' || txn.kind === 'client');
  return tables.map((table) => {
    if (server.tablesWithoutKey.has(table) || !server.tables.includes(table))
      return { table, rows: 0, sha256: null };
    const keys = newest
      .filter((txn) => tableOf(server, txn) === table)
      .map((txn) => ({ at: txn.at, key: `${txn.at.toFixed(3)}:${txn.origin}:${txn.n}` }))
      .sort((left, right) => right.at - left.at || (left.key < right.key ? 1 : -1))
      .slice(0, rows)
      .map((row) => row.key);
    return { table, rows: keys.length, sha256: sha256(`${table} ${keys.join(' ')}`) };
  });
}
