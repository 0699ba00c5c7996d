import { fileURLToPath } from 'node:url';
import { createApi } from './api/handlers.ts';
import { resourceDirectory } from './compose.ts';
import { composeHelm } from './compose-helm.ts';
import { createDispatcher } from './shells/dispatch.ts';
import { whyNoScreen } from './shells/renderer-files.ts';
import { startWebShell } from './shells/web-server.ts';
import { onQuit } from './stop.ts';

/** Serves the cockpit to browsers on this machine until it is told to stop. Prints one line with the URL. */
export async function serve(file: string | null, options: { readonly port?: number }): Promise<number> {
  const rendererDirectory = `${resourceDirectory()}/../dist/renderer`;
  // Before anything is opened: a cockpit that nobody sees would only hold sessions.
  const unbuilt = await whyNoScreen(rendererDirectory);
  if (unbuilt !== null) {
    process.stderr.write(`${unbuilt}\n`);
    return 1;
  }
  const composed = await composeHelm(file ?? `${resourceDirectory()}/plans/reference.simulator.yaml`);
  if (!composed.ok) {
    process.stderr.write(`${composed.error}\n`);
    return 1;
  }
  const { cockpit, stop } = composed.value;
  const api = createApi(cockpit);
  const shell = await startWebShell({
    dispatcher: createDispatcher(api.handlers, api.subscribe),
    rendererDirectory,
    onAudience: api.audience,
    ...options,
  }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (typeof shell === 'string') {
    process.stderr.write(`${shell}\n`);
    api.stop();
    await stop();
    return 1;
  }
  process.stdout.write(`Cockpit: ${shell.url}\nObservers: ${shell.observerUrl}\n`);
  return new Promise((ended) => {
    onQuit(cockpit, () => {
      api.stop();
      void Promise.all([shell.close(), stop()]).then(() => ended(0));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await serve(process.argv[2] ?? null, {});
