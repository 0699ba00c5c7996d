import type { Server, Thread } from './world.ts';
import { killPendingFence, releaseBlocker } from './fence.ts';

export type NewThread = Pick<Thread, 'user' | 'host' | 'owner' | 'end'>;

/** Opens one connection at a server and answers with its row in the process list. */
export function connect(server: Server, thread: NewThread, now: number): Thread {
  const row: Thread = {
    ...thread,
    id: server.nextThread++,
    since: now,
    statement: null,
    state: '',
    trx: null,
    abandoned: false,
  };
  server.threads.set(row.id, row);
  return row;
}

/** Ends a connection at the server: what it held goes with it. */
export function disconnect(server: Server, id: number, why: string): void {
  const thread = server.threads.get(id);
  if (thread === undefined) return;
  server.threads.delete(id);
  if (server.lockHolder === id) server.lockHolder = null;
  releaseBlocker(server, id);
  thread.end(why);
}

/** The client's side is gone. A statement that runs goes on until it ends; an idle connection ends at once. */
export function abandon(server: Server, id: number): void {
  const thread = server.threads.get(id);
  if (thread === undefined) return;
  thread.end = () => undefined;
  thread.abandoned = true;
  // A stopped process does not notice; it will when it goes on and the statement is done.
  if (thread.statement === null && server.power !== 'paused') disconnect(server, id, 'closed');
}

/** A statement ended: an abandoned connection goes with it. */
export function statementEnded(server: Server, id: number, now: number): void {
  const thread = server.threads.get(id);
  if (thread === undefined) return;
  thread.statement = null;
  thread.state = '';
  thread.since = now;
  if (thread.abandoned) disconnect(server, id, 'closed');
}

/** KILL: a commit that waits for its semi-sync acknowledgement stays where it is, everything else ends. */
export function kill(server: Server, id: number): void {
  if (server.blockers.some((blocker) => blocker.thread === id && blocker.kind === 'semi-sync')) {
    const thread = server.threads.get(id);
    if (thread !== undefined) thread.end('Connection was killed');
    return;
  }
  killPendingFence(server, id);
  disconnect(server, id, 'Connection was killed');
}

/** InnoDB's list of open transactions: a copy that is made anew only after it went unread for 100 ms. */
export function openTransactionsOf(server: Server, now: number): Server['trxCopy'] {
  if (now - server.trxReadAt > 100) {
    server.trxCopy = [...server.threads.values()].flatMap((thread) =>
      thread.trx === null ? [] : [{ thread, trx: thread.trx }],
    );
  }
  server.trxReadAt = now;
  return server.trxCopy;
}
