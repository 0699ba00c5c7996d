import { join } from 'node:path';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { administrator } from './accounts.ts';
import { instanceDir, type LabState } from './lab-state.ts';
import { pause } from './processes.ts';

/** SQL as the servers' administrator, over the socket. */

export type Row = Readonly<Record<string, string | null>>;

/** The socket of an instance, as seen from this machine. */
export const socketOf = (state: LabState, id: string): string => join(instanceDir(state, id), 'mysql.sock');

/** Opens an administrator's session; the caller ends it. */
export function connectAsRoot(state: LabState, id: string): Promise<Connection> {
  return createConnection({
    socketPath: socketOf(state, id),
    user: administrator,
    connectTimeout: 3_000,
    // Texts only: a GTID sequence or a position must not be rounded.
    typeCast: (field) => field.string(),
  });
}

/** Runs statements one after the other in a session of their own; answers with the rows of the last one. */
export async function asRoot(
  state: LabState,
  id: string,
  ...statements: readonly string[]
): Promise<readonly Row[]> {
  const connection = await connectAsRoot(state, id);
  try {
    let rows: readonly Row[] = [];
    for (const sql of statements) {
      const [answer] = await connection.query<RowDataPacket[]>({ sql, timeout: 20_000 });
      rows = Array.isArray(answer) ? answer.map((row): Row => ({ ...row })) : [];
    }
    return rows;
  } finally {
    connection.destroy();
  }
}

/** Tries until it succeeds or the time is over; then the last error is the answer. */
export async function eventually<T>(what: string, limitMs: number, attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end)
        throw new Error(
          `${what}: not within ${limitMs} ms: ${error instanceof Error ? error.message : String(error)}`,
        );
      await pause(50);
    }
  }
}
