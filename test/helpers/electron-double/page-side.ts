// What runs inside Chromium. Each function is self-contained: its source is put into the page as text.
import { makeCodec } from './clone.ts';
import type { Codec } from './clone.ts';

type Message =
  | { readonly kind: 'hello' }
  | { readonly kind: 'expose'; readonly key: string; readonly api: unknown }
  | { readonly kind: 'call'; readonly id: number; readonly args: unknown }
  | { readonly kind: 'return' | 'threw'; readonly value: unknown }
  | { readonly kind: 'settled'; readonly id: number; readonly ok: boolean; readonly value: unknown };

type World = {
  readonly tell: (message: Message) => void;
  readonly lower: (value: unknown) => unknown;
  readonly raise: (value: unknown) => unknown;
  /** What is neither a call nor an answer. */
  readonly heard: (call: (message: Message) => void) => void;
};

/**
 * One end of the bridge between the page's world and the preload's: as in Electron, values are cloned, functions and
 * promises are stood in for, and a call answers at once. Two events of the window carry it, whose names are secret.
 */
function joinWorlds(names: { readonly hears: string; readonly tells: string }): World {
  const functions = new Map<number, (...args: unknown[]) => unknown>();
  const promises = new Map<number, { resolve: (value: unknown) => void; reject: (why: unknown) => void }>();
  const target = window;
  let ids = 0;
  let answer: { readonly kind: 'return' | 'threw'; readonly value: unknown } | null = null;
  let other: (message: Message) => void = () => {};
  const tell = (message: Message): void => {
    target.dispatchEvent(new CustomEvent(names.tells, { detail: message }));
  };
  const lower = (value: unknown): unknown => {
    if (typeof value === 'function') {
      functions.set((ids += 1), value as (...args: unknown[]) => unknown);
      return { $function: ids };
    }
    if (value instanceof Promise) {
      const id = (ids += 1);
      value.then(
        (settled) => tell({ kind: 'settled', id, ok: true, value: lower(settled) }),
        (why: unknown) =>
          tell({ kind: 'settled', id, ok: false, value: why instanceof Error ? why.message : String(why) }),
      );
      return { $promise: id };
    }
    if (typeof value === 'symbol') throw new Error('An object could not be cloned.');
    if (Array.isArray(value)) return value.map(lower);
    if (typeof value !== 'object' || value === null) return value;
    if (Object.prototype.toString.call(value) !== '[object Object]') return value;
    return { $object: Object.entries(value).map(([key, item]) => [key, lower(item)]) };
  };
  const raise = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(raise);
    if (typeof value !== 'object' || value === null) return value;
    if ('$function' in value) {
      const id = Number(value.$function);
      return (...args: unknown[]): unknown => {
        answer = null;
        tell({ kind: 'call', id, args: lower(args) });
        const got = answer as { readonly kind: string; readonly value: unknown } | null;
        if (got === null) throw new Error('The other world did not answer.');
        if (got.kind === 'threw') throw new Error(String(got.value));
        return raise(got.value);
      };
    }
    if ('$promise' in value) {
      const id = Number(value.$promise);
      return new Promise((resolve, reject) => promises.set(id, { resolve, reject }));
    }
    if (!('$object' in value)) return value;
    const raised = {};
    for (const [key, item] of value.$object as [string, unknown][])
      Object.defineProperty(raised, key, { value: raise(item), enumerable: true });
    return raised;
  };
  const call = (id: number, args: unknown): void => {
    try {
      const value = functions.get(id)?.(...(raise(args) as unknown[]));
      tell({ kind: 'return', value: lower(value) });
    } catch (error) {
      tell({ kind: 'threw', value: error instanceof Error ? error.message : String(error) });
    }
  };
  target.addEventListener(names.hears, (event) => {
    const message = (event as CustomEvent<Message>).detail;
    if (message.kind === 'call') call(message.id, message.args);
    else if (message.kind === 'return' || message.kind === 'threw') answer = message;
    else if (message.kind === 'settled') {
      const waiting = promises.get(message.id);
      promises.delete(message.id);
      if (message.ok) waiting?.resolve(raise(message.value));
      else waiting?.reject(new Error(String(message.value)));
    } else other(message);
  });
  return { tell, lower, raise, heard: (call) => void (other = call) };
}

/** The page's world: puts what the preload exposes on the window, once and for good. */
function pageWorld({ tell, raise, heard }: World): void {
  heard((message) => {
    if (message.kind !== 'expose' || Object.hasOwn(window, message.key)) return;
    const value = raise(message.api) as object;
    Object.defineProperty(window, message.key, { value: Object.freeze(value), enumerable: true });
  });
  tell({ kind: 'hello' });
}

/** The preload's world: what a sandboxed preload gets from `require('electron')`, over one binding to main. */
function preloadWorld({ tell, lower, heard }: World, { encode, decode }: Codec, binding: string): unknown {
  const say = Reflect.get(globalThis, binding) as (text: string) => void;
  Reflect.deleteProperty(globalThis, binding);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (why: Error) => void }>();
  const listeners = new Map<string, Set<(event: unknown, ...args: unknown[]) => void>>();
  const exposed: Message[] = [];
  let ids = 0;
  Reflect.set(globalThis, `${binding}Hear`, (text: string) => {
    const message = decode(text) as { id?: number; error?: string; value?: unknown; channel?: string };
    if (message.channel !== undefined)
      for (const listener of listeners.get(message.channel) ?? []) listener({}, message.value);
    const asked = waiting.get(message.id ?? 0);
    waiting.delete(message.id ?? 0);
    if (message.error === undefined) asked?.resolve(message.value);
    else asked?.reject(new Error(message.error));
  });
  heard((message) => {
    if (message.kind === 'hello') exposed.forEach(tell);
  });
  return {
    contextBridge: {
      exposeInMainWorld(key: string, api: unknown): void {
        const message = { kind: 'expose', key, api: lower(api) } as const;
        exposed.push(message);
        tell(message);
      },
    },
    ipcRenderer: {
      invoke: (channel: string, ...args: unknown[]): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const id = (ids += 1);
          const text = encode({ id, channel, args });
          waiting.set(id, { resolve, reject });
          say(text);
        }),
      on(channel: string, listener: (event: unknown, ...args: unknown[]) => void): void {
        listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
      },
      removeListener(channel: string, listener: (event: unknown, ...args: unknown[]) => void): void {
        listeners.get(channel)?.delete(listener);
      },
    },
  };
}

/** The two scripts of one window: the page's end, and the preload with what it may require. */
export function windowScripts(preload: string, names: { readonly secret: string; readonly binding: string }) {
  const [page, own] = [JSON.stringify(`${names.secret}-page`), JSON.stringify(`${names.secret}-preload`)];
  // As Electron without nodeIntegrationInSubFrames: no preload below the top frame.
  const topOnly = 'if (window.top !== window) return;';
  return {
    page: `(() => { ${topOnly} (${pageWorld.toString()})((${joinWorlds.toString()})({ hears: ${page}, tells: ${own} })); })();`,
    preload: `(() => { ${topOnly}
      const world = (${joinWorlds.toString()})({ hears: ${own}, tells: ${page} });
      const electron = (${preloadWorld.toString()})(world, (${makeCodec.toString()})(), ${JSON.stringify(names.binding)});
      const module = { exports: {} };
      const require = (name) => {
        if (name === 'electron') return electron;
        throw new Error('module not found: ' + name);
      };
      ((require, module, exports) => {\n${preload}\n})(require, module, module.exports);
    })();`,
  };
}
