import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionFile } from './accounts.ts';
import { hostDir } from './hosts.ts';
import { portOf, type LabState } from './lab-state.ts';
import { nodeBinary, type ProcessSpec } from './processes.ts';
import { appHosts, chains, frontDoors, writesGoTo, type AppHost } from './topology.ts';

/** The application hosts and the load balancer before them. */

/** While this file exists on an application host, its switch command refuses with the file's text. */
export const refusalFile = (dir: string, host: string): string => join(hostDir(dir, host), 'refuse-switch');

/** Makes the files of all application hosts and of the load balancer. */
export function writeAppHosts(state: LabState): void {
  for (const host of appHosts) {
    const here = hostDir(state.dir, host.id);
    writeFileSync(join(here, 'app.json'), JSON.stringify(appSettings(state, host), null, 2), { mode: 0o600 });
    writeFileSync(join(here, 'site.json'), `${JSON.stringify({ site: host.source })}\n`, { mode: 0o600 });
    const port = portOf(state, `app ${host.id}`);
    writeFileSync(join(here, 'bin', 'switch-site'), switchScript(here, port), { mode: 0o700 });
    writeFileSync(join(here, 'bin', 'site-in-use'), verifyScript(port), { mode: 0o700 });
  }
  writeFileSync(join(state.dir, 'haproxy.cfg'), haproxyConfig(state), { mode: 0o600 });
}

/** How the application of a host is started. */
export function appSpec(state: LabState, host: string): ProcessSpec {
  const here = hostDir(state.dir, host);
  return {
    name: `app ${host}`,
    argv: [nodeBinary(), join(import.meta.dirname, 'app/app.ts'), join(here, 'app.json')],
    logFile: join(here, 'app.log'),
  };
}

/** How the load balancer is started. */
export function haproxySpec(state: LabState): ProcessSpec {
  return {
    name: 'haproxy',
    argv: ['/usr/sbin/haproxy', '-db', '-q', '-f', join(state.dir, 'haproxy.cfg')],
    logFile: join(state.dir, 'haproxy.log'),
  };
}

/** The URL a region's users enter by. */
export const doorUrl = (state: LabState, region: string): string =>
  `http://127.0.0.1:${portOf(state, `door ${region}`)}`;

function appSettings(state: LabState, host: AppHost): unknown {
  const portsAt = (node: string): unknown =>
    Object.fromEntries(chains.map((chain) => [chain, portOf(state, `${chain}-${node}`)]));
  return {
    host: host.id,
    port: portOf(state, `app ${host.id}`),
    siteFile: join(hostDir(state.dir, host.id), 'site.json'),
    optionFile: optionFile(state.dir, 'app'),
    databasePorts: Object.fromEntries(
      Object.entries(writesGoTo).map(([site, node]) => [site, portsAt(node)]),
    ),
  };
}

/** Asks the running application over the loopback, without starting anything that takes time. */
const askFunction = (port: number): string => `ask() {
  exec 3<>/dev/tcp/127.0.0.1/${port} || { echo "the application does not answer" >&2; exit 4; }
  printf '%s %s HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n' "$1" "$2" >&3
  local line answer=
  while IFS= read -r -t 8 line <&3 || [ -n "$line" ]; do answer="$line"; line=; done
  exec 3>&-
  printf '%s' "$answer"
}`;

const switchScript = (here: string, port: number): string => `#!/bin/bash
# switch-site SITE: makes this application host use the database of another site, at once.
site="$1"
if [ -e '${here}/refuse-switch' ]; then
  echo "switch-site: refused: $(cat '${here}/refuse-switch')" >&2
  exit 3
fi
case "$site" in
  ${Object.keys(writesGoTo).join('|')}) ;;
  *) echo "switch-site: no site '$site'" >&2; exit 2 ;;
esac
${askFunction(port)}
printf '{"site":"%s"}\\n' "$site" > '${here}/site.json.new' && mv '${here}/site.json.new' '${here}/site.json' || exit 5
answer=$(ask POST /admin/reload)
[ "$answer" = "$site" ] || { echo "switch-site: the application says '$answer'" >&2; exit 6; }
echo "switch-site: $site in use"
`;

const verifyScript = (port: number): string => `#!/bin/bash
# site-in-use: prints the site whose database the running application uses.
${askFunction(port)}
answer=$(ask GET /admin/site)
[ -n "$answer" ] || exit 6
echo "$answer"
`;

function haproxyConfig(state: LabState): string {
  const doors = frontDoors.map((door) => {
    const servers = door.hosts.map(
      (host) =>
        `  server ${host} 127.0.0.1:${portOf(state, `app ${host}`)} check inter 500ms fall 2 rise 1\n`,
    );
    return `listen ${door.region}\n  bind 127.0.0.1:${portOf(state, `door ${door.region}`)}\n  balance roundrobin\n  option httpchk GET /health\n${servers.join('')}`;
  });
  return `global
  maxconn 2000
  nbthread 1
  stats socket ${join(state.dir, 'haproxy.sock')} mode 600 level admin
defaults
  mode http
  timeout connect 300ms
  timeout client 30s
  timeout server 5s
  timeout http-keep-alive 10s
  # A request that reached an application is never sent twice: a write is tried once.
  retries 2
  retry-on conn-failure
  option redispatch
${doors.join('')}`;
}
