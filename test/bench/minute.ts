import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLab, stopLab, type Lab } from '../lab/start-lab.ts';
import type { Flavor } from '../lab/topology.ts';
import { compareSwitches, compareTwoChains, figuresOf } from './compare.ts';
import { usersDowntime } from './users.ts';
import { compareWatching } from './watch.ts';

/** `npm run -s bench:minute -- --json`: how long the minute takes, beside the same switch by bare SQL. */

const usage = `usage: npm run -s bench:minute -- [--json] [--flavor mariadb|mysql] [--pairs N] [--only minute|chains|watch|users]
                                   [--via direct|ssh] [--profile]

  --pairs N     pairs of one bare and one cockpit switch, at 1 and at 8 writers (15); the other parts shrink with it
  --only PART   only that part; the figures of the others are null
  --via         how both reach the servers in the comparison: direct (default), or the cockpit over SSH
  --profile     also prints where each cockpit's switch spent its time, from its own journal
  --json        nothing but the figures on stdout, as one JSON object (they are printed so without it too)`;

const parts = ['minute', 'chains', 'watch', 'users'] as const;

class UsageError extends Error {}

function readArguments() {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      flavor: { type: 'string', default: 'mariadb' },
      pairs: { type: 'string', default: '15' },
      only: { type: 'string' },
      via: { type: 'string', default: 'direct' },
      profile: { type: 'boolean', default: false },
    },
  });
  const { flavor, via, only } = values;
  const pairs = Number(values.pairs);
  if (flavor !== 'mariadb' && flavor !== 'mysql') throw new UsageError(`no flavour ${flavor}`);
  if (via !== 'direct' && via !== 'ssh') throw new UsageError(`no way ${via}`);
  if (!Number.isInteger(pairs) || pairs < 1) throw new UsageError(`--pairs ${values.pairs}`);
  const part = parts.find((one) => one === only);
  if (only !== undefined && part === undefined) throw new UsageError(`no part ${only}`);
  return { flavor, via, pairs, part, profile: values.profile } as const;
}

type Asked = ReturnType<typeof readArguments>;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function measure(lab: Lab, { flavor, via, pairs, part, profile }: Asked): Promise<unknown> {
  const wants = (one: (typeof parts)[number]): boolean => part === undefined || part === one;
  // A third of the pairs shows two chains, when all fifteen are asked for.
  const share = (of: number, least: number): number =>
    Math.min(of, Math.max(least, Math.ceil((pairs * of) / 15)));
  const options = { pairs, via, profile, say };
  const compared = wants('minute') ? figuresOf(await compareSwitches(lab, options)) : null;
  const twoChainsRatio = wants('chains')
    ? await compareTwoChains(lab, { ...options, pairs: share(5, 1) })
    : null;
  const users = wants('users') ? await usersDowntime(lab, { runs: share(3, 1), say }) : null;
  const watch = wants('watch') ? await compareWatching(lab, { pairs, say }) : null;
  return {
    flavor,
    pairs,
    oneWriter: compared?.oneWriter ?? null,
    eightWriters: compared?.eightWriters ?? null,
    twoChainsRatio,
    watch,
    userVisibleDowntimeMs: users,
  };
}

/** Starts a lab of its own, measures, and takes it down whatever happens. */
async function main(asked: Asked): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  const stop = async (): Promise<void> => {
    await stopLab(dir);
    rmSync(dir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      say(`${signal}: taking the lab down`);
      void stop().finally(() => process.exit(130));
    });
  try {
    const lab = await startLab({
      flavor: asked.flavor as Flavor,
      dir,
      ports: 'free',
      owner: process.pid,
      storage: 'disk',
    });
    say(`${lab.state().version}, in ${dir}`);
    const figures = await measure(lab, asked);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  } finally {
    await stop();
  }
}

try {
  await main(readArguments());
  process.exit(0);
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (error instanceof UsageError) say(usage);
  process.exit(1);
}
