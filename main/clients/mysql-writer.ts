import { after, connectAsApp, quotedId, quotedTable } from '../adapters/app-account.ts';
import { idPrefix } from '../adapters/client-config.ts';
import type { AppEnd, MysqlConfig } from '../adapters/client-config.ts';
import type { DriverConnection, QueryOutcome } from '../adapters/mysql-driver.ts';
import type { ClientWrite } from '../../shared/observations/client-log.ts';
import { nowUtcMs, pause } from './client-clock.ts';
import type { WriteLog } from './write-log.ts';

const maxBackoffMs = 50;

/**
 * Server errors that say for certain that nothing was written: read-only, no right to, no such table, lock wait, deadlock.
 * Any other error leaves it open (a commit may fail on the way to a replica and still be there): unknown.
 */
const refusals = new Set([1044, 1045, 1062, 1142, 1143, 1146, 1205, 1213, 1290, 1792, 1836]);

/**
 * An application that writes to both sides of a chain without pause: to the source as long as it lets it, to the target
 * from the moment it lets it. Two loops, two connections, one clock. A lost connection is opened again, because that is
 * what applications do; a write is never tried again.
 */
export async function writeToBothSides(
  config: MysqlConfig,
  log: WriteLog,
  stopped: AbortSignal,
): Promise<void> {
  await Promise.all([
    writeLoop(config, { side: 'source', end: config.source, log, stopped }),
    writeLoop(config, { side: 'target', end: config.target, log, stopped }),
  ]);
}

type Loop = {
  readonly side: 'source' | 'target';
  readonly end: AppEnd;
  readonly log: WriteLog;
  readonly stopped: AbortSignal;
};

async function writeLoop(config: MysqlConfig, loop: Loop): Promise<void> {
  let connection: DriverConnection | null = null;
  let backoffMs = 1;
  const begun = Math.trunc(nowUtcMs()).toString(36);
  for (let n = 1; !loop.stopped.aborted; n += 1) {
    const id = `${idPrefix(config.client)}${begun}${loop.side === 'source' ? 's' : 't'}${n}`;
    const startedAt = nowUtcMs();
    if (connection === null) {
      const opened = await connectAsApp(loop.end, config, config.limitMs);
      if (opened.kind === 'open') {
        connection = opened.connection;
        // What is lost between two writes is noticed here and not by the next write, which would be unknown for nothing.
        connection.onLost(() => (connection = null));
        backoffMs = 1;
      } else {
        // Nothing was sent: for the user this write is refused.
        record(config, loop, {
          id,
          startedAt,
          outcome: 'refused',
          why: `connect: ${opened.code ?? opened.cause}`,
        });
        backoffMs = Math.min(maxBackoffMs, backoffMs * 2);
        await pause(backoffMs, loop.stopped);
        continue;
      }
    }
    const using: DriverConnection = connection;
    const answer = await Promise.race([using.query(insertOf(config, id, n)), after(config.limitMs)]);
    record(config, loop, { id, startedAt, ...outcomeOf(answer) });
    if (answer === null || answer.kind === 'lost') {
      using.destroy();
      connection = null;
    }
    await pause(config.intervalMs - (nowUtcMs() - startedAt), loop.stopped);
  }
  connection?.destroy();
}

function record(
  config: MysqlConfig,
  loop: Loop,
  write: Pick<ClientWrite, 'id' | 'startedAt' | 'outcome' | 'why'>,
): void {
  const { client, chain } = config;
  loop.log.append({ client, chain, side: loop.side, ...write, endedAt: nowUtcMs() });
}

function insertOf(config: MysqlConfig, id: string, n: number): string {
  const values = [quotedId(id), quotedId(config.client), String(n), 'UTC_TIMESTAMP(6)'];
  return `INSERT INTO ${quotedTable(config.table)} (\`id\`, \`client\`, \`n\`, \`at\`) VALUES (${values.join(', ')})`;
}

/** What an answer says of the write; no answer within the limit (null) says nothing. */
export function outcomeOf(answer: QueryOutcome | null): Pick<ClientWrite, 'outcome' | 'why'> {
  if (answer === null) return { outcome: 'unknown', why: 'time-limit' };
  switch (answer.kind) {
    case 'ok':
      return { outcome: 'acknowledged' };
    case 'refused':
      return { outcome: refusals.has(answer.code) ? 'refused' : 'unknown', why: String(answer.code) };
    case 'lost':
      return { outcome: 'unknown', why: 'lost' };
  }
}
