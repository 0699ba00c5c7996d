import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Credential } from '../../shared/plan/plan.ts';
import { askProgram } from './ask-program.ts';
import { decodeLoginFile, parseOptionFile } from './credential-files.ts';
import type { OptionGroups } from './credential-files.ts';
import { homePath } from './home-path.ts';

/** An account's name and password. Lives in memory only; never logged, never journaled. */
export type Account = { readonly user: string; readonly password: string };
export type ResolvedCredential =
  { readonly kind: 'ok'; readonly account: Account } | { readonly kind: 'refused'; readonly message: string };

/** Turns credential references of the plan into accounts. */
export type Credentials = {
  readonly resolve: (reference: Credential) => Promise<ResolvedCredential>;
  /** The account's name as far as the reference or an earlier resolve tells it, for statements that are shown. */
  readonly userOf: (reference: Credential) => string;
};

export type CredentialsOptions = {
  /** Folder of the plan file: option files with a relative path are looked up there. */
  readonly planFolder: string;
  /** Told every password before anybody else gets it, so that nothing that is written can hold it. */
  readonly redactor: { readonly register: (value: string) => void };
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where mysql_config_editor keeps its file; default: ~/.mylogin.cnf. */
  readonly loginFile?: string;
};

/** Credentials for one plan. Each reference is read once: a changed file is a new start of the cockpit. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const known = new Map<string, Promise<ResolvedCredential>>();
  const users = new Map<string, string>();
  const resolveOnce = async (reference: Credential, key: string): Promise<ResolvedCredential> => {
    const resolved = await read(reference, options);
    if (resolved.kind === 'refused') {
      // A refusal is not kept: the operator mends it and tries again.
      known.delete(key);
      return resolved;
    }
    if (resolved.account.password !== '') options.redactor.register(resolved.account.password);
    users.set(key, resolved.account.user);
    return resolved;
  };
  return {
    resolve: (reference) => {
      const key = JSON.stringify(reference);
      const present = known.get(key) ?? resolveOnce(reference, key);
      known.set(key, present);
      return present;
    },
    userOf: (reference) =>
      users.get(JSON.stringify(reference)) ?? ('user' in reference ? reference.user : nameOf(reference)),
  };
}

/** The reference in words, for refusals. */
function nameOf(reference: Credential): string {
  if ('loginPath' in reference) return `login path ${reference.loginPath}`;
  if ('optionFile' in reference) return `${reference.optionFile} [${reference.group ?? 'client'}]`;
  if ('environment' in reference) return `environment variable ${reference.environment}`;
  return `keychain entry ${reference.keychain}`;
}

function read(reference: Credential, options: CredentialsOptions): Promise<ResolvedCredential> {
  if ('loginPath' in reference) return readLoginPath(reference.loginPath, options);
  if ('optionFile' in reference) return readOptionFile(reference, options);
  if ('environment' in reference) return Promise.resolve(readEnvironment(reference, options));
  return readKeychain(reference);
}

function readEnvironment(
  reference: { readonly user: string; readonly environment: string },
  options: CredentialsOptions,
): ResolvedCredential {
  const password = (options.environment ?? process.env)[reference.environment];
  if (password !== undefined && password !== '')
    return { kind: 'ok', account: { user: reference.user, password } };
  return refused(
    `The environment variable ${reference.environment} with the password of ${reference.user} is not set. Set it and start the cockpit again.`,
  );
}

async function readLoginPath(name: string, options: CredentialsOptions): Promise<ResolvedCredential> {
  const path = options.loginFile ?? process.env['MYSQL_TEST_LOGIN_FILE'] ?? homePath('~/.mylogin.cnf');
  const bytes = await readPrivate(path, 'onlyOwner');
  if (typeof bytes === 'string')
    return refused(
      `The login path ${name} cannot be read: ${bytes} Make it with: mysql_config_editor set --login-path=${name} --user=… --password`,
    );
  const text = decodeLoginFile(bytes);
  if (text === null) return refused(`${path} is not a login file of mysql_config_editor.`);
  return accountIn(parseOptionFile(text), { group: name, where: path });
}

async function readOptionFile(
  reference: { readonly optionFile: string; readonly group?: string | undefined },
  options: CredentialsOptions,
): Promise<ResolvedCredential> {
  const home = homePath(reference.optionFile);
  const path = isAbsolute(home) ? home : join(options.planFolder, home);
  const bytes = await readPrivate(path, 'notForAll');
  if (typeof bytes === 'string') return refused(bytes);
  return accountIn(parseOptionFile(bytes.toString('utf8')), {
    group: reference.group ?? 'client',
    where: path,
  });
}

function accountIn(
  groups: OptionGroups,
  at: { readonly group: string; readonly where: string },
): ResolvedCredential {
  const group = groups.get(at.group);
  if (group === undefined)
    return refused(
      `${at.where} has no group [${at.group}]; it has ${[...groups.keys()].map((name) => `[${name}]`).join(', ') || 'none'}.`,
    );
  const user = group.get('user');
  const password = group.get('password') ?? '';
  if (user === undefined || user === '') return refused(`[${at.group}] of ${at.where} names no user.`);
  return { kind: 'ok', account: { user, password } };
}

/** Reads a file with a password; a text says why it may not be used. MySQL's own programs ignore such files silently. */
async function readPrivate(path: string, may: 'onlyOwner' | 'notForAll'): Promise<Buffer | string> {
  try {
    const { mode } = await stat(path);
    const open = may === 'onlyOwner' ? mode & 0o077 : mode & 0o007;
    if (process.platform !== 'win32' && open !== 0)
      return `${path} can be read by others than its owner; take that away with: chmod 600 ${path}`;
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'ENOENT' ? `${path} does not exist.` : `${path} cannot be read (${code}).`;
  }
}

const keychainLimitMs = 10_000;

async function readKeychain(reference: {
  readonly user: string;
  readonly keychain: string;
}): Promise<ResolvedCredential> {
  const { user, keychain } = reference;
  const tool = keychainTool(reference);
  if (tool === null)
    return refused(
      `There is no keychain on ${process.platform} that the cockpit knows; use a login path or an environment variable for ${user}.`,
    );
  const found = await run(tool.program, tool.argv);
  if (found.kind === 'absent')
    return refused(
      `${tool.program} is not installed, so the keychain entry ${keychain} cannot be read. Install it, or use a login path for ${user}.`,
    );
  if (found.kind === 'failed' || found.stdout === '')
    return refused(
      `The keychain has no entry ${keychain} for ${user}, or did not open. Put it in with: ${tool.store}`,
    );
  return { kind: 'ok', account: { user, password: found.stdout.replace(/\n$/, '') } };
}

function keychainTool({
  user,
  keychain,
}: {
  readonly user: string;
  readonly keychain: string;
}): { readonly program: string; readonly argv: readonly string[]; readonly store: string } | null {
  if (process.platform === 'linux') {
    return {
      program: 'secret-tool',
      argv: ['lookup', 'service', keychain, 'account', user],
      store: `secret-tool store --label=${keychain} service ${keychain} account ${user}`,
    };
  }
  if (process.platform === 'darwin') {
    return {
      program: 'security',
      argv: ['find-generic-password', '-s', keychain, '-a', user, '-w'],
      store: `security add-generic-password -s ${keychain} -a ${user} -w`,
    };
  }
  return null;
}

type ToolRun =
  | { readonly kind: 'done'; readonly stdout: string }
  | { readonly kind: 'failed' }
  | { readonly kind: 'absent' };

async function run(program: string, argv: readonly string[]): Promise<ToolRun> {
  const asked = await askProgram(program, argv, keychainLimitMs);
  if (asked.kind === 'absent') return { kind: 'absent' };
  return asked.kind === 'ended' && asked.status === 0
    ? { kind: 'done', stdout: asked.stdout }
    : { kind: 'failed' };
}

function refused(message: string): ResolvedCredential {
  return { kind: 'refused', message };
}
