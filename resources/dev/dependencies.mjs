// Makes sure that what package-lock.json asks for is installed, and knows the Node that came with it.
// Plain JavaScript without a dependency: this must run on a fresh clone with whatever Node (>= 20) is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './root.mjs';

const node24 = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Says why an install is needed, or undefined when node_modules holds what the lockfile names. */
export function whyStale() {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (wanted === undefined || installed === undefined) return 'node_modules is not complete';
  for (const [path, entry] of Object.entries(wanted)) {
    // Packages for other platforms stand in the lockfile and are rightly absent here.
    if (path === '' || (entry.optional && installed[path] === undefined)) continue;
    if (installed[path]?.version !== entry.version) return `${path} is not the version in package-lock.json`;
  }
  return existsSync(node24) ? undefined : 'Node 24 is missing in node_modules';
}

/** Runs `npm ci` when it is needed. Everything it prints goes to stderr: stdout belongs to the command. */
export function ensureDependencies() {
  const why = whyStale();
  if (why === undefined) return;
  console.error(`Installing dependencies (${why}) …`);
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(join(root, 'node_modules')));
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  const still =
    install.status === 0
      ? whyStale()
      : `npm ci ended with ${install.status ?? install.signal ?? install.error?.message}`;
  if (still === undefined) return;
  console.error(`Dependencies could not be installed: ${still}.`);
  console.error(
    'Node 24 comes as a package with an install script: npm must be allowed to run it (no ignore-scripts).',
  );
  process.exit(1);
}

/** The Node binary of the lockfile: the one that every part of the product is run and tested with. */
export const nodeBinary = node24;

/** The environment in which `node` and the installed tools are the lockfile's, not the machine's. */
export function toolEnvironment(extra = {}) {
  const bins = [join(root, 'node_modules/node/bin'), join(root, 'node_modules/.bin')];
  return { ...process.env, PATH: [...bins, process.env.PATH ?? ''].join(delimiter), ...extra };
}
