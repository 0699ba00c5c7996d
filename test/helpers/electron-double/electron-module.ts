// What `import … from 'electron'` gives in the double: exactly what main uses. Anything else fails when main is loaded.
import { EventEmitter } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { home, state } from './state.ts';
export { BrowserWindow } from './browser-window.ts';

/** The application: its start, its end, and one instance by a lock file in its home. */
class App extends EventEmitter {
  readonly isPackaged = false;
  readonly #ready = Promise.withResolvers<void>();

  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  /** Called by start.ts when main's own module has run. */
  becomeReady(): void {
    state.ready = true;
    this.#ready.resolve();
    this.emit('ready');
  }

  enableSandbox(): void {
    if (state.ready) throw new Error('app.enableSandbox() can only be called before app is ready');
    state.sandboxed = true;
  }

  requestSingleInstanceLock(): boolean {
    const lock = join(home, 'lock');
    const knocks = join(home, 'knocks');
    mkdirSync(knocks, { recursive: true });
    try {
      closeSync(openSync(lock, 'wx'));
    } catch {
      writeFileSync(join(knocks, String(process.pid)), process.argv.join('\n'));
      return false;
    }
    const heard = new Set<string>();
    watch(knocks, (_kind, name) => {
      // One knock is told more than once.
      if (name === null || heard.has(name)) return;
      const argv = readFileSync(join(knocks, name), 'utf8');
      if (argv === '') return;
      heard.add(name);
      this.emit('second-instance', {}, argv.split('\n'), process.cwd());
    }).unref();
    process.on('exit', () => rmSync(lock, { force: true }));
    return true;
  }

  exit(code = 0): void {
    state.end(code);
  }

  /** As Electron: without a listener, the last window takes the application with it. */
  lastWindowClosed(): void {
    if (!this.emit('window-all-closed')) this.exit(0);
  }
}

export const app = new App();
state.lastWindowClosed = () => app.lastWindowClosed();

export const ipcMain = {
  handle(channel: string, handler: (event: unknown, ...args: unknown[]) => unknown): void {
    if (state.handlers.has(channel))
      throw new Error(`Attempted to register a second handler for '${channel}'`);
    state.handlers.set(channel, handler);
  },
  removeHandler(channel: string): void {
    state.handlers.delete(channel);
  },
};

export const protocol = {
  registerSchemesAsPrivileged(
    schemes: readonly { readonly scheme: string; readonly privileges?: Readonly<Record<string, boolean>> }[],
  ): void {
    if (state.ready)
      throw new Error('protocol.registerSchemesAsPrivileged must be called before app is ready');
    for (const { scheme, privileges = {} } of schemes) state.schemes.set(scheme, privileges);
  },
  handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void {
    state.protocols.set(scheme, handler);
  },
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler: typeof state.permissions.request): void {
      state.permissions.request = handler;
    },
    setPermissionCheckHandler(handler: typeof state.permissions.check): void {
      state.permissions.check = handler;
    },
    setDevicePermissionHandler(handler: typeof state.permissions.device): void {
      state.permissions.device = handler;
    },
  },
};

export const powerSaveBlocker = {
  start(kind: string): number {
    state.blockers.push({ kind, on: true });
    return state.blockers.length - 1;
  },
  stop(id: number): void {
    const blocker = state.blockers[id];
    if (blocker !== undefined) blocker.on = false;
  },
  isStarted: (id: number): boolean => state.blockers[id]?.on === true,
};

export const dialog = {
  /** Stays open until a test answers it. */
  showMessageBox(
    _window: unknown,
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ response: number }> {
    return new Promise((resolve) => {
      state.dialogs.push({ options, response: null, answer: (response) => resolve({ response }) });
    });
  },
};

export const Menu = {
  setApplicationMenu(menu: unknown): void {
    state.menu = menu;
  },
};
