import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as later } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { DoubleState, Order } from './control.ts';

const root = join(import.meta.dirname, '../../..');

/** A cockpit started in the double, as a test holds it. */
export type Started = {
  readonly page: Page;
  readonly home: string;
  readonly state: () => Promise<DoubleState>;
  readonly order: (order: Order) => Promise<unknown>;
  /** All that the process has printed. */
  readonly said: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** The exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Ends it by force where it still runs. */
  readonly end: () => Promise<void>;
};

/** Starts `npm start` with the double in Electron's place. */
export function spawnDouble(plan: string, home: string): { child: ChildProcess; said: () => string } {
  let said = '';
  const child = spawn(process.execPath, ['resources/dev/start.mjs', plan], {
    cwd: root,
    env: {
      ...process.env,
      ELECTRON_OVERRIDE_DIST_PATH: import.meta.dirname,
      ELECTRON_DOUBLE_HOME: home,
      ELECTRON_DOUBLE_SOCKET: join(home, 'control'),
      COCKPIT_STATE: join(home, 'state'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

/** Sends one order and hears its answer. */
function send(home: string, order: Order): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(home, 'control'));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The double ended before it answered.')));
    const lines = createInterface(socket);
    // It tells the socket's errors again.
    lines.on('error', reject);
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as { readonly value?: unknown; readonly error?: string };
      if (answer.error === undefined) resolve(answer.value);
      else reject(new Error(answer.error));
      socket.destroy();
    });
    socket.write(`${JSON.stringify(order)}\n`);
  });
}

/** Starts the cockpit on a plan and joins its window. */
export async function startInDouble(plan: string): Promise<Started> {
  const home = mkdtempSync(join(tmpdir(), 'electron-double-'));
  const { child, said } = spawnDouble(plan, home);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let browser: Browser | null = null;
  const end = async (): Promise<void> => {
    await browser?.close().catch(() => undefined);
    // The launcher hands it on to the cockpit, which may refuse: then its Chromium is gone and so is its window.
    if (child.exitCode === null) child.kill('SIGTERM');
    await ended;
  };
  const order = (given: Order): Promise<unknown> => send(home, given);
  const state = async (): Promise<DoubleState> => (await order({ kind: 'state' })) as DoubleState;
  try {
    browser = await joinWindow(state, () => child.exitCode === null);
    const page = browser.contexts()[0]?.pages()[0];
    if (page === undefined) throw new Error('The window has no page.');
    // Looked for again and again: a page that two clients share draws no frames to wait by.
    while ((await page.getByRole('region', { name: 'Mode' }).count()) === 0) await later(100);
    return { page, home, state, order, said, signal: (signal) => void child.kill(signal), ended, end };
  } catch (error) {
    await end();
    throw new Error(`The window did not open: ${String(error)}\n${said()}`);
  }
}

/** Waits for the double's Chromium, as long as its process lives and the test has time. */
async function joinWindow(state: () => Promise<DoubleState>, alive: () => boolean): Promise<Browser> {
  while (alive()) {
    const { debuggingUrl, windows } = await state().catch(() => ({ debuggingUrl: null, windows: [] }));
    // Not before main has shown it: a page that is still being set up is not to be touched.
    if (debuggingUrl !== null && windows[0]?.asked.includes('show') === true)
      return chromium.connectOverCDP(debuggingUrl);
    await later(100);
  }
  throw new Error('its process has ended');
}
