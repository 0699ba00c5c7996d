import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionFile } from './accounts.ts';
import { portOf, readState, type LabState } from './lab-state.ts';
import { gone, isAlive, nodeBinary, signalProcess, startProcess } from './processes.ts';
import { connectAsRoot } from './sql.ts';
import { chains, memberOf, membersOf } from './topology.ts';

/** Client load on both co-masters of every ring, by a process of its own with an append-only log. */

export type LoadOptions = {
  /** Writers per chain, shared out evenly between its source masters. */
  readonly writers: number;
  /** Writes per second and writer; without it each writes as fast as it is answered. */
  readonly perSecond?: number;
  /** It ends by itself after this time. */
  readonly seconds?: number;
  /** A refused writer tries the target master next, as an application that was switched does. */
  readonly follow?: boolean;
  readonly chains?: readonly string[];
};

/** What the load's process is told: its first and only argument, as JSON. */
export type LoadOrder = {
  readonly run: string;
  readonly logFile: string;
  readonly optionFile: string;
  readonly perSecond: number | null;
  readonly seconds: number;
  /** One writer each: the ports it writes to, the first until it is refused there. */
  readonly writers: readonly {
    readonly name: string;
    readonly chain: string;
    readonly ports: readonly number[];
  }[];
};

/** One attempt: tried once, and what came of it. `at` is when the answer came. */
export type LoadRecord = {
  readonly id: string;
  readonly chain: string;
  readonly port: number;
  readonly at: number;
  readonly ms: number;
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  readonly errno?: number;
};

export type Load = {
  readonly run: string;
  readonly logFile: string;
  readonly records: () => readonly LoadRecord[];
  readonly running: () => boolean;
  /** Lets the writes under way end, then the process; its log is complete afterwards. */
  readonly stop: () => Promise<void>;
};

export type Comparison = {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Acknowledged and not there: must be empty. */
  readonly missing: readonly string[];
  /** Told to the client as refused, and there all the same: must be empty. */
  readonly refusedButPresent: readonly string[];
  readonly unknownButPresent: number;
};

/** Starts the load of a lab; it is one of the lab's processes, so that `down` ends it too. */
export function startLoad(state: LabState, options: LoadOptions): Load {
  const run = randomBytes(4).toString('hex');
  const logFile = join(state.dir, `load-${run}.jsonl`);
  const order: LoadOrder = {
    run,
    logFile,
    optionFile: optionFile(state.dir, 'app'),
    perSecond: options.perSecond ?? null,
    seconds: options.seconds ?? 600,
    writers: (options.chains ?? chains).flatMap((chain) => writersOf(state, chain, options)),
  };
  const name = `load ${run}`;
  const program = join(import.meta.dirname, 'load-writers.ts');
  startProcess(state, {
    name,
    argv: [nodeBinary(), program, JSON.stringify(order)],
    logFile: join(state.dir, 'load.log'),
  });
  const mark = readState(state.dir)?.processes[name];
  return {
    run,
    logFile,
    records: () => readLoad(logFile),
    running: () => isAlive(mark),
    stop: async () => {
      signalProcess(mark, 'SIGTERM');
      if (!(await gone(mark, 15_000))) throw new Error('the load does not end');
    },
  };
}

/** Reads a load's log; a last line without its end is not read. */
export function readLoad(logFile: string): readonly LoadRecord[] {
  if (!existsSync(logFile)) return [];
  return readFileSync(logFile, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LoadRecord);
}

/** Holds a load's log against the rows of one instance of the same chain. */
export async function compareAcknowledged(
  state: LabState,
  load: Load,
  instance: string,
): Promise<Comparison> {
  const { chain } = memberOf(instance);
  const records = load.records().filter((record) => record.chain === chain);
  const present = await writesOf(state, instance, `${load.run}-${chain}-`);
  const ids = (outcome: LoadRecord['outcome']): readonly string[] =>
    records.filter((record) => record.outcome === outcome).map((record) => record.id);
  return {
    acknowledged: ids('acknowledged').length,
    refused: ids('refused').length,
    unknown: ids('unknown').length,
    missing: ids('acknowledged').filter((id) => !present.has(id)),
    refusedButPresent: ids('refused').filter((id) => present.has(id)),
    unknownButPresent: ids('unknown').filter((id) => present.has(id)).length,
  };
}

async function writesOf(state: LabState, instance: string, prefix: string): Promise<ReadonlySet<string>> {
  const connection = await connectAsRoot(state, instance);
  try {
    const [rows] = await connection.query({
      sql: 'SELECT id FROM shop.writes WHERE id LIKE ?',
      values: [`${prefix}%`],
      rowsAsArray: true,
    });
    return new Set(Array.isArray(rows) ? rows.flat().map(String) : []);
  } finally {
    connection.destroy();
  }
}

function writersOf(state: LabState, chain: string, options: LoadOptions): LoadOrder['writers'] {
  const masters = membersOf(chain, 'source-master').map((member) => portOf(state, member.id));
  const targets = options.follow === true ? membersOf(chain, 'target-master') : [];
  return Array.from({ length: options.writers }, (_, index) => ({
    name: `${chain}-${index + 1}`,
    chain,
    ports: [masters[index % masters.length] ?? 0, ...targets.map((member) => portOf(state, member.id))],
  }));
}
