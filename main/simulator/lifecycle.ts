import { rotate } from './binlog.ts';
import { dropPendingFences } from './fence.ts';
import { disconnect } from './processes.ts';
import { startLink } from './link-start.ts';
import { refreshLinks } from './replication.ts';
import { noteWritable } from './truth.ts';
import type { Server, World } from './world.ts';

const readOnlyLine = /^\s*(loose[-_])?(super[-_])?read[-_]only\s*(=\s*(1|on|true)\s*)?$/im;

/** kill -9: every session is gone at once, what was committed is safe, what waited never happens. */
export function killServer(world: World, server: Server): void {
  if (server.power === 'down') return;
  server.power = 'down';
  server.stalled.length = 0;
  server.lockHolder = null;
  const threads = [...server.threads.values()];
  server.threads.clear();
  for (const thread of threads) thread.end('The server closed the connection');
  dropPendingFences(server);
  for (const [index, one] of server.prepared.entries())
    server.prepared[index] = { xid: one.xid, thread: null };
  refreshLinks(world);
}

/**
 * The server starts again: read_only is what its configuration says, not what it was; every configured link starts by
 * itself, also one that never ran.
 */
export function bootServer(world: World, server: Server): void {
  if (server.power !== 'down') return;
  server.power = 'up';
  server.bootedAt = world.clock.nowMs();
  const dropIn = dropInOf(world, server);
  server.readOnly = server.bootReadOnly || server.persisted || dropIn;
  server.superReadOnly = server.flavor === 'mysql' && server.readOnly;
  server.eventScheduler = server.settings.eventScheduler === 'ON';
  server.nextThread = 3;
  server.trxReadAt = -Infinity;
  rotate(server);
  refreshLinks(world);
  for (const link of server.links) {
    if (link.accountIsForgotten) link.hasAccount = false;
    startLink(world, link);
  }
  noteWritable(world, server);
}

/** SIGSTOP: no answer to anybody, while every status elsewhere still looks well. */
export function pauseServer(world: World, server: Server): void {
  if (server.power !== 'up') return;
  server.power = 'paused';
  refreshLinks(world);
}

/** SIGCONT: what arrived meanwhile is done now, however late. */
export function resumeServer(world: World, server: Server): void {
  if (server.power !== 'paused') return;
  server.power = 'up';
  refreshLinks(world);
  for (const call of server.stalled.splice(0)) call();
  for (const thread of [...server.threads.values()])
    if (thread.abandoned && thread.statement === null) disconnect(server, thread.id, 'closed');
}

/** Whether an option file put on the host closes the server at its next start. */
function dropInOf(world: World, server: Server): boolean {
  const files = world.hosts.get(server.host)?.files ?? new Map<string, string>();
  const own = world.plan.instances.find((one) => one.id === server.id)?.fenceDropIn;
  // Of an include directory a server reads what ends in .cnf.
  const read = [...files].filter(([path]) => (own === undefined ? path.endsWith('.cnf') : path === own));
  const contents = read.map(([, content]) => content);
  return contents.some((content) => readOnlyLine.test(content));
}
