import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import SSHConfig from 'ssh-config';
import type { Result } from '../../shared/lib/result.ts';
import { failed, ok } from '../../shared/lib/result.ts';
import { askProgram } from './ask-program.ts';
import { homePath } from './home-path.ts';
import { knownHostsName } from './known-hosts.ts';
import type { Hop } from './ssh-hop.ts';

/** What is asked of ssh_config: an alias, and the user and port that a ProxyJump entry gives on top. */
export type AliasQuery = {
  readonly alias: string;
  readonly configFile: string | null;
  readonly user?: string;
  readonly port?: number;
};

/** The settings of one alias: keywords in lower case, each with every value it was given. */
export type AliasSettings = ReadonlyMap<string, readonly string[]>;

const askLimitMs = 15_000;
const maxDepth = 8;
/** The private key files OpenSSH tries by itself: missing ones are no mistake. */
const defaultIdentity = /\/\.ssh\/id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/;

/**
 * The way to an alias as OpenSSH goes it: Include, Match and ProxyJump, each jump host with its own user, port and settings.
 * First hop first; the alias itself is the last.
 */
export async function resolveAlias(query: AliasQuery, depth = 0): Promise<Result<readonly Hop[], string>> {
  if (depth > maxDepth)
    return failed(`${query.alias}: more than ${maxDepth} ProxyJump levels; does it jump through itself?`);
  const settings = await readSettings(query);
  if (!settings.ok) return settings;
  const last = hopOf(query, settings.value);
  if (!last.ok) return last;
  const jump = firstOf(settings.value, 'proxyjump') ?? 'none';
  if (jump === 'none') return ok([last.value]);
  const jumps = jump.split(',').map((entry) => parseJump(entry, query.configFile));
  const hops: Hop[] = [];
  for (const [index, entry] of jumps.entries()) {
    if (!entry.ok) return entry;
    const way = await resolveAlias(entry.value, depth + 1);
    if (!way.ok) return way;
    // Only the first of the list is reached by its own ProxyJump; the others are reached through the one before (ssh -J).
    hops.push(...(index === 0 ? way.value : way.value.slice(-1)));
  }
  return ok([...hops, last.value]);
}

/** One entry of ProxyJump: `[user@]host[:port]`, `[v6]:port` or `ssh://…`. */
export function parseJump(entry: string, configFile: string | null): Result<AliasQuery, string> {
  const parts = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@/]+))(?::(\d{1,5}))?\/?$/.exec(entry.trim());
  const alias = parts?.[2] ?? parts?.[3];
  if (parts === null || alias === undefined || alias.startsWith('-'))
    return failed(`ProxyJump: expected [user@]host[:port], seen ${JSON.stringify(entry)}`);
  return ok({
    alias,
    configFile,
    ...(parts[1] === undefined ? {} : { user: parts[1] }),
    ...(parts[4] === undefined ? {} : { port: Number(parts[4]) }),
  });
}

/** The settings `ssh -G` printed: one `keyword value` a line. */
export function parseSettings(printed: string): AliasSettings {
  const settings = new Map<string, string[]>();
  for (const line of printed.split('\n')) {
    const space = line.indexOf(' ');
    if (space === -1) continue;
    const keyword = line.slice(0, space).toLowerCase();
    settings.set(keyword, [...(settings.get(keyword) ?? []), line.slice(space + 1)]);
  }
  return settings;
}

async function readSettings(query: AliasQuery): Promise<Result<AliasSettings, string>> {
  const asked = await askSsh(query);
  return asked ?? (await readConfigFile(query));
}

/** Asks OpenSSH itself; null when there is no ssh on this machine. */
async function askSsh(query: AliasQuery): Promise<Result<AliasSettings, string> | null> {
  const argv = ['-G'];
  if (query.configFile !== null) argv.push('-F', homePath(query.configFile));
  if (query.user !== undefined) argv.push('-l', query.user);
  if (query.port !== undefined) argv.push('-p', String(query.port));
  const asked = await askProgram('ssh', [...argv, '--', query.alias], askLimitMs);
  if (asked.kind === 'absent') return null;
  if (asked.kind === 'late') return failed(`ssh -G ${query.alias}: no answer within ${askLimitMs} ms`);
  if (asked.status === 0) return ok(parseSettings(asked.stdout));
  return failed(`ssh -G ${query.alias}: ${asked.stderr.trim() || `exit status ${asked.status}`}`);
}

/**
 * Without OpenSSH the library reads the file. It knows no Include and would run `Match exec` through a shell, so the
 * second is off and the first is refused: half a configuration leads to the wrong server.
 */
async function readConfigFile(query: AliasQuery): Promise<Result<AliasSettings, string>> {
  const file = homePath(query.configFile ?? '~/.ssh/config');
  try {
    const text = await readFile(file, 'utf8');
    return settingsInText(text, query);
  } catch (error) {
    return failed(
      `${file} cannot be read and there is no ssh to ask: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The settings of an alias by the library; refuses what it would read wrongly. */
export function settingsInText(text: string, query: AliasQuery): Result<AliasSettings, string> {
  if (/^\s*(include|match\s.*\bexec)\b/im.test(text))
    return failed(
      'this ssh_config has Include or Match exec, which only OpenSSH itself reads: install the ssh client',
    );
  const computed = SSHConfig.parse(text).compute(query.alias, { matchExec: false, ignoreCase: true });
  const settings = new Map<string, readonly string[]>();
  for (const [keyword, value] of Object.entries(computed))
    settings.set(keyword.toLowerCase(), Array.isArray(value) ? value : [value]);
  if (query.user !== undefined) settings.set('user', [query.user]);
  if (query.port !== undefined) settings.set('port', [String(query.port)]);
  return ok(settings);
}

function firstOf(settings: AliasSettings, keyword: string): string | undefined {
  return settings.get(keyword)?.[0];
}

function hopOf(query: AliasQuery, settings: AliasSettings): Result<Hop, string> {
  const command = firstOf(settings, 'proxycommand');
  if (command !== undefined && command !== 'none')
    return failed(
      `${query.alias}: ProxyCommand is not supported (a command line no one here can verify): use ProxyJump`,
    );
  const address = firstOf(settings, 'hostname') ?? query.alias;
  const port = Number(firstOf(settings, 'port') ?? 22);
  const user = firstOf(settings, 'user') ?? userInfo().username;
  const inPlace = (path: string): string => expand(path, { alias: query.alias, address, port, user });
  const keyAlias = firstOf(settings, 'hostkeyalias');
  const agent = firstOf(settings, 'identityagent') ?? 'SSH_AUTH_SOCK';
  return ok({
    label: knownHostsName(address, port),
    address,
    port,
    user,
    keyName: keyAlias === undefined || keyAlias === 'none' ? knownHostsName(address, port) : keyAlias,
    knownHosts: filesOf(settings, ['userknownhostsfile', 'globalknownhostsfile']).map(inPlace),
    identityFiles: (settings.get('identityfile') ?? [])
      .filter((path) => path !== 'none')
      .map((path) => ({ path: inPlace(path), asked: !defaultIdentity.test(path) })),
    agentSocket: agentSocket(agent, inPlace),
    identitiesOnly: firstOf(settings, 'identitiesonly') === 'yes',
  });
}

function filesOf(settings: AliasSettings, keywords: readonly string[]): readonly string[] {
  return keywords
    .flatMap((keyword) => settings.get(keyword) ?? [])
    .flatMap((files) => files.match(/"[^"]*"|\S+/g) ?? [])
    .map((file) => file.replace(/^"(.*)"$/, '$1'))
    .filter((file) => file !== 'none');
}

function agentSocket(agent: string, inPlace: (path: string) => string): string | null {
  if (agent === 'none') return null;
  if (agent === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] ?? null;
  return agent.startsWith('$')
    ? (process.env[agent.slice(1).replace(/^\{(.*)\}$/, '$1')] ?? null)
    : inPlace(agent);
}

/** The tokens of ssh_config(5) that files are named by. */
function expand(
  path: string,
  at: { readonly alias: string; readonly address: string; readonly port: number; readonly user: string },
): string {
  const tokens: Readonly<Record<string, string>> = {
    '%%': '%',
    '%d': homePath('~'),
    '%h': at.address,
    '%i': String(userInfo().uid),
    '%L': hostname().split('.')[0] ?? '',
    '%l': hostname(),
    '%n': at.alias,
    '%p': String(at.port),
    '%r': at.user,
    '%u': userInfo().username,
  };
  return homePath(path.replace(/%./g, (token) => tokens[token] ?? token));
}
