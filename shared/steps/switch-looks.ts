import { quoteWord } from '../lib/shell-words.ts';
import type { BootSeen, LoginSeen, LogoutSeen, WrittenOption } from '../observations/switch-proof.ts';
import type { Dialect } from '../sessions/dialect.ts';
import { grantProbes, type GrantProbe } from '../sessions/dialect-grants.ts';
import { bootLook, logoutLook } from './switch-look-shell.ts';
import { clientWord } from './switch-script.ts';
import type { SwitchLogin } from './switch-host.ts';

/** Stands behind every look at a host, so that whoever reads a process list there knows what it is. */
export const lookMark = 'cutover-look';

/** The longest one login may take on its host, and the limit around one look, ms. */
const loginSeconds = 5;
export const lookLimitMs = 12_000;

const sourceNeeds = [
  'see replication',
  'see all sessions and transactions',
  'fence and promote: set read_only',
  'switch the event scheduler',
  'configure, start and stop replication',
  'configure replication, end sessions',
  'end sessions',
  'remove a replication link',
];
const targetNeeds = [
  'see all sessions and transactions',
  'configure replication, end sessions',
  'end sessions',
];

/** What a login is tried for: the servers of the host itself, or a target master that the second stage must hold. */
export type LoginGround = {
  readonly dialect: Dialect;
  readonly side: 'source' | 'target';
  /** Where the scheduler is off, nothing has to switch it on again. */
  readonly scheduler: boolean;
};

function probesOf({ dialect, side, scheduler }: LoginGround): readonly GrantProbe[] {
  const needs = side === 'source' ? sourceNeeds : targetNeeds;
  return grantProbes(dialect, 'target').filter(
    ({ need, onlyWithScheduler }) => needs.includes(need) && (onlyWithScheduler !== true || scheduler),
  );
}

const traits = ['version', 'server_uuid', 'server_id', 'port', 'datadir', 'pid_file', 'performance_schema'];

function statementsOf(ground: LoginGround): readonly string[] {
  return [
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${traits.map((name) => `'${name}'`).join(', ')})`,
    "SELECT 'account', CURRENT_USER()",
    ground.dialect.hasPersist
      ? "SELECT 'persisted', CONCAT('--', VARIABLE_NAME, '=', VARIABLE_VALUE) FROM performance_schema.persisted_variables WHERE VARIABLE_NAME LIKE '%read_only'"
      : 'SELECT 1',
    ...probesOf(ground).map(({ statement }) => statement),
  ];
}

/** The statement that reads what is persisted, by its line. */
const persistedLine = 3;

/**
 * One login by the host's own client: who answers there, as whom, and whether the rights suffice, each tried in a form
 * without effect. The rows of the probes stay on the host.
 */
export function loginArgv({ instance, words }: SwitchLogin, ground: LoginGround): readonly string[] {
  const said = statementsOf(ground)
    .map((statement) => quoteWord(statement))
    .join(' ');
  const client = words.map(clientWord).join(' ');
  const kept = [...traits, 'account', 'persisted'].join('|');
  const line = `printf '%s;\\n' ${said} | LC_ALL=C timeout -k 1 ${loginSeconds} ${client} --connect-timeout=3 -N -B -n -f | grep -E '^(${kept})[[:space:]]'`;
  return ['sh', '-c', line, lookMark, 'login', instance];
}

/** Reads what a login said; null: it did not get as far as saying who it is. */
export function parseLogin(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  ground: LoginGround,
): LoginSeen | null {
  const rows = stdout.split('\n').map((line) => line.split('\t'));
  const value = (name: string): string | null => rows.find(([first]) => first === name)?.[1] ?? null;
  const [version, account, serverId, port] = [
    value('version'),
    value('account'),
    value('server_id'),
    value('port'),
  ];
  if (version === null || account === null || serverId === null || port === null) return null;
  const errors = new Map(
    [...stderr.matchAll(/^ERROR (\d+) \(\w+\) at line (\d+): (.*)$/gm)].map(([, code, line, text]) => [
      Number(line),
      { code: Number(code), text: `${code}: ${text}` },
    ]),
  );
  const persistKnown =
    ground.dialect.hasPersist &&
    !errors.has(persistedLine) &&
    /^(1|ON)$/i.test(value('performance_schema') ?? '');
  return {
    account,
    version,
    serverUuid: value('server_uuid'),
    serverId: Number(serverId),
    port: Number(port),
    datadir: value('datadir') ?? '',
    pidFile: value('pid_file') ?? '',
    tried: probesOf(ground).map(({ need, fix, grantedErrors }, index) => {
      const error = errors.get(persistedLine + 1 + index);
      const denied = error !== undefined && !grantedErrors.includes(error.code);
      return { need, error: denied ? error.text : null, fix };
    }),
    persisted: persistKnown
      ? rows.flatMap(([first, text]) => (first === 'persisted' && text !== undefined ? [text] : []))
      : null,
  };
}

/** A text of several lines as one argument: no argument that is sent holds a line break. */
function evaluated(script: string): readonly string[] {
  const text = script.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return ['sh', '-c', `look=$(printf %b ${quoteWord(text)}) && eval "$look"`, lookMark];
}

/** Asks a server's own program what it would read when it starts again. Nothing but what speaks of read-only is told. */
export function bootArgv(
  instance: string,
  { pidFile, datadir }: Pick<LoginSeen, 'pidFile' | 'datadir'>,
  dropIn: string | undefined,
): readonly string[] {
  const folder = datadir.endsWith('/') ? datadir : `${datadir}/`;
  const file = pidFile.startsWith('/') ? pidFile : `${folder}${pidFile}`;
  return [...evaluated(bootLook), 'boot', instance, file, dropIn ?? ''];
}

/** Reads what a host said of a server's next start; null: it did not get to its end. */
export function parseBoot(stdout: string): BootSeen | null {
  const lines = stdout.split('\n').flatMap((line) => {
    const [, word, rest] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    return word === undefined ? [] : [[word, rest ?? ''] as const];
  });
  const all = (word: string): readonly string[] => lines.filter(([w]) => w === word).map(([, rest]) => rest);
  const [program] = all('program');
  if (program === undefined || all('end').length === 0) return null;
  const [unit, enabled] = all('service')[0]?.split(' ') ?? [];
  const [dropIn, reads] = [all('dropin')[0], all('reads')[0]];
  return {
    program,
    options: [...all('option'), ...all('given')].map((option) => option.trim()),
    given: all('given').map((option) => option.trim()),
    written: lines.flatMap(([word, rest]) =>
      word === 'here' ? [null] : word === 'written' ? [writtenOf(rest)] : [],
    ),
    unreadable: all('unreadable'),
    initFile: all('init')[0] ?? null,
    dropIn: dropIn === undefined ? null : dropIn === 'there',
    dropInRead: reads === undefined ? null : reads === 'yes',
    service: unit === undefined || unit === '' ? null : { unit, enabled: enabled ?? 'unknown' },
  };
}

/** `[mysqld] read_only = 0` as an option and its group. */
function writtenOf(line: string): WrittenOption {
  const [, group = '', text = ''] = /^\[([^\]]*)\] (.*)$/.exec(line) ?? [];
  return { group: group.trim(), text: text.trim() };
}

/** Asks a host whether what a login leaves behind lives on. */
export function logoutArgv(): readonly string[] {
  return [...evaluated(logoutLook), 'logout'];
}

/** Reads what a host said of logouts; null: it did not get to its end. */
export function parseLogout(stdout: string): LogoutSeen | null {
  const value = (word: string): string | null =>
    new RegExp(`^${word} (.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? null;
  const user = value('user');
  if (user === null || value('end') === null) return null;
  const kills = value('kills');
  return {
    user,
    session: value('session') === 'yes',
    kills: kills === 'yes' ? true : kills === 'no' ? false : null,
    excluded: (value('excluded') ?? '').split(' ').filter((name) => name !== ''),
    linger: value('linger') ?? 'unknown',
  };
}
