// Builds renderer, main and preload into dist/. `node resources/dev/build.mjs [renderer|main|preload …]`; default: all.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, nodeBinary, toolEnvironment } from './dependencies.mjs';
import { root } from './root.mjs';

/** What each part is made of, and the file that shows when it was last built. */
const parts = {
  renderer: { from: ['renderer', 'shared'], entry: 'renderer/index.html', made: 'dist/renderer/index.html' },
  main: { from: ['main', 'shared'], entry: 'main/cli.ts', made: 'dist/main/cli.js' },
  preload: { from: ['preload', 'shared'], entry: 'preload/index.ts', made: 'dist/preload/index.cjs' },
};

function newestIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  // The folder's own time counts too: it is what changes when a file is removed.
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestIn(join(path, name))),
    stat.mtimeMs,
  );
}

function isFresh(part) {
  const made = statSync(join(root, part.made), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = [...part.from, 'package-lock.json', 'resources/dev/vite'];
  return made > 0 && sources.every((source) => newestIn(join(root, source)) <= made);
}

/** Builds the named parts that are out of date; answers the names that failed. Prints on stderr only what went wrong. */
export function buildStale(names = Object.keys(parts)) {
  const failed = [];
  for (const name of names) {
    const part = parts[name];
    if (!existsSync(join(root, part.entry)) || isFresh(part)) continue;
    const args = ['build', '--config', `resources/dev/vite/${name}.config.ts`, '--logLevel', 'warn'];
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const built = spawnSync(nodeBinary, [vite, ...args], {
      cwd: root,
      env: toolEnvironment(),
      stdio: ['ignore', 2, 2],
    });
    if (built.status !== 0) failed.push(name);
  }
  return failed;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !(name in parts));
  if (unknown !== undefined) {
    console.error(`There is no part named ${unknown}; the parts are ${Object.keys(parts).join(', ')}.`);
    process.exit(1);
  }
  ensureDependencies();
  const failed = buildStale(names.length > 0 ? names : undefined);
  if (failed.length > 0) console.error(`Could not build: ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
