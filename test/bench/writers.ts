import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionFile } from '../lab/accounts.ts';
import type { Lab } from '../lab/start-lab.ts';
import { membersOf } from '../lab/topology.ts';
import { within } from './bounds.ts';
import type { Write, WriterNews, WriterOrder, WriterSeat } from './writer-order.ts';

export type WritersOptions = {
  readonly chains: readonly string[];
  /** Per chain, shared out between its co-masters; a single one writes to the first. */
  readonly writers: number;
  readonly perSecond?: number;
  readonly limitMs?: number;
};

/** The outside writers while they write. */
export type Writers = {
  /** Resolves when a target of that chain has acknowledged a write. */
  readonly targetOpen: (chain: string) => Promise<void>;
  /** Ends them and reads their log, in the order of the answers. */
  readonly stop: () => Promise<readonly Write[]>;
};

const defaultLimitMs = 180_000;

/** Starts writers as a process of their own; resolves when each has its connections. */
export async function startWriters(lab: Lab, options: WritersOptions): Promise<Writers> {
  const run = randomBytes(4).toString('hex');
  const logFile = join(lab.dir, `bench-writers-${run}.jsonl`);
  const order: WriterOrder = {
    run,
    logFile,
    optionFile: optionFile(lab.dir, 'app'),
    writers: options.chains.flatMap((chain) => seatsOf(lab, chain, options.writers)),
    // Many writers together look as often as one, so that looking does not take the machine from the switch.
    retryMs: Math.max(1, options.writers / 4),
    perSecond: options.perSecond ?? null,
    limitMs: options.limitMs ?? defaultLimitMs,
  };
  const child = fork(join(import.meta.dirname, 'writer-process.ts'), [JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const atEnd = (): void => void child.kill('SIGKILL');
  process.once('exit', atEnd);
  const news: WriterNews[] = [];
  const listeners = new Set<() => void>();
  child.on('message', (message) => {
    news.push(message as WriterNews);
    for (const call of listeners) call();
  });
  const heard = (what: string, wanted: (one: WriterNews) => boolean): Promise<void> =>
    within(what, 60_000, async () => {
      while (!news.some(wanted)) {
        if (child.exitCode !== null) throw new Error(`the writers have ended: exit code ${child.exitCode}`);
        await new Promise<void>((resolve) => {
          const call = (): void => {
            listeners.delete(call);
            resolve();
          };
          listeners.add(call);
          void exited.then(call);
        });
      }
    });
  await heard('the writers are ready', ({ kind }) => kind === 'ready');
  return {
    targetOpen: (chain) =>
      heard(
        `${chain}: the target acknowledges a write`,
        (one) => one.kind === 'target-acknowledged' && one.chain === chain,
      ),
    stop: async () => {
      if (child.connected) child.send('stop');
      const code = await within('the writers end', 30_000, () => exited);
      process.off('exit', atEnd);
      if (code !== 0) throw new Error(`the writers ended with exit code ${code}`);
      return readLog(logFile);
    },
  };
}

function seatsOf(lab: Lab, chain: string, writers: number): readonly WriterSeat[] {
  const sources = membersOf(chain, 'source-master').map(({ id }) => lab.port(id));
  const [target] = membersOf(chain, 'target-master').map(({ id }) => lab.port(id));
  return Array.from({ length: writers }, (_, index) => ({
    name: `${chain}-${index + 1}`,
    chain,
    sourcePort: sources[index % sources.length] ?? 0,
    targetPort: target ?? 0,
  }));
}

function readLog(file: string): readonly Write[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Write);
}
