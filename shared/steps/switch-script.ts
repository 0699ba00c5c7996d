import { quotePath, quoteWord } from '../lib/shell-words.ts';
import { lockAccountStatements } from '../sessions/dialect-effects.ts';
import { secondStageMs } from '../plan/switches.ts';
import { switchLife } from './switch-life-shell.ts';
import { switchPrelude } from './switch-shell.ts';
import { type HostSwitch, type SwitchChain, type SwitchLogin, type SwitchServer } from './switch-host.ts';

/** Before the data of a switch, on a line of its own: what a person, or the simulator's hosts, can read of it. */
export const dataMark = '# undo: ';

/**
 * The dead-man's switch of one host as a POSIX sh script. `arm` starts it detached; `watch` is what then runs; `claim`
 * takes its firing away and hears that it lives; `end` stands it down; `status` tells what it did. What it does is data of the host; how it does it is the same everywhere (switch-shell.ts).
 */
export function switchScript(of: HostSwitch): string {
  const servers = of.servers.map((server, index) => ({ n: index + 1, server }));
  const targets = of.targets.map((login, index) => ({ n: servers.length + index + 1, login }));
  const numbers = new Map([
    ...servers.map(({ n, server }) => [server.instance, n] as const),
    ...targets.map(({ n, login }) => [login.instance, n] as const),
  ]);
  const meets = [
    ...servers.map(({ n, server }) => meeting(n, server, server.fenceThread)),
    ...targets.map(({ n, login }) => meeting(n, login, login.threads[0] ?? 0)),
  ];
  return `${[
    '#!/bin/sh',
    `# Dead-man's switch of run ${of.runId} on ${of.host}: unless the run claims it, it opens again what the run closed here.`,
    `${dataMark}${JSON.stringify(of)}`,
    switchPrelude + switchLife,
    `deadline_s=${Math.ceil(of.deadlineMs / 1_000)}`,
    `second_s=${Math.ceil(secondStageMs / 1_000)}`,
    ...servers.flatMap(({ n, server }) => loginLines(n, server)),
    ...targets.flatMap(({ n, login }) => loginLines(n, login)),
    `meet_all() { ${['true', ...meets].join(' && ')}; }`,
    ...servers.flatMap(({ n, server }) => serverLines(n, server)),
    ...besideLines(of),
    `undo() {\n${[...servers.map(({ n, server }) => `  all ${jobs(n, server)} &`), '  all beside &', '  wait'].join('\n')}\n}`,
    ...of.chains.map((chain, index) => secondLines({ of, name: `second_${index + 1}`, numbers }, chain)),
    secondStage(of),
    'case ${1:-} in',
    'arm | watch | claim | end | status) "$@" ;;',
    '*)',
    '  echo "usage: $0 arm | claim | status | end undone | end passed" >&2',
    '  exit 64',
    '  ;;',
    'esac',
  ].join('\n')}\n`;
}

function meeting(
  n: number,
  { instance, threads }: SwitchLogin & { readonly threads: readonly number[] },
  must: number,
): string {
  return `meet ${n} ${quoteWord(instance)} '${threads.join(' ')}' ${must}`;
}

/** Arguments of a client: what stands behind an option may lie in the home of the account. */
export function clientWord(word: string): string {
  const [, option, file] = /^(--[a-z-]+=)(~\/.*)$/.exec(word) ?? [];
  return option === undefined || file === undefined ? quoteWord(word) : `${option}${quotePath(file)}`;
}

function loginLines(n: number, { words }: SwitchLogin): readonly string[] {
  const client = words.map(clientWord).join(' ');
  return [
    `sql_${n}() { timeout -k 1 $limit ${client} --connect-timeout=3 -B "$@" </dev/null 2>"$d/error.${n}"; }`,
    `keep_${n}() { ${client} --connect-timeout=3 -N -B -n; }`,
  ];
}

function jobs(n: number, { items }: SwitchServer): string {
  return items.map(({ kind }) => `${kind.replace('-', '_')}_${n}`).join(' ');
}

function serverLines(n: number, server: SwitchServer): readonly string[] {
  const name = quoteWord(server.instance);
  const link = ({ show, channel, statements }: NonNullable<SwitchServer['closeRing']>): string =>
    [show, channel, ...statements].map(quoteWord).join(' ');
  return [
    `thaw_${n}() { open_it ${n} ${name} '${server.threads.join(' ')}'; }`,
    `scheduler_on_${n}() { scheduler_on ${n} ${name}; }`,
    ...unlocking(n, server),
    server.removeReverse === null
      ? `: >/dev/null`
      : `remove_reverse_${n}() { link_off ${n} ${name} ${link(server.removeReverse)} && : >"$d/reverse-gone.${n}"; }`,
    server.closeRing === null
      ? `: >/dev/null`
      : `close_ring_${n}() { link_on ${n} ${name} ${link(server.closeRing)}; }`,
    `soften_${n}() {\n${[
      ...server.durable.statements.map((statement) => `  sql_${n} -e ${quoteWord(statement)} || return 1`),
      ...(server.durable.file === null ? [] : [`  rm -f -- ${quotePath(server.durable.file)} || return 1`]),
      `  say ${quoteWord(`${server.instance}: what made the fence durable is gone`)}`,
    ].join('\n')}\n}`,
  ].filter((line) => line !== ': >/dev/null');
}

/** Accounts that the run locked, in one session that does not log it. */
function unlocking(n: number, { instance, items }: SwitchServer): readonly string[] {
  const accounts = items.flatMap((item) => (item.kind === 'unlock-accounts' ? item.accounts : []));
  if (accounts.length === 0) return [];
  const statements = lockAccountStatements(accounts, false).join('; ');
  const told = quoteWord(`${instance}: ${accounts.join(', ')} unlocked`);
  return [`unlock_accounts_${n}() { sql_${n} -e ${quoteWord(statements)} && say ${told}; }`];
}

function besideLines({ commands, files }: HostSwitch): readonly string[] {
  const lines = [
    ...commands.flatMap((argv) => [
      `  timeout -k 1 60 ${argv.map(quoteWord).join(' ')} </dev/null >/dev/null 2>&1 || return 1`,
      `  say ${quoteWord(`ran ${argv.join(' ')}`)}`,
    ]),
    ...files.map((file) => `  rm -f -- ${quotePath(file)}`),
  ];
  return [`beside() {\n${[...lines, '  return 0'].join('\n')}\n}`];
}

/** Only with the lock of every target master of the chain, each seen read-only under it, are the sources opened. */
function secondLines(
  {
    of,
    name,
    numbers,
  }: { readonly of: HostSwitch; readonly name: string; readonly numbers: ReadonlyMap<string, number> },
  { chain, servers, targets }: SwitchChain,
): string {
  const numbered = (ids: readonly string[]): readonly (readonly [number, string])[] =>
    ids.map((id) => [numbers.get(id) ?? 0, quoteWord(id)]);
  const closed = `did left ${quoteWord(chain)}; say ${quoteWord(`${chain}: everything stays closed; a person has to look which side may open`)}`;
  if (targets.length === 0)
    return `${name}() {\n  say ${quoteWord(`${chain}: the plan names no way to its target masters`)}\n  ${closed}\n}`;
  const taken = numbered(targets).map(([n, id]) => `take ${n} ${id}`);
  const seen = numbered(targets).map(([n, id]) => `still_closed ${n} ${id}`);
  const own = numbered(servers);
  return [
    `${name}() {`,
    `  if ! { ${[...taken, ...seen].join(' && ')}; }; then`,
    `    ${closed}`,
    '    return 0',
    '  fi',
    `  say ${quoteWord(`${chain}: the run lock is kept on every target master, and each is read-only`)}`,
    ...own.map(([n, id]) => `  take ${n} ${id}`),
    // Looked at once more when the sources' own locks were taken, which may have needed a while.
    `  if ! { ${seen.join(' && ')}; }; then`,
    `    ${closed}`,
    '    return 0',
    '  fi',
    ...servers.flatMap((id) => {
      const [n, server] = [numbers.get(id) ?? 0, of.servers.find(({ instance }) => instance === id)];
      if (server === undefined) return [];
      return [`  all ${jobs(n, server)} soften_${n} &`, '  opening="$opening $!"'];
    }),
    '}',
  ].join('\n');
}

function secondStage({ chains }: HostSwitch): string {
  return [
    'second_stage() {',
    // As long as this file is there the locks are kept: a cockpit that wakes up late can neither open nor close anything.
    '  : >"$d/holding"',
    '  opening=',
    ...chains.map((_, index) => `  second_${index + 1}`),
    '  all beside',
    '  [ -z "$opening" ] || wait $opening',
    '  did over second',
    `  say "over; run locks are kept until $d/holding is removed"`,
    '  while [ -f "$d/holding" ]; do',
    '    beat',
    '    sleep 1',
    '  done',
    '}',
  ].join('\n');
}
