import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine } from '../../../main/adapters/ssh-shell-words.ts';
import { mirrorCheckArgv } from '../../../shared/steps/mirror-check.ts';
import { mirrorFolderArgv } from '../../../shared/steps/mirror-folder.ts';
import { mirrorRunsArgv, parseMirrorRuns } from '../../../shared/steps/mirror-runs.ts';

let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'cockpit-mirror-'));
  mkdirSync(join(home, "it's a mirror"));
  writeFileSync(join(home, "it's a mirror", 'r-1.epoch'), '1\n');
  writeFileSync(join(home, "it's a mirror", 'r-1.jsonl'), '{}\n');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What a host's own shell makes of it; one that goes round for ever is ended. */
const said = (argv: readonly string[]) => {
  const { status, stdout, stderr, signal } = spawnSync('sh', ['-c', commandLine(argv, 'mark')], {
    cwd: '/',
    env: { ...process.env, HOME: home },
    encoding: 'utf8',
    timeout: 5_000,
  });
  return { status, stdout, stderr, signal };
};

describe('looks at the host of the mirror', () => {
  test.each(["~/it's a mirror", '~/not/made/yet', '/tmp'])('%s can be written to', (directory) => {
    const { stdout, stderr, signal } = said(mirrorCheckArgv(directory));
    expect({ stderr: stderr.includes('cannot be written to'), signal }).toEqual({
      stderr: false,
      signal: null,
    });
    expect(stdout).toMatch(/^\d+\n/);
  });

  test('a directory below a file is named, and one that is no full path ends the look as well', () => {
    writeFileSync(join(home, 'file'), '');
    expect(said(mirrorCheckArgv('~/file/below')).stderr).toContain(`${home}/file cannot be written to`);
    const relative = said(mirrorCheckArgv('not/a/full/path'));
    expect(relative.signal).toBe(null);
    expect(relative.stderr).toContain('not is no full path');
  });

  test('the folder is made under the home of whoever logs in, and again without harm', () => {
    for (let times = 0; times < 2; times += 1)
      expect(said(mirrorFolderArgv("~/a mirror/it's new/r-1.jsonl"))).toMatchObject({
        status: 0,
        signal: null,
      });
    expect(readdirSync(join(home, 'a mirror'))).toEqual(["it's new"]);
  });

  test('runs under the home of whoever logs in are found', () => {
    expect(parseMirrorRuns(said(mirrorRunsArgv("~/it's a mirror")).stdout)).toEqual(['r-1']);
    expect(parseMirrorRuns(said(mirrorRunsArgv('~/nothing')).stdout)).toEqual([]);
  });
});
