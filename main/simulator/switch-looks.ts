import type { HostWorld, Server, World } from './world.ts';
import { lookMark } from '../../shared/steps/switch-looks.ts';

type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** What a host answers when it is tried for its dead-man's switch; null: the command is another one. */
export function runLook(
  host: HostWorld,
  argv: readonly string[],
  reached: (instance: string) => Server | null,
): Ran | null {
  const at = argv.indexOf(lookMark);
  if (at === -1) return null;
  const [what, instance = '', , dropIn = ''] = argv.slice(at + 1);
  if (what === 'logout') return said(['user cutover', 'session no']);
  const server = reached(instance);
  if (server === null)
    return { status: 1, stdout: '', stderr: `ERROR 2002 (HY000): Can't connect to the server ${instance}` };
  return what === 'login' ? loginTo(server) : nextStart(host, server, dropIn);
}

function said(lines: readonly string[]): Ran {
  return { status: 0, stdout: `${[...lines, 'end .'].join('\n')}\n`, stderr: '' };
}

function loginTo(server: Server): Ran {
  const rows: readonly (readonly [string, string])[] = [
    ['version', server.versionText],
    ...(server.serverUuid === null ? [] : [['server_uuid', server.serverUuid] as const]),
    ['server_id', String(server.serverId)],
    ['port', String(server.port)],
    ['datadir', server.datadir],
    ['pid_file', server.settings.pidFile],
    ['performance_schema', 'ON'],
    ['account', 'root@localhost'],
    ...(server.persisted && server.flavor === 'mysql'
      ? [['persisted', '--super_read_only=ON'] as const]
      : []),
  ];
  return { status: 0, stdout: rows.map((row) => `${row.join('\t')}\n`).join(''), stderr: '' };
}

function nextStart(host: HostWorld, server: Server, dropIn: string): Ran {
  const laid = host.files.get(dropIn);
  // As --print-defaults tells it: file by file.
  const options = [
    ...(server.bootReadOnly ? ['read_only=1'] : []),
    ...(laid ?? '').split('\n').filter((line) => line.includes('=')),
  ];
  return said([
    `program /usr/sbin/${server.flavor === 'mysql' ? 'mysqld' : 'mariadbd'}`,
    ...options.map((option) => `option --${option}`),
    ...(dropIn === '' ? [] : ['reads yes', `dropin ${laid === undefined ? 'absent' : 'there'}`]),
  ]);
}

/** The server, when it answers and the way from the host is not cut. */
export function reachedFrom(world: World, host: HostWorld, instance: string): Server | null {
  const server = world.servers.get(instance);
  return server?.power === 'up' && !world.network.isCut(host.site, server.site) ? server : null;
}
