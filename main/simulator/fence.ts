import { noteWritable } from './truth.ts';
import type { PendingFence, Server, World } from './world.ts';

export type FenceReply = Parameters<PendingFence['done']>[0];

type Fence = {
  readonly thread: number;
  readonly lockWaitSeconds: number;
  readonly done: (reply: FenceReply) => void;
};

/**
 * SET GLOBAL [super_]read_only = 1: it waits for running statements and table locks, other writers wait behind it, and
 * it stays in the queue when its client dies. Open idle transactions do not hold it up; their commit is refused later.
 */
export function fence(world: World, server: Server, wanted: Fence): void {
  const pending: PendingFence = {
    thread: wanted.thread,
    deadline: world.clock.in(wanted.lockWaitSeconds * 1000, () => end(server, pending, 'timeout')),
    settled: false,
    done: (reply) => {
      pending.deadline.cancel();
      if (reply === 'fenced') close(world, server);
      wanted.done(reply);
      if (server.pendingFences.length === 0) release(server, world.clock.nowMs());
    },
  };
  server.pendingFences.push(pending);
  const settleMs = world.random.between(0.4, 4) + server.commitExtraMs;
  world.clock.in(settleMs, () => {
    pending.settled = true;
    tryFence(server);
  });
}

function close(world: World, server: Server): void {
  server.readOnly = true;
  if (server.flavor === 'mysql') server.superReadOnly = true;
  noteWritable(world, server);
}

function tryFence(server: Server): void {
  if (server.blockers.some(({ kind }) => kind !== 'backup') || server.power !== 'up') return;
  for (const pending of server.pendingFences.filter((one) => one.settled)) end(server, pending, 'fenced');
}

function end(server: Server, pending: PendingFence, reply: FenceReply): void {
  const place = server.pendingFences.indexOf(pending);
  if (place < 0) return;
  server.pendingFences.splice(place, 1);
  pending.done(reply);
}

function release(server: Server, now: number): void {
  for (const waiter of server.blocked.splice(0)) waiter(now);
}

/** A session's locks and statements are over: a fence that waited for them may take effect now. */
export function releaseBlocker(server: Server, thread: number): void {
  const before = server.blockers.length;
  for (let index = before - 1; index >= 0; index--) {
    if (server.blockers[index]?.thread === thread) server.blockers.splice(index, 1);
  }
  if (server.blockers.length < before) tryFence(server);
}

/** The thread of a waiting fence was killed: nothing changed. */
export function killPendingFence(server: Server, thread: number): void {
  for (const pending of server.pendingFences.filter((one) => one.thread === thread))
    end(server, pending, 'killed');
}

/** KILL QUERY of a waiting fence: its session stays. Whether it was one. */
export function cancelPendingFence(server: Server, thread: number): boolean {
  const waits = server.pendingFences.some((one) => one.thread === thread);
  killPendingFence(server, thread);
  return waits;
}

/** The process died: nothing waits there any more. */
export function dropPendingFences(server: Server): void {
  server.blockers.length = 0;
  for (const pending of [...server.pendingFences]) end(server, pending, 'killed');
}

/** SET GLOBAL read_only = 0; on MySQL that opens super_read_only too. */
export function open(world: World, server: Server): void {
  server.readOnly = false;
  server.superReadOnly = false;
  noteWritable(world, server);
}
