// node resources/dev/run.mjs FILE [arguments]: runs one of the repository's programs with Node 24, installing first if needed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, nodeBinary, toolEnvironment } from './dependencies.mjs';
import { root } from './root.mjs';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node resources/dev/run.mjs FILE [arguments]');
  process.exit(1);
}
ensureDependencies();

// npm changes into the package's folder; file names on the command line are meant from where the user stands.
const child = spawn(nodeBinary, [join(root, file), ...rest], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env: toolEnvironment(),
  stdio: 'inherit',
});

// Ctrl-C reaches the program by itself (same terminal group): what it means there is the program's decision, so this
// launcher only waits. Other signals come to this process alone and are passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

child.on('error', (error) => {
  console.error(`Could not start ${file}: ${error.message}`);
  process.exitCode = 1;
});
child.on('close', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
