import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { writeCredentials } from './accounts.ts';
import { refusalFile, writeAppHosts } from './app-hosts.ts';
import { writeCertificates } from './certificates.ts';
import { missingFor, probeVersion, rootsOf } from './flavors.ts';
import { makeRunDirectory, writeHosts } from './hosts.ts';
import { createInstances, serverAnswers, serverSpec } from './instances.ts';
import {
  currentLink,
  fixedPorts,
  anyPorts,
  sayTaken,
  takenPorts,
  instanceDir,
  labName,
  membersIn,
  portOf,
  readState,
  writeState,
  type LabState,
} from './lab-state.ts';
import { startLinks } from './links.ts';
import { leaveMemory, liveInMemory } from './memory.ts';
import { writeOwnPlan } from './plan-for-lab.ts';
import { gone, isAlive, nodeBinary, signalProcess, startProcess, type ProcessSpec } from './processes.ts';
import { asRoot, eventually, type Row } from './sql.ts';
import { listens, nobodyListens, surroundings, surroundingsAnswer } from './surroundings.ts';
import { chains, memberOf, type Flavor, type GtidMode } from './topology.ts';

export type LabOptions = {
  readonly flavor: Flavor;
  readonly gtid?: GtidMode;
  /** A smaller lab: these instances alone; every one needs the one it follows. Default: all ten. */
  readonly instances?: readonly string[];
  readonly dir: string;
  /** Free ports (for tests), or the fixed ones from a base on. */
  readonly ports?: 'free' | number;
  /** A process without which the lab has no reason to be: when it is gone, the lab goes too. */
  readonly owner?: number;
  /** Where the databases are. Default: in memory when the lab has an owner. Figures of speed want the disk. */
  readonly storage?: 'memory' | 'disk';
};

/** A running lab, in the hands of a test. */
export type Lab = {
  readonly dir: string;
  readonly flavor: Flavor;
  readonly gtid: GtidMode;
  readonly state: () => LabState;
  readonly port: (listener: string) => number;
  /** Statements as the administrator of an instance; the rows of the last one, as texts. */
  readonly sql: (id: string, ...statements: readonly string[]) => Promise<readonly Row[]>;
  readonly pid: (name: string) => number;
  /** Ends a process of the lab as a power cut would (an instance, `ssh <host>`, `app <host>`, `haproxy`). */
  readonly kill: (name: string) => Promise<void>;
  readonly pause: (name: string) => void;
  readonly resume: (name: string) => void;
  /** Starts it again with what its configuration says; an instance is waited for. */
  readonly restart: (name: string) => Promise<void>;
  readonly refuseSwitch: (host: string, message: string) => void;
  readonly allowSwitch: (host: string) => void;
  readonly stop: () => Promise<void>;
};

/** Makes the reference case from nothing and waits until it replicates and serves. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { flavor, dir, gtid = 'on', ports = 'free' } = options;
  const missing = missingFor(flavor);
  if (missing.length > 0) throw new Error(`this machine lacks ${missing.join(', ')} for a ${flavor} lab`);
  if (readState(dir) !== null) throw new Error(`there is a lab in ${dir} already: take it down first`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const state: LabState = {
    flavor,
    gtid,
    ...(options.instances === undefined ? {} : { instances: options.instances }),
    dir,
    ...rootsOf(flavor, dir, labName(dir)),
    ports: ports === 'free' ? await anyPorts() : await fixedPorts(ports),
    version: probeVersion(flavor),
    startedAt: new Date().toISOString(),
    processes: {},
  };
  writeState(state);
  const storage = options.storage ?? (options.owner === undefined ? 'disk' : 'memory');
  placeInstances(state, storage);
  if (options.owner !== undefined) startProcess(state, ownerWatch(dir, options.owner));
  try {
    writeCredentials(dir);
    writeCertificates(dir);
    writeHosts(state);
    writeAppHosts(state);
    writeOwnPlan(state);
    await createInstances(state);
    await startLinks(state);
    await seed(state);
    for (const spec of surroundings(state)) startProcess(state, spec);
    await surroundingsAnswer(state);
  } catch (error) {
    await stopLab(dir);
    throw error;
  }
  return openLab(dir);
}

/** Takes a lab that is up into one's hands. */
export function openLab(dir: string): Lab {
  const state = (): LabState => {
    const found = readState(dir);
    if (found === null) throw new Error(`no lab in ${dir}`);
    return found;
  };
  const { flavor, gtid } = state();
  const send = (name: string, signal: NodeJS.Signals): void => {
    if (!signalProcess(state().processes[name], signal)) throw new Error(`${name} is not running`);
  };
  return {
    dir,
    flavor,
    gtid,
    state,
    port: (listener) => portOf(state(), listener),
    sql: (id, ...statements) => asRoot(state(), id, ...statements),
    pid: (name) => state().processes[name]?.pid ?? -1,
    kill: async (name) => {
      const mark = state().processes[name];
      send(name, 'SIGKILL');
      if (!(await gone(mark, 5_000))) throw new Error(`${name} does not end`);
    },
    pause: (name) => send(name, 'SIGSTOP'),
    resume: (name) => send(name, 'SIGCONT'),
    restart: (name) => restart(state(), name),
    refuseSwitch: (host, message) => writeFileSync(refusalFile(dir, host), message),
    allowSwitch: (host) => rmSync(refusalFile(dir, host), { force: true }),
    stop: () => stopLab(dir),
  };
}

/** Starts whatever of a lab has ended since; says what that was. */
export async function reviveLab(dir: string): Promise<readonly string[]> {
  const lab = openLab(dir);
  makeRunDirectory();
  const dead = allSpecs(lab.state()).filter((spec) => !isAlive(lab.state().processes[spec.name]));
  const wanted = Object.entries(lab.state().ports).filter(([listener]) =>
    dead.some(({ name }) => listensFor(name, listener)),
  );
  // What ended a moment ago may not have let go of its ports yet.
  await eventually('the ports of what has ended are free', 10_000, async () => {
    const taken = await takenPorts(Object.fromEntries(wanted));
    if (taken.length > 0) throw new Error(sayTaken(taken));
  });
  for (const spec of dead) await lab.restart(spec.name);
  return dead.map((spec) => spec.name);
}

/** Whether a process of the lab is the one behind a listener. */
function listensFor(process: string, listener: string): boolean {
  if (process === 'haproxy') return listener.startsWith('door ');
  return listener === process || listener === `${process} dns`;
}

/** Ends every process of a lab, sees each gone, and removes its files. */
export async function stopLab(dir: string): Promise<void> {
  const state = readState(dir);
  if (state === null) return;
  const marks = Object.values(state.processes).filter((mark) => mark.pid !== process.pid);
  const below = descendants(marks.filter(isAlive).map((mark) => mark.pid));
  // The data goes too, so nothing has to end tidily.
  for (const mark of [...marks, ...below]) signalProcess(mark, 'SIGKILL');
  const left = await Promise.all(
    [...marks, ...below].map(async (mark) => ((await gone(mark, 10_000)) ? [] : [mark.pid])),
  );
  if (left.flat().length > 0) throw new Error(`still running: ${left.flat().join(', ')}`);
  const instances = state.root + state.instancesDir;
  leaveMemory(instances);
  if (state.root !== '') rmSync(instances, { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
  if (linkTarget() === dir) unlinkSync(currentLink);
}

/** Lets the plan file's fixed paths lead to this lab. */
export function makeCurrent(dir: string): void {
  mkdirSync(dirname(currentLink), { recursive: true, mode: 0o700 });
  if (linkTarget() !== null) unlinkSync(currentLink);
  else if (existsSync(currentLink))
    throw new Error(
      `${currentLink} is there and no link: expected nothing, or the link of a lab. A cockpit that outlived its lab made it again for its mirror: end that cockpit, and remove it.`,
    );
  symlinkSync(dir, currentLink);
}

/** The lab that the plan file means, or null. */
export function linkTarget(): string | null {
  return lstatSync(currentLink, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? readlinkSync(currentLink)
    : null;
}

/** Every process a lab consists of, databases first. */
export function allSpecs(state: LabState): readonly ProcessSpec[] {
  return [...membersIn(state).map((member) => serverSpec(state, member)), ...surroundings(state)];
}

async function restart(state: LabState, name: string): Promise<void> {
  if (isAlive(state.processes[name])) throw new Error(`${name} is running`);
  const spec = allSpecs(state).find((candidate) => candidate.name === name);
  if (spec === undefined) throw new Error(`the lab has no process ${name}`);
  if (name === 'route53') await nobodyListens(portOf(state, name));
  startProcess(state, spec);
  if (membersIn(state).some((member) => member.id === name)) await serverAnswers(state, name);
  else if (name !== 'haproxy') await listens(state, name);
}

/** Servers in a chroot keep their files there: one link lets both flavours' paths be the same. */
function placeInstances(state: LabState, storage: 'memory' | 'disk'): void {
  const instances = state.root + state.instancesDir;
  mkdirSync(instances, { recursive: true, mode: 0o700 });
  if (storage === 'memory') liveInMemory(instances);
  if (state.root !== '') symlinkSync(instances, join(state.dir, 'instances'));
}

const chainsIn = (state: LabState): readonly string[] =>
  chains.filter((chain) => membersIn(state).some((member) => member.chain === chain));

/** A few customers, written on a source master: when every node has them, the whole chain carries. */
async function seed(state: LabState): Promise<void> {
  await Promise.all(
    chainsIn(state).map(async (chain) => {
      for (const node of ['a1', 'b1'])
        await asRoot(
          state,
          memberOf(`${chain}-${node}`).id,
          "INSERT INTO shop.customers (name, email) VALUES ('Ada', 'ada@shop.example'), ('Émile', 'emile@shop.example')",
        );
      for (const member of membersIn(state).filter((candidate) => candidate.chain === chain))
        await eventually(`${member.id} has the first rows`, 20_000, async () => {
          const count = (await asRoot(state, member.id, 'SELECT COUNT(*) AS n FROM shop.customers'))[0]?.[
            'n'
          ];
          if (count !== '4') throw new Error(`${count} of 4`);
        });
    }),
  );
}

function ownerWatch(dir: string, owner: number): ProcessSpec {
  const program = join(import.meta.dirname, 'lab.ts');
  const script = 'while kill -0 "$0" 2>/dev/null; do sleep 2; done; exec "$1" "$2" down --dir "$3"';
  return {
    name: 'owner watch',
    argv: ['/bin/sh', '-c', script, String(owner), nodeBinary(), program, dir],
    logFile: join(dir, 'owner-watch.log'),
  };
}

/** Sessions of an sshd live on when it is ended: they are found by who started them. */
function descendants(
  roots: readonly number[],
): readonly { readonly pid: number; readonly startTicks: string }[] {
  const table = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const file = `/proc/${name}/stat`;
      try {
        const stat = readFileSync(file, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(name), parent: Number(fields[1]), startTicks: fields[19] ?? '' }];
      } catch {
        return [];
      }
    });
  const family = new Set(roots);
  for (let before = -1; before !== family.size;) {
    before = family.size;
    for (const entry of table) if (family.has(entry.parent)) family.add(entry.pid);
  }
  return table.filter(
    (entry) => family.has(entry.pid) && !roots.includes(entry.pid) && entry.pid !== process.pid,
  );
}

/** Where an instance keeps its files, for whoever wants to read its log. */
export const filesOf = (lab: Lab, id: string): string => instanceDir(lab.state(), id);

/** Whether a lab stands in a directory. */
export const isLab = (dir: string): boolean => existsSync(join(dir, 'lab.json'));
