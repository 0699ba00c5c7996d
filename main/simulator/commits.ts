import { absorb } from './binlog.ts';
import { wakeReaders } from './replication.ts';
import type { AccountRow, Server, Txn } from './world.ts';

/** Why a server refuses a statement. */
export type Refusal = { readonly code: number | null; readonly message: string };

/** Refusals by the numbers of MySQL and MariaDB. */
export const refusals = {
  1045: 'Access denied (using password: YES)',
  1062: "Duplicate entry for key 'PRIMARY'",
  1142: 'command denied to user',
  1146: "Table 'cutover.heartbeat' doesn't exist",
  1198: 'This operation cannot be performed as you have a running replica; run STOP REPLICA first',
  1205: 'Lock wait timeout exceeded; try restarting transaction',
  1236: 'Could not find GTID state requested by replica in any binlog files. Probably the replica state is too old and required binlog files have been purged.',
  1242: 'Subquery returns more than 1 row',
  1290: 'The server is running with the --read-only option so it cannot execute this statement',
  1317: 'Query execution was interrupted',
  1396: 'Operation ALTER USER failed',
  1593: 'Fatal error: Invalid (empty) username when attempting to connect',
  1617: 'There is no connection with this name',
  1772: 'Malformed GTID set specification',
  1941: 'Could not parse GTID list',
  3074: 'Replica channel does not exist',
  13117: 'Fatal error: Invalid (empty) username when attempting to connect',
} as const;

/** A refusal by number, with the server's words. */
export function refusal(code: keyof typeof refusals): Refusal & { readonly code: number } {
  return { code, message: refusals[code] };
}

/** A refusal by any number. */
export function refusalOf(code: number): Refusal {
  const known = Object.entries(refusals).find(([number]) => Number(number) === code);
  return { code, message: known?.[1] ?? 'The server refused the statement' };
}

/** Whether a server takes writes of an account right now: null when it does. Zero rows make no difference. */
export function refusesWrite(server: Server, account: AccountRow | 'app'): Refusal | null {
  if (!server.readOnly) return null;
  if (account !== 'app' && account.bypasses && !server.superReadOnly) return null;
  return refusal(1290);
}

export type Write = Pick<Txn, 'kind' | 'id' | 'value'> & { readonly beatOf?: number };

/** Commits one transaction that begins on this server. Whether it may is asked before. */
export function commit(server: Server, write: Write, now: number): Txn {
  const txn: Txn = {
    origin: server.index,
    n: (server.top[server.index] ?? 0) + 1,
    // The next number after the highest this server has seen in the domain, whoever wrote that one.
    seq: server.seqMax + 1,
    at: now,
    kind: write.kind,
    id: write.id,
    value: write.value,
    beatOf: write.beatOf ?? 0,
  };
  absorb(server, txn, now);
  if (txn.id !== null) server.chain.named.set(txn.id, txn);
  server.writesCounted += 1;
  wakeReaders(server);
  return txn;
}

/** Notes that an application was told its write is safe. */
export function acknowledge(server: Server, txn: Txn): void {
  server.chain.acknowledged[txn.origin] = txn.n;
}
