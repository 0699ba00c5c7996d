import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';

type Line = { readonly name: string; readonly caught: boolean };

/** Runs the program that loads the product with one defect after the other, and reads what it prints. */
function mutants(): Promise<{ readonly lines: readonly Line[]; readonly complaints: string }> {
  const child = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, 'mutants.ts')]);
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () =>
      resolve({
        lines: output
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Line),
        complaints,
      }),
    );
  });
}

test('every defect that is put into the product on purpose breaks a rule', { timeout: 300_000 }, async () => {
  const { lines, complaints } = await mutants();
  expect(complaints).toBe('');
  expect(lines.filter(({ caught }) => !caught)).toEqual([]);
  expect(lines.map(({ name }) => name)).toEqual(mutations.map(({ name }) => name));
});
