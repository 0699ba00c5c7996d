import type { Position } from '../../shared/sessions/operations.ts';
import { logFile } from './binlog.ts';
import type { Server } from './world.ts';

/** What a server's GTID variable says: MariaDB @@gtid_binlog_state, MySQL @@gtid_executed. */
export function gtidText(server: Server): string {
  return server.flavor === 'mariadb' ? mariadbState(server) : mysqlExecuted(server);
}

function mariadbState(server: Server): string {
  const parts: string[] = [];
  for (const other of server.chain.servers) {
    const seq = server.seqTop[other.index] ?? 0;
    if (seq > 0 && other.index !== server.lastOrigin) parts.push(`0-${other.serverId}-${seq}`);
  }
  const last = server.chain.servers[server.lastOrigin];
  const seq = server.seqTop[server.lastOrigin] ?? 0;
  if (last !== undefined && seq > 0) parts.push(`0-${last.serverId}-${seq}`);
  return parts.join(',');
}

function mysqlExecuted(server: Server): string {
  if (!server.chain.gtid) return '';
  const parts: string[] = [];
  for (const other of server.chain.servers) {
    const top = server.top[other.index] ?? 0;
    const beyond = [...(server.beyond[other.index] ?? [])].sort((left, right) => left - right);
    const ranges = top > 0 ? [`1-${top}`] : [];
    for (const n of beyond) ranges.push(String(n));
    if (ranges.length > 0) parts.push(`${other.serverUuid ?? ''}:${ranges.join(':')}`);
  }
  return parts.sort().join(',');
}

/** A server's place in its own log and its GTID state. */
export function positionOf(server: Server): Position {
  const position = {
    flavor: server.flavor,
    file: logFile(server, server.file),
    offset: server.offset,
    gtid: gtidText(server),
  };
  const last = server.chain.servers[server.lastOrigin];
  const seq = server.seqTop[server.lastOrigin] ?? 0;
  return server.flavor === 'mariadb' && last !== undefined && seq > 0
    ? { ...position, logEndGtid: `0-${last.serverId}-${seq}` }
    : position;
}

/** One GTID of MariaDB in numbers. */
export type MariaGtid = { readonly serverId: number; readonly seq: number };

/** Reads a list of MariaDB GTIDs; null: malformed (error 1941). */
export function parseMaria(text: string): readonly MariaGtid[] | null {
  const out: MariaGtid[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const match = /^\d+-(\d+)-(\d+)$/.exec(part);
    if (match === null) return null;
    out.push({ serverId: Number(match[1]), seq: Number(match[2]) });
  }
  return out;
}

/** Whether a server's executed set contains a MySQL GTID set; null: malformed (error 1772). */
export function containsMysql(server: Server, text: string): boolean | null {
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const [uuid, ...ranges] = part.split(':');
    const origin = server.chain.servers.find((other) => other.serverUuid === uuid?.toLowerCase());
    for (const range of ranges) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(range);
      if (match === null) return null;
      if (origin === undefined) return false;
      for (
        let n = Number(match[2] ?? match[1]);
        n >= Number(match[1]) && n > (server.top[origin.index] ?? 0);
        n--
      ) {
        if (server.beyond[origin.index]?.has(n) !== true) return false;
      }
    }
  }
  return true;
}

/** What MASTER_GTID_WAIT looks at: one number for the domain, whoever wrote it. Satisfied early with two co-masters. */
export function mariaWaitSatisfied(server: Server, wanted: readonly MariaGtid[]): boolean {
  const highest = Math.max(0, ...wanted.map((one) => one.seq));
  return appliedSeq(server) >= highest;
}

function appliedSeq(server: Server): number {
  return Math.max(0, ...server.seqTop.filter((_, origin) => origin !== server.index));
}
