import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type OpenDialog = {
  readonly options: Readonly<Record<string, unknown>>;
  response: number | null;
  readonly answer: (response: number) => void;
};

/** Where lock and profile stand; two instances are one application when they share it. */
export const home = process.env['ELECTRON_DOUBLE_HOME'] ?? mkdtempSync(join(tmpdir(), 'electron-double-'));

/** Everything main has asked of Electron so far: what the control socket reads. */
export const state = {
  ready: false,
  sandboxed: false,
  schemes: new Map<string, Readonly<Record<string, boolean>>>(),
  protocols: new Map<string, (request: Request) => Response | Promise<Response>>(),
  handlers: new Map<string, (event: unknown, ...args: unknown[]) => unknown>(),
  permissions: {
    request: null as ((page: unknown, permission: string, answer: (granted: boolean) => void) => void) | null,
    check: null as ((page: unknown, permission: string) => boolean) | null,
    device: null as ((details: unknown) => boolean) | null,
  },
  blockers: [] as { readonly kind: string; on: boolean }[],
  dialogs: [] as OpenDialog[],
  menu: undefined as unknown,
  lastWindowClosed: () => {},
  end: (code: number): void => process.exit(code),
};
