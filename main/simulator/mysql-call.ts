import type { OperationInput, OperationName, OperationOutput } from '../../shared/sessions/operations.ts';
import { refusal, type Refusal } from './commits.ts';
import type { AccountRow, Server, Thread, World } from './world.ts';

/** One statement on one connection, as the server sees it. */
export type Call = {
  readonly world: World;
  readonly server: Server;
  readonly thread: Thread;
  readonly account: AccountRow;
};

/** What the server answers: a value or its refusal. */
export type Reply<T> = { readonly value: T } | { readonly refused: Refusal };

/** Performs one operation; `done` is called exactly once, now or later. */
export type Perform<K extends OperationName> = (
  call: Call,
  input: OperationInput<K>,
  done: (reply: Reply<OperationOutput<K>>) => void,
) => void;

/** A table of operations: one that is missing does not compile. */
export type Performers<K extends OperationName> = { readonly [Name in K]: Perform<Name> };

/** An operation that answers at once. */
export function reads<I, O>(
  read: (call: Call, input: I) => O,
): (call: Call, input: I, done: (reply: Reply<O>) => void) => void {
  return (call, input, done) => done({ value: read(call, input) });
}

/** The answer of an operation that carries nothing. */
export const nothing = {} as const;

/** Runs `then` once no fence is waiting at the server any more: writers wait behind a waiting fence. */
export function behindFence(server: Server, then: () => void): void {
  if (server.pendingFences.length === 0) then();
  else server.blocked.push(then);
}

/** The test every fence, thaw and promote carries: the run lock is held by one of these threads. */
export function lockHeldBy(server: Server, threads: readonly number[]): Refusal | null {
  return server.lockHolder !== null && threads.includes(server.lockHolder) ? null : refusal(1242);
}
