// Checks the types of every folder against that folder's own tsconfig, a few at a time, and prints only what is wrong.
// Used by `npm run types` and by the test launcher.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

const compiler = join(root, 'node_modules/typescript-7/bin/tsc');
// What was checked before and has not changed is not checked again; a fresh checkout checks all of it.
const cache = join(root, 'node_modules/.cache/types');
const projects = globSync('{,{shared,preload,renderer,main,test}/{,*/}}tsconfig.json', { cwd: root }).sort();

/** Runs one project; a folder that holds no file yet (TS18003) is no error. */
function check(project) {
  return new Promise((done) => {
    const known = join(cache, `${project.replaceAll(/[\\/]/g, '-')}.tsbuildinfo`);
    const args = [compiler, '-p', project, '--pretty', 'false', '--incremental', '--tsBuildInfoFile', known];
    const compile = spawn(process.execPath, args, { cwd: root });
    let output = '';
    compile.stdout.on('data', (chunk) => (output += chunk));
    compile.stderr.on('data', (chunk) => (output += chunk));
    compile.on('close', (code) => {
      const empty = output.includes('error TS18003');
      done({ project, ok: code === 0 || empty, output: empty ? '' : output });
    });
  });
}

const queue = [...projects];
const seen = new Set();
let failed = 0;

async function worker() {
  for (let project = queue.shift(); project !== undefined; project = queue.shift()) {
    const { ok, output } = await check(project);
    if (!ok) failed += 1;
    // A shared file is seen by several projects: say each complaint once.
    for (const line of output.split('\n')) {
      if (line === '' || seen.has(line)) continue;
      seen.add(line);
      console.log(line);
    }
    if (!ok && output.trim() === '')
      console.log(`${dirname(project)}: the compiler failed without a message`);
  }
}

await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
if (failed > 0) console.log(`types: ${failed} of ${projects.length} projects have errors`);
process.exitCode = failed > 0 ? 1 : 0;
