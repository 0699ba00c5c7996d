// ESLint (import rules, house style) and Prettier (layout), side by side. `npm run format` mends layout.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './root.mjs';

function tool(file, ...args) {
  return new Promise((done) => {
    const run = spawn(process.execPath, [join(root, 'node_modules', file), ...args], { cwd: root });
    let output = '';
    run.stdout.on('data', (chunk) => (output += chunk));
    run.stderr.on('data', (chunk) => (output += chunk));
    run.on('close', (code) => {
      if (code !== 0) process.stdout.write(output);
      done(code === 0);
    });
  });
}

// No cache for ESLint: some rules look at the types of other files, so an unchanged file can have a new complaint.
const passed = await Promise.all([
  tool('eslint/bin/eslint.js', '--max-warnings', '0', '.'),
  tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '--cache', '.'),
]);
process.exitCode = passed.every(Boolean) ? 0 : 1;
