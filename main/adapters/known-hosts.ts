import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { askProgram } from './ask-program.ts';

/** One line of a known_hosts file that speaks of the host that was looked up. */
export type KnownKey = {
  readonly mark: 'known' | 'revoked' | 'cert-authority';
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
};

/** What the known hosts say of a key that a server has just shown. */
export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly why: string };

const lookupLimitMs = 3_000;
const maxFileBytes = 16 * 1024 * 1024;

/** The fingerprint as OpenSSH prints it: SHA256 in base64 without padding. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The name under which known_hosts files list a server: the bare host on port 22, `[host]:port` elsewhere. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The type a raw public key names itself (its first string, RFC 4253 6.6); empty when it is no key. */
export function keyTypeOf(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 64 || key.length < 4 + length ? '' : key.toString('latin1', 4, 4 + length);
}

/**
 * Judges the key a server showed by what the files know of it.
 * A host known by other keys only is `changed`, of whatever type: else an attacker would only have to offer a key type
 * that nobody has recorded yet.
 */
export function judgeHostKey(shown: Buffer, known: readonly KnownKey[]): HostKeyVerdict {
  const same = (entry: KnownKey): boolean => entry.key.equals(shown);
  const revoked = known.find((entry) => entry.mark === 'revoked' && same(entry));
  if (revoked !== undefined)
    return { kind: 'changed', why: `this key is marked @revoked in ${revoked.file}` };
  const keys = known.filter((entry) => entry.mark === 'known');
  if (keys.some(same)) return { kind: 'known' };
  if (keys.length === 0) return { kind: 'unknown' };
  const listed = [
    ...new Set(keys.map((entry) => `${fingerprintOf(entry.key)} (${entry.type}, ${entry.file})`)),
  ];
  return { kind: 'changed', why: `expected ${listed.join(' or ')}` };
}

/** Looks a host up in every file: by ssh-keygen, which reads them as OpenSSH does, and without it by the reader below. */
export async function lookUpHost(name: string, files: readonly string[]): Promise<readonly KnownKey[]> {
  const found: KnownKey[] = [];
  for (const file of [...new Set(files)]) {
    const text = await readKnownHosts(file);
    if (text === null) continue;
    const printed = await askSshKeygen(name, file);
    found.push(...(printed === null ? keysInText(text, { name, file }) : printedKeys(printed, file)));
  }
  return found;
}

async function readKnownHosts(file: string): Promise<string | null> {
  try {
    const text = await readFile(file);
    return text.length > maxFileBytes ? null : text.toString('utf8');
  } catch {
    // A file that is not there knows no host; a host that nobody knows is refused later.
    return null;
  }
}

/** The lines ssh-keygen prints for this host; null when ssh-keygen itself cannot be had or did not look. */
async function askSshKeygen(name: string, file: string): Promise<string | null> {
  const asked = await askProgram('ssh-keygen', ['-F', name, '-f', file], lookupLimitMs);
  // Status 1 is its answer for "not found"; anything else means that it did not look.
  return asked.kind === 'ended' && asked.status <= 1 ? asked.stdout : null;
}

function printedKeys(printed: string, file: string): readonly KnownKey[] {
  return printed.split('\n').flatMap((line) => parseLine(line, file)?.key ?? []);
}

/** The own reader: plain, wildcard, negated and hashed names, `@revoked` and `@cert-authority` (sshd(8), known_hosts). */
export function keysInText(
  text: string,
  host: { readonly name: string; readonly file: string },
): readonly KnownKey[] {
  return text.split('\n').flatMap((line) => {
    const parsed = parseLine(line, host.file);
    return parsed !== null && namesMatch(parsed.names, host.name) ? [parsed.key] : [];
  });
}

function parseLine(line: string, file: string): { readonly names: string; readonly key: KnownKey } | null {
  const words = line.trim().split(/[ \t]+/);
  if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return null;
  const marked = words[0].startsWith('@');
  const mark =
    words[0] === '@revoked' ? 'revoked' : words[0] === '@cert-authority' ? 'cert-authority' : 'known';
  if (marked && mark === 'known') return null;
  const [names, type, base64] = marked ? words.slice(1) : words;
  if (names === undefined || type === undefined || base64 === undefined) return null;
  const key = Buffer.from(base64, 'base64');
  // The type in the key itself is what the server proves; a line that contradicts itself knows nothing.
  return keyTypeOf(key) === type ? { names, key: { mark, type, key, file } } : null;
}

function namesMatch(names: string, host: string): boolean {
  if (names.startsWith('|')) return hashMatches(names, host);
  const patterns = names.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && wildcard(pattern.slice(1)).test(host)))
    return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && wildcard(pattern).test(host));
}

function hashMatches(names: string, host: string): boolean {
  const [, version, salt, hash] = names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const seen = createHmac('sha1', Buffer.from(salt, 'base64')).update(host).digest();
  return expected.length === seen.length && timingSafeEqual(expected, seen);
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`);
}

/** Adds one accepted key to the plan's own file, on disk before it answers. The file and its folder are the user's alone. */
export async function recordHostKey(file: string, name: string, key: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;
  const handle = await open(file, flags, 0o600);
  try {
    await handle.appendFile(`${name} ${keyTypeOf(key)} ${key.toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
