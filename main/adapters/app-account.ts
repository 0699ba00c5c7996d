import { readFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import type { Instance } from '../../shared/plan/plan.ts';
import type { AppEnd } from './client-config.ts';
import { homePath } from './home-path.ts';
import { connect } from './mysql-driver.ts';
import type { DriverOpened } from './mysql-driver.ts';

/** An application's account; the password comes from the credential reference and goes to the server only. */
export type AppAccount = { readonly user: string; readonly password: string };

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/**
 * How an application reaches an instance. `address` of an instance behind SSH is its host's own view (often 127.0.0.1), so
 * the address its replicas use stands in where the plan has one.
 */
export async function appEnd(instance: Instance): Promise<AppEnd> {
  const behindSsh = instance.via === 'ssh';
  const address = (behindSsh ? instance.replicationAddress : undefined) ?? instance.address;
  const port = (behindSsh ? instance.replicationPort : undefined) ?? instance.port;
  const { mode, ca, serverName } = instance.tls;
  const verify = mode === 'VERIFY_IDENTITY' ? 'identity' : mode === 'VERIFY_CA' ? 'authority' : 'nothing';
  const tls: AppEnd['tls'] =
    mode === 'DISABLED'
      ? null
      : {
          ca: ca === undefined ? null : await readFile(homePath(ca), 'utf8'),
          verify,
          serverName: serverName ?? address,
        };
  return { address, port, tls, trustsServerKey: loopback.test(address) };
}

/** Connects as the application does. Every connection commits by itself, whatever the server's default is. */
export async function connectAsApp(end: AppEnd, account: AppAccount, limitMs: number): Promise<DriverOpened> {
  const began = performance.now();
  const stream = connectSocket({ host: end.address, port: end.port, noDelay: true });
  const opened = await connect({
    stream,
    user: account.user,
    password: account.password,
    tls: end.tls,
    trustsServerKey: end.trustsServerKey,
    limitMs,
  });
  if (opened.kind !== 'open') return opened;
  const leftMs = Math.max(1, limitMs - (performance.now() - began));
  const set = await Promise.race([opened.connection.query('SET SESSION autocommit = 1'), after(leftMs)]);
  if (set?.kind === 'ok') return opened;
  opened.connection.destroy();
  const message = set === null ? `no answer within ${limitMs} ms` : set.message;
  return { kind: 'failed', cause: set === null ? 'time-limit' : 'network', code: null, message };
}

/** Resolves to null after `ms`: the losing side of a race against an answer. */
export function after(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}

/** A plan's table `schema.table` as an identifier. */
export function quotedTable(table: string): string {
  const parts = table.split('.');
  if (parts.length !== 2 || parts.some((part) => !/^[A-Za-z0-9_$-]{1,64}$/.test(part)))
    throw new Error(`expected a table as schema.table, seen ${JSON.stringify(table)}`);
  return parts.map((part) => `\`${part}\``).join('.');
}

/** An id as a string literal; null when it holds anything that a client's id never holds. */
export function quotedId(id: string): string | null {
  return /^[A-Za-z0-9._:-]{1,200}$/.test(id) ? `'${id}'` : null;
}
