import { app } from 'electron';
import type { BrowserWindow } from 'electron';
import { join } from 'node:path';
import { createApi } from './api/handlers.ts';
import { resourceDirectory } from './compose.ts';
import { composeHelm } from './compose-helm.ts';
import type { Cockpit } from './engine/cockpit.ts';
import { createDispatcher } from './shells/dispatch.ts';
import { createWakefulness } from './shells/electron-awake.ts';
import { declareAppScheme, serveApp } from './shells/electron-protocol.ts';
import { openWindow } from './shells/electron-window.ts';
import { askToQuit, onQuit, whyStay } from './stop.ts';

/** How long the result of a run stays on the screen when its window was closed in the middle of it, ms. */
const resultShownMs = 5_000;

/** Sleep is blocked from the moment a night is armed until its run has ended. */
function stayAwake(cockpit: Cockpit): void {
  const awake = createWakefulness();
  cockpit.onChange(() => {
    const night = cockpit.night();
    awake(night !== null && night.run()?.phase !== 'ended');
  });
}

/** Answers how to ask for Abort on the way out: once all is thawed and the result was shown, `close` is called. */
function abortThenClose(cockpit: Cockpit, close: () => void): () => void {
  let leaving: string | null = null;
  cockpit.onChange(() => {
    const night = cockpit.night();
    const run = night?.run() ?? null;
    if (leaving === null || run?.id !== leaving || run.phase !== 'ended' || night?.measured() === null)
      return;
    leaving = null;
    setTimeout(() => {
      // Somebody who has begun anew in the meantime stays.
      if (cockpit.night()?.run()?.id === run.id) close();
    }, resultShownMs);
  });
  return () => {
    askToQuit(cockpit, 'the window was closed');
    leaving = cockpit.night()?.run()?.id ?? null;
  };
}

/** The plan named on the command line, past Electron's own arguments; otherwise the reference case in the simulator. */
function planFile(): string {
  const given = process.argv.slice(app.isPackaged ? 1 : 2).find((argument) => !argument.startsWith('-'));
  return given ?? join(resourceDirectory(), 'plans/reference.simulator.yaml');
}

let window: BrowserWindow | null = null;

async function start(): Promise<void> {
  const composed = await composeHelm(planFile());
  if (!composed.ok) {
    process.stderr.write(`${composed.error}\n`);
    app.exit(1);
    return;
  }
  const { cockpit, stop } = composed.value;
  const api = createApi(cockpit);
  const dist = join(resourceDirectory(), '../dist');
  serveApp(join(dist, 'renderer'));
  const leave = () => {
    api.stop();
    void stop().then(() => app.exit(0));
  };
  const listening = onQuit(cockpit, leave);
  stayAwake(cockpit);
  const abort = abortThenClose(cockpit, () => window?.close());
  window = await openWindow({
    dispatcher: createDispatcher(api.handlers, api.subscribe),
    preloadFile: join(dist, 'preload/index.cjs'),
    leaving: {
      why: () => whyStay(cockpit),
      abort,
    },
  });
  window.on('closed', () => {
    listening();
    leave();
  });
}

declareAppScheme();
// One cockpit on one machine: the second start shows the first one's window.
if (!app.requestSingleInstanceLock()) app.exit(0);
else {
  app.on('second-instance', () => {
    if (window?.isMinimized() === true) window.restore();
    window?.focus();
  });
  // Electron would end the process with its last window, in the middle of putting sessions and journals away.
  app.on('window-all-closed', () => {});
  app.enableSandbox();
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      app.exit(1);
    });
}
