import { BrowserWindow, Menu, dialog, session } from 'electron';
import type { Dispatcher } from './dispatch.ts';
import { connectIpc } from './electron-ipc.ts';
import { appOrigin } from './electron-protocol.ts';

/** What leaving would mean now, as main/stop.ts says it. */
export type Leaving = {
  /** Null: nothing runs, the window may close. Otherwise why not at once. */
  readonly why: () => { readonly kind: 'would-abort' | 'refused'; readonly text: string } | null;
  /** Asks for Abort; the window stays until everything is taken back and the result was shown. */
  readonly abort: () => void;
};

export type WindowOptions = {
  readonly dispatcher: Dispatcher;
  readonly preloadFile: string;
  readonly leaving: Leaving;
};

/** Exactly these; the end-to-end suite reads them back from the running window. */
export const webPreferences = {
  contextIsolation: true,
  sandbox: true,
  webSecurity: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webviewTag: false,
  experimentalFeatures: false,
  allowRunningInsecureContent: false,
  // A window in the background must show the minute as it is when somebody looks.
  backgroundThrottling: false,
} as const;

/** Nothing the page could ask of the system is granted, and nothing it is asked about either. */
function denyPermissions(): void {
  session.defaultSession.setPermissionRequestHandler((_page, permission, answer) =>
    answer(permission === 'clipboard-sanitized-write'),
  );
  session.defaultSession.setPermissionCheckHandler(
    (_page, permission) => permission === 'clipboard-sanitized-write',
  );
  session.defaultSession.setDevicePermissionHandler(() => false);
}

/** The page stays the page: no navigation, no second window, no frame. */
function stayHere(window: BrowserWindow): void {
  const page = window.webContents;
  page.on('will-navigate', (event) => event.preventDefault());
  page.on('will-redirect', (event) => event.preventDefault());
  page.on('will-frame-navigate', (event) => event.preventDefault());
  page.on('will-attach-webview', (event) => event.preventDefault());
  page.setWindowOpenHandler(() => ({ action: 'deny' }));
  // The page's own beforeunload is for browser tabs; here the close handler below has asked already.
  page.on('will-prevent-unload', (event) => event.preventDefault());
}

/** Before the point of no return closing means Abort, asked once; after it, it is refused with the reason. */
function guardClose(window: BrowserWindow, leaving: Leaving): void {
  let asked = false;
  window.on('close', (event) => {
    const reason = leaving.why();
    if (reason === null) return;
    event.preventDefault();
    if (reason.kind === 'refused') {
      dialog
        .showMessageBox(window, {
          type: 'warning',
          message: 'The cockpit cannot be left now',
          detail: reason.text,
          buttons: ['Stay'],
        })
        .catch(() => {});
      return;
    }
    if (asked) return;
    asked = true;
    dialog
      .showMessageBox(window, {
        type: 'question',
        message: 'Abort the run?',
        detail: reason.text,
        buttons: ['Stay', 'Abort and thaw'],
        defaultId: 0,
        cancelId: 0,
      })
      .then(({ response }) => {
        if (response === 1) leaving.abort();
      })
      .catch(() => {})
      .finally(() => {
        asked = false;
      });
  });
}

/** The one window of the product: its page alone, and not left by accident. */
export async function openWindow(options: WindowOptions): Promise<BrowserWindow> {
  denyPermissions();
  // No menu: its default entries reload, zoom and open tools with single keys in the middle of the minute.
  Menu.setApplicationMenu(null);
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1280,
    minHeight: 800,
    show: false,
    backgroundColor: '#0d1117',
    title: 'Cutover cockpit',
    webPreferences: { ...webPreferences, preload: options.preloadFile },
  });
  stayHere(window);
  guardClose(window, options.leaving);
  const disconnect = connectIpc(window.webContents, options.dispatcher);
  window.on('closed', disconnect);
  window.once('ready-to-show', () => window.show());
  await window.loadURL(`${appOrigin}/`);
  return window;
}
