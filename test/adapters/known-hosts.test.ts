import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  fingerprintOf,
  judgeHostKey,
  keysInText,
  knownHostsName,
  lookUpHost,
} from '../../main/adapters/known-hosts.ts';

const folder = mkdtempSync(join(tmpdir(), 'cutover-known-hosts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A well-formed ed25519 public key of random bytes, as a server shows it. */
const makeKey = (bytes: Uint8Array): Buffer => {
  const type = Buffer.from('ssh-ed25519');
  const length = (value: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(value.length);
    return Buffer.concat([head, value]);
  };
  return Buffer.concat([length(type), length(Buffer.from(bytes))]);
};
const line = (names: string, key: Buffer, mark = ''): string =>
  `${mark}${names} ssh-ed25519 ${key.toString('base64')}`;
const hashed = (name: string): string => {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};
const [key, other] = [makeKey(randomBytes(32)), makeKey(randomBytes(32))];

describe('the verdict on a key', () => {
  const verdict = (text: string, shown = key): string =>
    judgeHostKey(shown, keysInText(text, { name: '[db]:2222', file: 'f' })).kind;

  test('is known by plain, listed, wildcard and hashed names', () => {
    for (const names of ['[db]:2222', 'x,[db]:2222', '[*]:2222', '[d?]:2222', hashed('[db]:2222')])
      expect(verdict(line(names, key)), names).toBe('known');
  });

  test('is unknown when no line speaks of this host and port', () => {
    for (const names of ['db', '[db]:22', '[dbx]:2222', hashed('db'), '[*]:2222,![db]:2222'])
      expect(verdict(line(names, key)), names).toBe('unknown');
    expect(verdict(line('[db]:2222', key, '@cert-authority '))).toBe('unknown');
    expect(
      verdict(`# ${line('[db]:2222', key)}\n\n[db]:2222 ssh-rsa ${key.toString('base64')}\n[db]:2222`),
    ).toBe('unknown');
  });

  test('is changed for any other key, and for a revoked one wherever else it is known', () => {
    expect(verdict(line('[db]:2222', other))).toBe('changed');
    expect(verdict(`${line('[db]:2222', key)}\n${line('*', key, '@revoked ')}`)).toBe('changed');
    expect(verdict(`${line('[db]:2222', key)}\n${line('*', other, '@revoked ')}`)).toBe('known');
    expect(verdict(`${line('[db]:2222', other)}\n${line('[db]:2222', key)}`)).toBe('known');
  });

  test('names a port only when it is not 22', () => {
    expect(knownHostsName('DB.example', 22)).toBe('db.example');
    expect(knownHostsName('db.example', 2222)).toBe('[db.example]:2222');
  });
});

describe('the own reader', () => {
  test('finds what ssh-keygen finds', async () => {
    const file = join(folder, 'known_hosts');
    const name = fc.constantFrom(
      'db',
      '[db]:2222',
      'web.example',
      '*.example',
      '!web.example',
      '[*]:2222',
      '192.0.2.7',
    );
    const entry = fc.record({
      names: fc.oneof(
        fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join(',')),
        fc.constantFrom('db', '[db]:2222').map(hashed),
      ),
      mark: fc.constantFrom('', '', '', '@revoked ', '@cert-authority '),
      key: fc.constantFrom(key, other),
    });
    const asked = fc.constantFrom('db', '[db]:2222', 'web.example', 'a.example', '192.0.2.7');
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), asked, async (entries, host) => {
        const text = entries.map((each) => line(each.names, each.key, each.mark)).join('\n') + '\n';
        writeFileSync(file, text);
        expect(await lookUpHost(host, [file])).toEqual(keysInText(text, { name: host, file }));
      }),
      { numRuns: 60 },
    );
  });

  test('a file that is not there knows nobody', async () => {
    expect(await lookUpHost('db', [join(folder, 'nowhere')])).toEqual([]);
  });

  test('the fingerprint is the one OpenSSH prints', () => {
    const file = join(folder, 'k');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    const blob = Buffer.from(readFileSync(`${file}.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
    expect(execFileSync('ssh-keygen', ['-lf', `${file}.pub`]).toString()).toContain(
      ` ${fingerprintOf(blob)} `,
    );
  });
});
