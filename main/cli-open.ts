import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { resourceDirectory } from './compose.ts';

/** `open [PLAN]`: the same launcher as `npm start`: Electron where its binary is, the web shell elsewhere. */
export function open(plan: string | undefined): Promise<number> {
  const launcher = join(resourceDirectory(), 'dev', 'start.mjs');
  const child = spawn(process.execPath, [launcher, ...(plan === undefined ? [] : [plan])], {
    stdio: 'inherit',
  });
  // Signals reach the child by the terminal or from here; what they mean in a run is decided there.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((ended) => {
    child.on('error', (error) => {
      process.stderr.write(`The launcher ${launcher} could not be started: ${error.message}\n`);
      ended(1);
    });
    child.on('close', (code) => ended(code ?? 1));
  });
}
