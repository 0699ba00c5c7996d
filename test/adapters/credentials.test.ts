import { createCipheriv, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeLoginFile, parseOptionFile } from '../../main/adapters/credential-files.ts';
import { createCredentials } from '../../main/adapters/credentials.ts';

/** Writes what mysql_config_editor writes. */
function loginFile(text: string): Buffer {
  const seed = randomBytes(20);
  const key = Buffer.alloc(16);
  for (const [index, byte] of seed.entries()) key.writeUInt8(key.readUInt8(index % 16) ^ byte, index % 16);
  const records = text.split(/(?<=\n)/).map((line) => {
    const cipher = createCipheriv('aes-128-ecb', key, null);
    const body = Buffer.concat([cipher.update(line, 'utf8'), cipher.final()]);
    const length = Buffer.alloc(4);
    length.writeInt32LE(body.length);
    return Buffer.concat([length, body]);
  });
  return Buffer.concat([Buffer.alloc(4), seed, ...records]);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cred-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
  return path;
}
function credentials(
  extra: { readonly environment?: Readonly<Record<string, string>>; readonly loginFile?: string } = {},
): { readonly made: ReturnType<typeof createCredentials>; readonly told: string[] } {
  const told: string[] = [];
  return {
    made: createCredentials({
      planFolder: folder,
      redactor: { register: (value) => told.push(value) },
      ...extra,
    }),
    told,
  };
}

describe('the login file', () => {
  test('is decoded line by line, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 8 }),
        (lines) => {
          const text = lines.map((line) => `${line.replaceAll('\n', ' ')}\n`).join('');
          expect(decodeLoginFile(loginFile(text))).toBe(text);
        },
      ),
    );
  });

  test('anything else is told apart, never half read', () => {
    expect(decodeLoginFile(Buffer.from('[client]\nuser=x\n'))).toBeNull();
    const cut = loginFile('[orders]\nuser = "op"\n').subarray(0, -3);
    expect(decodeLoginFile(cut)).toBeNull();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeLoginFile(bytes)));
  });

  test('gives the account of a login path and tells the redactor', async () => {
    const path = file('login', loginFile('[orders]\nuser = "op"\npassword = "p#a\\"ss word"\nhost = "x"\n'));
    const { made, told } = credentials({ loginFile: path });
    expect(await made.resolve({ loginPath: 'orders' })).toEqual({
      kind: 'ok',
      account: { user: 'op', password: 'p#a"ss word' },
    });
    expect(told).toEqual(['p#a"ss word']);
    expect(made.userOf({ loginPath: 'orders' })).toBe('op');
    expect(await made.resolve({ loginPath: 'other' })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('[orders]'),
    });
  });

  test('that others can read is refused, a missing one names the command that makes it', async () => {
    expect(
      await credentials({ loginFile: file('open', loginFile('[a]\nuser=b\n'), 0o644) }).made.resolve({
        loginPath: 'a',
      }),
    ).toMatchObject({ kind: 'refused', message: expect.stringContaining('chmod 600') });
    expect(
      await credentials({ loginFile: join(folder, 'none') }).made.resolve({ loginPath: 'a' }),
    ).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('mysql_config_editor set --login-path=a'),
    });
  });
});

describe('option files', () => {
  test('groups, quotes, comments and escapes', () => {
    const groups = parseOptionFile(
      '# c\n[client]\nuser = op # who\npassword="a#b\\\\c"\n[other]\nssl_ca=/x\nskip-x\n',
    );
    expect(groups.get('client')?.get('user')).toBe('op');
    expect(groups.get('client')?.get('password')).toBe('a#b\\c');
    expect(groups.get('other')?.get('ssl-ca')).toBe('/x');
    expect(groups.get('other')?.has('skip-x')).toBe(true);
  });

  test('are looked up beside the plan; default group client', async () => {
    file('op.cnf', '[client]\nuser=op\npassword=secret-x\n');
    const { made, told } = credentials();
    expect(await made.resolve({ optionFile: 'op.cnf' })).toMatchObject({
      kind: 'ok',
      account: { user: 'op' },
    });
    expect(told).toEqual(['secret-x']);
    expect(await made.resolve({ optionFile: 'op.cnf', group: 'none' })).toMatchObject({ kind: 'refused' });
    file('all.cnf', '[client]\nuser=op\npassword=x\n', 0o644);
    expect(await made.resolve({ optionFile: 'all.cnf' })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('chmod 600'),
    });
  });
});

test('environment: a missing variable is named; once set, a second try finds it', async () => {
  const environment: Record<string, string> = {};
  const { made, told } = credentials({ environment });
  const reference = { user: 'op', environment: 'OP_PASSWORD' };
  expect(await made.resolve(reference)).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('OP_PASSWORD'),
  });
  environment['OP_PASSWORD'] = 'later';
  expect(await made.resolve(reference)).toEqual({ kind: 'ok', account: { user: 'op', password: 'later' } });
  expect(told).toEqual(['later']);
});

test('keychain: without an entry or a tool it says what to do', async () => {
  // Other systems have other keychains, whose own windows a test must not open.
  if (process.platform !== 'linux') return;
  const answer = await credentials().made.resolve({ user: 'op', keychain: 'cutover-no-such-entry' });
  expect(answer).toMatchObject({ kind: 'refused' });
  expect(JSON.stringify(answer)).toMatch(/secret-tool/);
});
