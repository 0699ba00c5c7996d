import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseJump, parseSettings, settingsInText } from '../../main/adapters/ssh-aliases.ts';
import {
  commandLine,
  MarkedOutput,
  moveFileLine,
  putFileLine,
  refusalOf,
  removeFileLine,
} from '../../main/adapters/ssh-shell-words.ts';
import { quoteWord, statementWord } from '../../shared/lib/shell-words.ts';

describe('words for a shell', () => {
  test('and statements too, whatever quotes, dollars, backticks and exclamation marks are in them', () => {
    const special = fc.constantFrom("'", '"', '$', '`', '\\', '!', '$(id)', '${HOME}', ' ', '*', ';', '#');
    const text = fc.array(fc.oneof(special, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 12 });
    const statement = text.map((parts) => parts.join('')).filter((sql) => refusalOf([sql]) === null);
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 20 }), (statements) => {
        const script = `printf '%s\\0' ${statements.map(statementWord).join(' ')}`;
        const out = execFileSync('/bin/sh', ['-c', script]).toString('utf8');
        expect(out.split('\0').slice(0, -1)).toEqual(statements);
      }),
      { numRuns: 60 },
    );
  });

  test('come out of a real shell as they went in', () => {
    const word = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => refusalOf([text]) === null);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const script = `printf '%s\\0' ${words.map(quoteWord).join(' ')}`;
        const printed = execFileSync('/bin/sh', ['-c', script]).toString('utf8');
        expect(printed.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  test('are one line whatever they hold, and line breaks are refused', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (argv) => {
        if (refusalOf(argv) !== null) return;
        expect(commandLine(argv, 'end1').indexOf('\n')).toBe(commandLine(argv, 'end1').length - 1);
      }),
    );
    for (const bad of ['a\nb', 'a\rb', 'a\0b', '\udc00'])
      expect(refusalOf(['echo', bad])).toMatch(/argument 1/);
    expect(refusalOf([])).not.toBe(null);
  });
});

describe('a file put in place', () => {
  test("is found below the account's own home there when its path begins with ~/", () => {
    const home = mkdtempSync(join(tmpdir(), "it's a $(home) "));
    const env = { ...process.env, HOME: home };
    const path = "~/it's $(a) `file`.cnf";
    try {
      const put = execFileSync('/bin/sh', { input: putFileLine(path, 'read_only=1\n', 'end1'), env });
      expect(put.toString()).toMatch(/^[0-9a-f]{64} /);
      expect(readFileSync(join(home, path.slice(2)), 'utf8')).toBe('read_only=1\n');
      const moved = `${path}.moved`;
      execFileSync('/bin/sh', { input: moveFileLine(path, moved, 'end1'), env });
      expect(readdirSync(home)).toEqual([moved.slice(2)]);
      const again = execFileSync('/bin/sh', { input: moveFileLine(path, moved, 'end1'), env, stdio: 'pipe' });
      expect(again.toString()).toMatch(/^\nend1 1\n/);
      execFileSync('/bin/sh', { input: moveFileLine(moved, path, 'end1'), env });
      const removed = execFileSync('/bin/sh', { input: removeFileLine(path, 'end1'), env });
      expect(removed.toString()).toMatch(/^absent\n/);
      expect(readdirSync(home)).toEqual([]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

describe('output up to its mark', () => {
  test('is the same however the stream is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', 'end', 'end7f', ' ', '0'), maxLength: 30 });
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 0, max: 255 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (body, status, cuts) => {
          const mark = 'end7f3a';
          fc.pre(!body.includes(mark));
          const all = Buffer.from(`${body}\n${mark} ${status}\n`);
          const at = [...new Set([0, ...cuts.filter((cut) => cut < all.length), all.length])].sort(
            (a, b) => a - b,
          );
          const output = new MarkedOutput(mark, 1_000);
          at.slice(1).forEach((end, index) => output.push(all.subarray(at[index] ?? 0, end)));
          expect(output.end).toBe(String(status));
          expect(output.text).toBe(body);
        },
      ),
    );
  });

  test('is cut at the cap, and the mark is still seen', () => {
    const output = new MarkedOutput('end', 10);
    for (let n = 0; n < 100; n += 1) expect(output.push(Buffer.from('0123456789'))).toBe(false);
    expect(output.push(Buffer.from('\nend 0\n'))).toBe(true);
    expect(output.text).toBe('0123456789');
  });
});

describe('ssh_config', () => {
  test('ProxyJump entries are read with their own user and port', () => {
    const read = (entry: string): unknown => {
      const parsed = parseJump(entry, null);
      return parsed.ok ? [parsed.value.user, parsed.value.alias, parsed.value.port] : null;
    };
    expect(read('edge')).toEqual([undefined, 'edge', undefined]);
    expect(read('ops@edge:2201')).toEqual(['ops', 'edge', 2201]);
    expect(read('ssh://ops@edge:2201/')).toEqual(['ops', 'edge', 2201]);
    expect(read('ops@[2001:db8::1]:22')).toEqual(['ops', '2001:db8::1', 22]);
    for (const bad of ['-oProxyCommand=id', 'a b:', '', 'a@-x']) expect(read(bad), bad).toBe(null);
  });

  test('what ssh -G prints becomes settings, repeated ones in order', () => {
    const settings = parseSettings('hostname db\nidentityfile ~/.ssh/a\nidentityfile ~/.ssh/b c\n\n');
    expect(settings.get('hostname')).toEqual(['db']);
    expect(settings.get('identityfile')).toEqual(['~/.ssh/a', '~/.ssh/b c']);
  });

  test('without OpenSSH a plain file is read by the library, and what it cannot read is refused', () => {
    const query = { alias: 'db', configFile: null, user: 'ops' };
    const plain = settingsInText('Host db\n  HostName 192.0.2.7\n  Port 2201\n', query);
    expect(plain.ok && plain.value.get('hostname')).toEqual(['192.0.2.7']);
    expect(plain.ok && plain.value.get('user')).toEqual(['ops']);
    expect(settingsInText('Include other\nHost db\n', query).ok).toBe(false);
    expect(settingsInText('Match exec "touch /nowhere/x"\n User x\n', query).ok).toBe(false);
  });
});
