import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { CDPSession, Page } from 'playwright-core';
import { openChromium, ownUrl, serveFromProtocols, shownUrl } from './chromium.ts';
import { makeCodec } from './clone.ts';
import { windowScripts } from './page-side.ts';
import { state } from './state.ts';

export type WebPreferences = Readonly<Record<string, unknown>> & { readonly preload?: string };

/** A frame as main sees it. The same object for as long as the frame lives. */
export type WebFrame = { readonly id: string; readonly parent: WebFrame | null; url: string };

type OpenHandler = (details: { readonly url: string }) => { readonly action: 'allow' | 'deny' };

const { encode, decode } = makeCodec();
const world = 'Electron Isolated Context';
/** The pages that are a window's. */
const taken = new Set<Page>();

/** An event that a listener may prevent. */
export function preventable<T extends object>(
  details: T,
): T & {
  defaultPrevented: boolean;
  readonly preventDefault: () => void;
} {
  const event = {
    ...details,
    defaultPrevented: false,
    preventDefault: () => {
      event.defaultPrevented = true;
    },
  };
  return event;
}

/** One page in Chromium with the real preload in a world of its own, and IPC between that and ipcMain. */
export class WebContents extends EventEmitter {
  readonly #preferences: WebPreferences;
  readonly #frames = new Map<string, WebFrame>();
  readonly #contexts = new Map<number, string>();
  readonly #binding = `electron${randomUUID().slice(0, 8)}`;
  readonly #opening: Promise<Page>;
  #session: CDPSession | null = null;
  #destroyed = false;
  #openHandler: OpenHandler = () => ({ action: 'allow' });
  #expected = '';
  mainFrame: WebFrame | null = null;

  constructor(preferences: WebPreferences) {
    super();
    this.#preferences = preferences;
    this.#opening = this.#open();
    this.#opening.catch(() => undefined);
  }

  getLastWebPreferences(): WebPreferences {
    return this.#preferences;
  }
  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler;
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  frames(): readonly WebFrame[] {
    return [...this.#frames.values()];
  }

  async load(url: string): Promise<void> {
    const page = await this.#opening;
    this.#expected = shownUrl(url);
    await page.goto(this.#expected);
  }

  send(channel: string, value: unknown): void {
    const text = encode({ channel, value });
    for (const [context, frame] of this.#contexts)
      if (frame === this.mainFrame?.id) void this.#say(context, text);
  }

  async close(): Promise<void> {
    this.#destroyed = true;
    const page = await this.#opening;
    await page.close();
  }

  /** What ipcMain.handle's handler answers to an invoke from that frame. */
  async invoke(frame: WebFrame | null, channel: string, args: readonly unknown[]): Promise<unknown> {
    const handler = state.handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return handler({ sender: this, senderFrame: frame, frameId: 1, processId: 1 }, ...args);
  }

  async #open(): Promise<Page> {
    const preload = await readFile(this.#preferences.preload ?? '', 'utf8');
    const context = await openChromium();
    const unused = context.pages().find((page) => !taken.has(page));
    if (unused !== undefined) taken.add(unused);
    const page = unused ?? (await context.newPage());
    taken.add(page);
    page.on('popup', (popup) => void this.#popup(popup));
    page.on('close', () => {
      this.#destroyed = true;
      this.emit('destroyed');
    });
    const session = await context.newCDPSession(page);
    this.#session = session;
    this.#followFrames(session);
    await session.send('Page.enable');
    const { frameTree } = await session.send('Page.getFrameTree');
    this.mainFrame = { id: frameTree.frame.id, parent: null, url: frameTree.frame.url };
    this.#frames.set(this.mainFrame.id, this.mainFrame);
    await session.send('Runtime.enable');
    await session.send('Runtime.addBinding', { name: this.#binding, executionContextName: world });
    const scripts = windowScripts(preload, { secret: randomUUID(), binding: this.#binding });
    await session.send('Page.addScriptToEvaluateOnNewDocument', { source: scripts.page });
    await session.send('Page.addScriptToEvaluateOnNewDocument', {
      source: scripts.preload,
      worldName: world,
    });
    await serveFromProtocols(page, (request) => {
      const top = request.frame() === page.mainFrame();
      // What main loads itself, and a reload, are no navigation of the page's.
      if (top && (request.url() === this.#expected || request.url() === page.url())) return true;
      const event = preventable({ url: ownUrl(request.url()), isMainFrame: top });
      this.emit('will-frame-navigate', event);
      if (top) this.emit('will-navigate', event, event.url);
      return !event.defaultPrevented;
    });
    return page;
  }

  #followFrames(session: CDPSession): void {
    session.on('Page.frameAttached', ({ frameId, parentFrameId }) => {
      const parent = this.#frames.get(parentFrameId) ?? null;
      this.#frames.set(frameId, { id: frameId, parent, url: '' });
    });
    session.on('Page.frameNavigated', ({ frame }) => {
      const known = this.#frames.get(frame.id);
      if (known !== undefined) known.url = ownUrl(frame.url);
    });
    session.on('Page.frameDetached', ({ frameId }) => this.#frames.delete(frameId));
    session.on('Runtime.executionContextCreated', ({ context }) => {
      const { frameId } = (context.auxData ?? {}) as { readonly frameId?: string };
      if (context.name === world && frameId !== undefined) this.#contexts.set(context.id, frameId);
    });
    session.on('Runtime.executionContextDestroyed', ({ executionContextId }) =>
      this.#contexts.delete(executionContextId),
    );
    session.on('Runtime.executionContextsCleared', () => this.#contexts.clear());
    session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === this.#binding) void this.#asked(executionContextId, payload);
    });
  }

  async #asked(context: number, payload: string): Promise<void> {
    const { id, channel, args } = decode(payload) as { id: number; channel: string; args: unknown[] };
    const frame = this.#frames.get(this.#contexts.get(context) ?? '') ?? null;
    try {
      await this.#say(context, encode({ id, value: await this.invoke(frame, channel, args) }));
    } catch (error) {
      const why = `Error invoking remote method '${channel}': ${String(error)}`;
      await this.#say(context, encode({ id, error: why }));
    }
  }

  /** The page may be gone or between two documents: then nobody hears it, as in Electron. */
  async #say(contextId: number, text: string): Promise<void> {
    const expression = `globalThis[${JSON.stringify(`${this.#binding}Hear`)}](${JSON.stringify(text)})`;
    await this.#session?.send('Runtime.evaluate', { expression, contextId }).catch(() => undefined);
  }

  async #popup(popup: Page): Promise<void> {
    if (this.#openHandler({ url: ownUrl(popup.url()) }).action === 'deny') await popup.close();
  }
}
