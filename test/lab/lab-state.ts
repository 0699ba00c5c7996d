import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePorts, listenOn } from '../helpers/free-ports.ts';
import {
  defaultBasePort,
  members,
  portOffsets,
  type Flavor,
  type GtidMode,
  type Member,
} from './topology.ts';

/** What the lab is and where it stands, as its lab.json keeps it. */

export type ProcessMark = { readonly pid: number; readonly startTicks: string };

export type LabState = {
  readonly flavor: Flavor;
  readonly gtid: GtidMode;
  /** The instances it has; without it all ten. */
  readonly instances?: readonly string[];
  readonly dir: string;
  /** Root directory the servers live in: '' or the chroot of the MySQL servers. */
  readonly root: string;
  /** The directory of all instances as the servers name it, inside `root`. */
  readonly instancesDir: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly version: string;
  readonly startedAt: string;
  readonly processes: Readonly<Record<string, ProcessMark>>;
};

/** Where labs of the command line live. */
export function stateHome(): string {
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'cutover-lab');
}

/** The one place the plan file names, whatever XDG_STATE_HOME says: a link to the lab that is up. */
export const currentLink = join(homedir(), '.local/state/cutover-lab/current');

/** Where templates and the MySQL chroot are kept between labs. */
export function cacheDir(): string {
  return process.env['COCKPIT_LAB_CACHE'] ?? '/var/cache/cutover-lab';
}

/** The state of the lab in a directory, or null where none is. */
export function readState(dir: string): LabState | null {
  const file = join(dir, 'lab.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LabState) : null;
}

/** Replaces lab.json in one move, so that a reader never sees half of it. */
export function writeState(state: LabState): void {
  const file = join(state.dir, 'lab.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** A short name of the lab, for paths that must stay short (sockets end at 107 characters). */
export function labName(dir: string): string {
  return createHash('sha256').update(dir).digest('hex').slice(0, 8);
}

/** The instances of a lab, chain by chain. */
export function membersIn({ instances }: Pick<LabState, 'instances'>): readonly Member[] {
  return instances === undefined ? members : members.filter(({ id }) => instances.includes(id));
}

/** Directory of an instance as seen from this machine. */
export function instanceDir(state: LabState, id: string): string {
  return state.root + innerDir(state, id);
}

/** Directory of an instance as its server names it. */
export function innerDir(state: LabState, id: string): string {
  return join(state.instancesDir, id);
}

/** The port of one listener: an instance, `ssh <host>`, `app <host>` or `door <region>`. */
export function portOf(state: Pick<LabState, 'ports'>, listener: string): number {
  const port = state.ports[listener];
  if (port === undefined) throw new Error(`the lab has no listener ${listener}`);
  return port;
}

/** Ports that nobody has now, one for each listener. */
export async function anyPorts(): Promise<Readonly<Record<string, number>>> {
  const listeners = Object.keys(portOffsets);
  const ports = await freePorts(listeners.length);
  return Object.fromEntries(listeners.map((listener, index) => [listener, ports[index] ?? 0]));
}

/** The fixed ports from a base on; says which of them somebody else has. */
export async function fixedPorts(base = defaultBasePort): Promise<Readonly<Record<string, number>>> {
  const ports = Object.fromEntries(
    Object.entries(portOffsets).map(([name, offset]) => [name, base + offset]),
  );
  const taken = await takenPorts(ports);
  if (taken.length > 0)
    throw new Error(
      `${sayTaken(taken)} Stop what has them (another lab? \`npm run lab -- down\`), or choose others with --base-port N.`,
    );
  return ports;
}

/** Which of these ports somebody else has, each with the listener it is for: `23141 (door us-east-1)`. */
export async function takenPorts(ports: Readonly<Record<string, number>>): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const [listener, port] of Object.entries(ports)) {
    // DNS is asked over both.
    const ways = listener === 'route53 dns' ? [listensAt, hearsAt] : [listensAt];
    const free = await Promise.all(ways.map((may) => may(port)));
    if (free.includes(false)) taken.push(`${port} (${listener})`);
  }
  return taken;
}

/** The same in one sentence. */
export function sayTaken(taken: readonly string[]): string {
  return `Ports in use on 127.0.0.1: ${taken.join(', ')}; \`ss -anp\` shows by whom.`;
}

async function listensAt(port: number): Promise<boolean> {
  const server = await listenOn(port).catch(() => null);
  if (server !== null) await new Promise((resolve) => server.close(resolve));
  return server !== null;
}

function hearsAt(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = createSocket('udp4');
    socket.once('error', () => answer(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => answer(true)));
  });
}
