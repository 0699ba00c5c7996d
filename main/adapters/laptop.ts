import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, statfs } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { known, unknown } from '../../shared/observations/observation.ts';
import type { Observation } from '../../shared/observations/observation.ts';
import type { LaptopPort } from '../ports.ts';
import { takePrecedence } from './precedence.ts';

export type LaptopOptions = {
  /** Where the journals are: the disk that must not fill up. */
  readonly journalDirectory: string;
  /** Linux' list of power supplies; another folder in tests. */
  readonly powerSupplies?: string;
  /** The command that holds a sleep lock while its input is open. */
  readonly inhibit?: readonly string[];
};

type SleepBlock = Awaited<ReturnType<LaptopPort['blockSleep']>>;

const inhibitLimitMs = 3_000;
const inhibitCommand = [
  'systemd-inhibit',
  '--what=sleep:idle:handle-lid-switch',
  '--who=cutover cockpit',
  '--why=a cutover is running',
  '--mode=block',
];

/** This laptop: mains power, room for the journal, and whether it is kept awake. */
export function createLaptop(options: LaptopOptions): LaptopPort {
  const held = new Set<symbol>();
  let lastTry: { readonly blocked: boolean; readonly how: string } | null = null;
  return {
    facts: async () => {
      const [mains, journalFreeBytes] = await Promise.all([
        readMains(options.powerSupplies ?? null),
        readFreeBytes(options.journalDirectory),
      ]);
      return { mains, journalFreeBytes, sleepBlocked: sleepBlocked(held.size > 0, lastTry) };
    },
    user: () => userInfo().username,
    name: hostname,
    takePrecedence: () => takePrecedence(),
    blockSleep: async () => {
      const mark = Symbol('sleep block');
      const block = await holdAwake(options.inhibit ?? inhibitCommand, () => held.delete(mark));
      lastTry = { blocked: block.blocked, how: block.how };
      if (block.blocked) held.add(mark);
      return {
        ...block,
        release: () => {
          held.delete(mark);
          block.release();
        },
      };
    },
  };
}

function sleepBlocked(
  isHeld: boolean,
  lastTry: { readonly blocked: boolean; readonly how: string } | null,
): Observation<boolean> {
  const now = Date.now();
  if (isHeld) return known(true, now, lastTry?.how ?? 'sleep lock');
  if (lastTry === null) return unknown('not tried yet', now, 'sleep lock');
  if (!lastTry.blocked) return unknown(lastTry.how, now, 'sleep lock');
  return known(false, now, `${lastTry.how}: released`);
}

/** On mains, by what Linux says of its supplies. A machine without any battery is always on mains. */
async function readMains(given: string | null): Promise<Observation<boolean>> {
  const now = Date.now();
  const folder = given ?? '/sys/class/power_supply';
  if (given === null && process.platform !== 'linux') {
    return unknown(
      `mains power can be read on Linux only, this is ${process.platform}: look at the plug`,
      now,
      'laptop',
    );
  }
  const supplies = await readSupplies(folder);
  if (supplies === null) return unknown(`${folder} cannot be read: look at the plug`, now, folder);
  // A mouse or a keyboard has a battery too (scope Device): it does not keep this machine running.
  const own = supplies.filter((supply) => supply.scope !== 'Device');
  const batteries = own.filter((supply) => supply.type === 'Battery');
  const plugs = own.filter((supply) => supply.type !== 'Battery' && supply.online !== '');
  if (batteries.length === 0) return known(true, now, `${folder}: no battery, a desktop or server`);
  const source = `${folder}: ${own.map((supply) => `${supply.name} ${supply.online || supply.status}`).join(', ')}`;
  if (plugs.some((supply) => supply.online !== '0')) return known(true, now, source);
  if (plugs.length > 0) return known(false, now, source);
  // Some firmwares list the battery alone; whether it is drained then tells.
  const status = batteries.map((battery) => battery.status);
  if (status.includes('Discharging')) return known(false, now, source);
  if (status.every((each) => each === 'Charging' || each === 'Full' || each === 'Not charging'))
    return known(true, now, source);
  return unknown(`the battery says ${status.join(', ') || 'nothing'}: look at the plug`, now, source);
}

type Supply = {
  readonly name: string;
  readonly type: string;
  readonly online: string;
  readonly status: string;
  readonly scope: string;
};

async function readSupplies(folder: string): Promise<readonly Supply[] | null> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    // A machine that has the folder's parent but not the folder has no supply of its own: a virtual machine.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? [] : null;
  }
  return Promise.all(
    names.map(async (name) => {
      const field = async (file: string): Promise<string> => {
        try {
          return (await readFile(join(folder, name, file), 'utf8')).trim();
        } catch {
          return '';
        }
      };
      const [type, online, status, scope] = await Promise.all(
        ['type', 'online', 'status', 'scope'].map(field),
      );
      return { name, type: type ?? '', online: online ?? '', status: status ?? '', scope: scope ?? '' };
    }),
  );
}

async function readFreeBytes(directory: string): Promise<Observation<number>> {
  const now = Date.now();
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(directory);
    return known(bavail * bsize, now, `statfs ${directory}`);
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error), now, `statfs ${directory}`);
  }
}

/**
 * Holds a sleep lock as a child process: it ends when its input is closed, so the lock ends with the cockpit, however that
 * ends. The child speaks only once the lock is held; silence or an early end means that there is none.
 */
function holdAwake(command: readonly string[], ended: () => void): Promise<SleepBlock> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, [...args, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let errors = '';
    const no = (how: string): void => resolve({ blocked: false, how, release: () => undefined });
    const timer = setTimeout(() => {
      child.stdin.end();
      child.kill();
      no(`${program} did not answer within ${inhibitLimitMs} ms: switch sleep off by hand`);
    }, inhibitLimitMs);
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-500)));
    child.on('error', (error) => {
      clearTimeout(timer);
      no(`${program} cannot be run (${error.message}): switch sleep off by hand`);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      ended();
      no(
        `${program} ended with ${code}${errors.trim() === '' ? '' : ` (${errors.trim()})`}: switch sleep off by hand`,
      );
    });
    child.stdout.once('data', () => {
      clearTimeout(timer);
      // The lock is no reason for this program to stay alive.
      child.unref();
      resolve({ blocked: true, how: `${program}, process ${child.pid}`, release: () => child.stdin.end() });
    });
  });
}
