import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { commandLine } from '../../../main/adapters/ssh-shell-words.ts';
import { fileLookOf, folderOf, thereArgv, writableArgv } from '../../../shared/steps/file-looks.ts';

const home = mkdtempSync(join(tmpdir(), 'file-looks-'));
mkdirSync(join(home, "it's a folder"));
writeFileSync(join(home, "it's a folder", 'fence.cnf'), '');
afterAll(() => rmSync(home, { recursive: true }));

/** The exit status that a real shell prints behind its mark. */
function statusOf(argv: readonly string[]): number {
  const options = { encoding: 'utf8', env: { ...process.env, HOME: home } } as const;
  const { stdout } = spawnSync('sh', ['-c', commandLine(argv, 'end-mark')], options);
  return Number(/end-mark (\d+)/.exec(stdout)?.[1]);
}

describe.each(['~', home])('what a real shell says of files below %s', (root) => {
  test.each([
    ["it's a folder/fence.cnf", 0, 0],
    ["it's a folder/other.cnf", 1, 0],
    ['nowhere/fence.cnf', 1, 1],
    ["it's a folder/fence.cnf/below a file", 1, 1],
  ])('%s', (path, there, writable) => {
    expect(statusOf(thereArgv(`${root}/${path}`))).toBe(there);
    expect(statusOf(writableArgv(`${root}/${path}`))).toBe(writable);
  });
});

test('a folder into which even root may not write', () => {
  expect(statusOf(thereArgv('/proc/1'))).toBe(0);
  expect(statusOf(writableArgv('/proc/1/target'))).toBe(1);
});

test('a look is known by its words', () => {
  expect(fileLookOf(thereArgv('/a/b'))).toEqual({ what: 'there', path: '/a/b' });
  expect(fileLookOf(writableArgv('/a/b'))).toEqual({ what: 'writable', path: folderOf('/a/b') });
  expect(fileLookOf(['sh', '-c', 'test -e "$1"', 'x', '/a/b'])).toBeNull();
});
