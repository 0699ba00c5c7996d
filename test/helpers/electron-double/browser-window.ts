import { EventEmitter } from 'node:events';
import { WebContents, preventable } from './web-contents.ts';
import type { WebPreferences } from './web-contents.ts';
import { state } from './state.ts';

/** All windows that are open, in the order of their making. */
export const windows: BrowserWindow[] = [];

/** A window: a page in Chromium, with the events that main listens to. */
export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  readonly options: Readonly<Record<string, unknown>>;
  /** What was asked of the window itself, in order. */
  readonly asked: string[] = [];
  #destroyed = false;

  constructor(options: Readonly<Record<string, unknown>> & { readonly webPreferences?: WebPreferences }) {
    super();
    if (!state.ready) throw new Error('Cannot create BrowserWindow before app is ready');
    const preferences = options.webPreferences ?? {};
    if (preferences['sandbox'] !== true || preferences['contextIsolation'] !== true)
      throw new Error('The double shows isolated windows in the sandbox only');
    this.options = options;
    this.webContents = new WebContents(preferences);
    this.webContents.on('destroyed', () => this.#closed());
    windows.push(this);
  }

  async loadURL(url: string): Promise<void> {
    await this.webContents.load(url);
    this.emit('ready-to-show');
  }

  /** What a person's click on the cross does. */
  close(): void {
    const event = preventable({});
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    this.webContents.close().catch(() => undefined);
    this.#closed();
  }

  #closed(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    windows.splice(windows.indexOf(this), 1);
    this.emit('closed');
    if (windows.length === 0) state.lastWindowClosed();
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
  isMinimized(): boolean {
    return this.asked.at(-1) === 'minimize';
  }
  show(): void {
    this.asked.push('show');
  }
  focus(): void {
    this.asked.push('focus');
  }
  minimize(): void {
    this.asked.push('minimize');
  }
  restore(): void {
    this.asked.push('restore');
  }
}
