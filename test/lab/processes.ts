import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { readState, writeState, type LabState, type ProcessMark } from './lab-state.ts';

/** Processes that outlive the command that started them, each known by its id and the moment it started. */

export type ProcessSpec = {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
};

/**
 * On the night the cockpit has a machine of its own. Here it shares one with all servers of the reference case, and comes
 * first: a cockpit that waits for its turn on the processor measures nothing but that.
 */
const labNiceness = 5;

/** Waits, for want of anything to wait on. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a process of the lab and writes down who it is. */
export function startProcess(state: LabState, spec: ProcessSpec, extra: readonly string[] = []): LabState {
  const [command, ...args] = spec.argv;
  const log = openSync(spec.logFile, 'a', 0o600);
  const child = spawn(command, [...args, ...extra], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...spec.env },
  });
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${spec.name}: could not start ${command}`);
  setPriority(child.pid, labNiceness);
  setGroupPriority(child.pid, labNiceness);
  const mark: ProcessMark = { pid: child.pid, startTicks: ticksOf(child.pid) ?? '?' };
  // What others wrote since `state` was read is kept: starts overlap.
  const newest = readState(state.dir) ?? state;
  const next = { ...newest, processes: { ...newest.processes, [spec.name]: mark } };
  writeState(next);
  return next;
}

/** A detached process is a group of its own where Linux groups by session; a nice value inside it alone counts for nothing. */
function setGroupPriority(pid: number, niceness: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // This kernel does not group, or the process has ended already.
  }
}

/** Whether that very process lives: an id alone may belong to somebody else by now. */
export function isAlive(mark: ProcessMark | undefined): boolean {
  return mark !== undefined && ticksOf(mark.pid) === mark.startTicks;
}

/** Sends a signal to that very process; true when it was there. */
export function signalProcess(mark: ProcessMark | undefined, signal: NodeJS.Signals): boolean {
  if (mark === undefined || !isAlive(mark)) return false;
  try {
    return process.kill(mark.pid, signal);
  } catch {
    return false;
  }
}

/** Waits until that process is gone; false when it is still there after the time. */
export async function gone(mark: ProcessMark | undefined, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (isAlive(mark)) {
    if (performance.now() > end) return false;
    await pause(20);
  }
  return true;
}

/** Node 24, which runs this repository's files as they are. */
export function nodeBinary(): string {
  const own = join(import.meta.dirname, '../../node_modules/node/bin/node');
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : own;
}

/** Start time in clock ticks since boot; null when there is no such process (or only its remains). */
function ticksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
