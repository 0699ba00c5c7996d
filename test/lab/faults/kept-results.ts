import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Results that outlive the program, so that a night that was interrupted goes on where it stood: for one commit alone. */

export type Result = {
  readonly passed: boolean;
  readonly ms: number;
  /** What was seen, or why it failed. */
  readonly text: string;
  readonly acknowledged?: number;
};

export type Kept = {
  readonly commit: string;
  readonly results: Readonly<Record<string, Result>>;
};

export type Results = {
  readonly kept: () => Kept;
  readonly record: (name: string, result: Result) => void;
};

const root = join(import.meta.dirname, '../../..');

/** The commit that is tested; with changes that are not committed, it says so. */
export function testedCommit(): string {
  const git = (...words: readonly string[]): string =>
    execFileSync('git', words, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', 'HEAD')}${changed ? ' and changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** Where the results of a night are kept, one file a suite. */
export const resultsFile = (suite: string): string =>
  join(process.env['NIGHT_STATE'] ?? join(root, 'node_modules/.cache/night'), `${suite}.json`);

/** Opens the results of a suite; those of another commit are not taken over. */
export function openResults(file: string, commit: string): Results {
  let kept: Kept = { commit, results: {} };
  if (existsSync(file)) {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Kept;
    if (found.commit === commit) kept = found;
  }
  return {
    kept: () => kept,
    record: (name, result) => {
      kept = { commit, results: { ...kept.results, [name]: result } };
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 1)}\n`);
      renameSync(`${file}.new`, file);
    },
  };
}
