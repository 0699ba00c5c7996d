import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseJump, parseSettings, settingsInText } from '../../main/adapters/ssh-aliases.ts';
import {
  commandLine,
  lookLine,
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

describe('a command that only looks', () => {
  /** What one shell says to such lines, with these folders alone on its path. */
  const said = (lines: readonly string[], shell: string, path: string): string =>
    spawnSync(shell, { input: lines.join(''), env: { PATH: path }, timeout: 20_000 }).stdout.toString();
  /** A folder with nothing of the system but these. */
  const pathWith = (tools: readonly string[], more: Readonly<Record<string, string>> = {}): string => {
    const folder = mkdtempSync(join(tmpdir(), 'look-'));
    for (const tool of tools) {
      const file = ['/usr/bin', '/bin'].map((each) => join(each, tool)).find((each) => existsSync(each));
      if (file === undefined) throw new Error(`this machine has no ${tool}`);
      symlinkSync(file, join(folder, tool));
    }
    for (const [name, text] of Object.entries(more)) writeFileSync(join(folder, name), text, { mode: 0o755 });
    return folder;
  };
  const old = '#!/bin/sh\n[ "$1" = -t ] && { shift 2; exec "$@"; }\necho usage >&2\nexit 1\n';

  test.each([
    ['with timeout', ['sh', 'sleep', 'true', 'cat', 'timeout'], {}],
    ['without timeout', ['sh', 'sleep', 'true', 'cat'], {}],
    ['with a timeout that is called otherwise', ['sh', 'sleep', 'true', 'cat'], { timeout: old }],
  ] as const)('%s: words, status and builtins are as ever, in dash and bash', (_, tools, more) => {
    const path = pathWith(tools, more);
    try {
      for (const shell of ['/bin/dash', '/bin/bash'].filter((each) => existsSync(each))) {
        const line = (...argv: string[]): string => lookLine(argv, 5_000, 'end1');
        expect(said([line('printf', '[%s]', 'it\'s $(id) "`x`" -n')], shell, path)).toBe(
          `[it's $(id) "\`x\`" -n]\nend1 0\n`,
        );
        expect(said([line('exit', '3'), line('no-such-command')], shell, path)).toBe(
          '\nend1 3\n\nend1 127\n',
        );
        expect(said([line('cat'), line('sh', '-c', 'exit 7')], shell, path)).toBe('\nend1 0\n\nend1 7\n');
      }
    } finally {
      rmSync(path, { recursive: true });
    }
  });

  test('ends what hangs, with all that it began, and the next line runs', () => {
    const path = pathWith(['sh', 'sleep', 'true', 'timeout']);
    try {
      // It does not listen when it is told to end, and has a child of its own in a pipe.
      const hangs = ['sh', '-c', "trap '' TERM; sleep 600 | sleep 600; sleep 600"];
      const text = said([lookLine(hangs, 800, 'end1'), lookLine(['true'], 800, 'end2')], '/bin/sh', path);
      expect(text).toMatch(/^\nend1 137\n\nend2 0\n$/);
    } finally {
      rmSync(path, { recursive: true });
    }
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
