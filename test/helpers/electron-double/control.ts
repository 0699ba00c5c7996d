import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { BrowserWindow, windows } from './browser-window.ts';
import { debuggingUrl } from './chromium.ts';
import { state } from './state.ts';

/** What a test reads of main's doings. */
export type DoubleState = {
  readonly debuggingUrl: string | null;
  readonly sandboxed: boolean;
  readonly menu: unknown;
  readonly blockers: readonly { readonly kind: string; readonly on: boolean }[];
  readonly dialogs: readonly {
    readonly options: Readonly<Record<string, unknown>>;
    readonly response: number | null;
  }[];
  readonly windows: readonly {
    readonly preferences: Readonly<Record<string, unknown>>;
    readonly asked: readonly string[];
    readonly frames: readonly { readonly url: string; readonly top: boolean }[];
  }[];
};

/** What a test may do to main, as Electron would. */
export type Order =
  | { readonly kind: 'state' }
  | { readonly kind: 'close-window' }
  | { readonly kind: 'minimize' }
  | { readonly kind: 'answer-dialog'; readonly index: number; readonly response: number }
  | { readonly kind: 'permission'; readonly permission: string }
  /** An invoke as if that frame had a preload: what a taken-over page could send. */
  | {
      readonly kind: 'invoke';
      readonly window: number;
      /** Its place among the page's frames, -1 for one that is gone; or the address that a frame in the page shows. */
      readonly frame: number | string;
      readonly channel: string;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'second-window'; readonly url: string };

async function currentState(): Promise<DoubleState> {
  return {
    debuggingUrl: await debuggingUrl(),
    sandboxed: state.sandboxed,
    menu: state.menu === undefined ? 'default' : state.menu,
    blockers: state.blockers,
    dialogs: state.dialogs.map(({ options, response }) => ({ options, response })),
    windows: windows.map(({ webContents, asked }) => ({
      preferences: webContents.getLastWebPreferences(),
      asked,
      frames: webContents.frames().map(({ url, parent }) => ({ url, top: parent === null })),
    })),
  };
}

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'state':
      return currentState();
    case 'close-window':
      windows[0]?.close();
      return null;
    case 'minimize':
      windows[0]?.minimize();
      return null;
    case 'answer-dialog': {
      const dialog = state.dialogs[order.index];
      if (dialog === undefined || dialog.response !== null) throw new Error('No such dialog is open');
      dialog.response = order.response;
      dialog.answer(order.response);
      return null;
    }
    case 'permission': {
      const { request, check, device } = state.permissions;
      const requested = await new Promise<boolean>((resolve) =>
        request === null ? resolve(true) : request(null, order.permission, resolve),
      );
      return {
        requested,
        checked: check?.(null, order.permission) ?? true,
        device: device?.({ deviceType: order.permission }) ?? true,
      };
    }
    case 'invoke': {
      const page = windows[order.window]?.webContents;
      if (page === undefined) throw new Error('No such window');
      const frame =
        typeof order.frame === 'string'
          ? { id: 'a frame in the page', parent: page.mainFrame, url: order.frame }
          : (page.frames()[order.frame] ?? null);
      return page.invoke(frame, order.channel, order.args);
    }
    case 'second-window': {
      const preferences = windows[0]?.webContents.getLastWebPreferences() ?? {};
      await new BrowserWindow({ webPreferences: preferences }).loadURL(order.url);
      return null;
    }
  }
}

/** Listens for a test: one order a line, one answer a line. */
export function listenForTest(socketFile: string): void {
  createServer((socket) => {
    socket.on('error', () => {});
    const lines = createInterface(socket);
    lines.on('error', () => {});
    lines.on('line', (line) => {
      obey(JSON.parse(line) as Order).then(
        (value) => socket.write(`${JSON.stringify({ value })}\n`),
        (error: unknown) => socket.write(`${JSON.stringify({ error: String(error) })}\n`),
      );
    });
  })
    // A second instance finds the first one listening.
    .on('error', () => {})
    .listen(socketFile)
    .unref();
}
