// npm start: opens the cockpit on the reference case in the simulator. In Electron where its binary is on this machine,
// otherwise through the web shell in a browser. `npm start -- PLAN` opens another plan.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildStale } from './build.mjs';
import { ensureDependencies, nodeBinary, toolEnvironment } from './dependencies.mjs';
import { root } from './root.mjs';

/** The Electron executable, or undefined. Never by importing the package: that would start a download. */
function electronBinary() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const dist = override || join(root, 'node_modules/electron/dist');
  const pathFile = join(root, 'node_modules/electron/path.txt');
  const names = existsSync(pathFile) && !override ? [readFileSync(pathFile, 'utf8').trim()] : [];
  names.push('electron', 'electron.exe', 'Electron.app/Contents/MacOS/Electron');
  return names.map((name) => join(dist, name)).find((path) => existsSync(path));
}

/** Why a window of Electron cannot open here although its binary is there, or undefined. */
function whyNoWindow() {
  // Whoever names a binary knows what it needs.
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH || process.platform !== 'linux') return undefined;
  if (process.getuid() === 0) return 'as root it has no sandbox';
  return process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? undefined : 'there is no display';
}

function buildOrStop(...names) {
  const failed = buildStale(names);
  if (failed.length === 0) return;
  console.error(`The cockpit could not be built (${failed.join(', ')}).`);
  process.exit(1);
}

let child;

function run(program, args, ended) {
  child = spawn(program, args, { cwd: root, env: toolEnvironment(), stdio: 'inherit' });
  child.on('error', (error) => ended(127, undefined, error));
  child.on('close', (code, signal) => ended(code, signal));
}

function finish(code, signal, error) {
  if (error !== undefined) console.error(`Could not start the cockpit: ${error.message}`);
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
}

function startInBrowser(why) {
  console.log(
    `Electron is not available (${why}), so this is the web shell: open the URL below in a browser.`,
  );
  buildOrStop('renderer');
  run(nodeBinary, ['main/web.ts', plan], finish);
}

function startInElectron(binary) {
  buildOrStop('renderer', 'main', 'preload');
  let settled = false;
  run(binary, ['.', plan], (code, signal, error) => {
    if (settled) return;
    settled = true;
    // 127: the binary or one of its system libraries is missing, so nothing of the cockpit has run yet.
    if (code === 127) startInBrowser(error?.message ?? 'its binary does not start on this machine');
    else finish(code, signal);
  });
}

// Ctrl-C reaches the cockpit by itself; what it means in the middle of a run is the cockpit's decision.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child?.kill(signal));

ensureDependencies();
const given = process.argv[2];
const plan =
  given === undefined
    ? 'resources/plans/reference.simulator.yaml'
    : resolve(process.env.INIT_CWD ?? process.cwd(), given);
const binary = electronBinary();
const why = binary === undefined ? 'its binary is not on this machine' : whyNoWindow();
if (why === undefined) startInElectron(binary);
else startInBrowser(why);
