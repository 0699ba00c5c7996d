// npm run -s simulate -- --seeds N [--from S] [--faults all|none|LIST] [--mode safety|liveness] [--jobs J] [--json]
// npm run -s simulate -- --seed S --trace: one night, event by event.
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { catalogue } from './draw-fault.ts';
import { drawNight, type Allowed } from './draw-night.ts';
import type { Happening, Mode, NightScript } from './night-script.ts';
import { playNight } from './play-night.ts';
import { withJobs } from './series-jobs.ts';
import { playSeries, type Failure } from './series.ts';
import { shrink } from './shrink.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    faults: { type: 'string', default: 'all' },
    mode: { type: 'string', default: 'safety' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

function whole(text: string, name: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`--${name} ${text}: expected a whole number`);
}

function allowedFrom(text: string): Allowed {
  if (text === 'all' || text === 'none') return text;
  const kinds = text.split(',');
  const chosen = catalogue.filter((kind) => kinds.includes(kind));
  const strange = kinds.find((kind) => !chosen.some((known) => known === kind));
  if (strange === undefined) return chosen;
  throw new Error(`--faults ${strange}: expected all, none, or some of ${catalogue.join(', ')}`);
}

function modeFrom(text: string): Mode {
  if (text === 'safety' || text === 'liveness') return text;
  throw new Error(`--mode ${text}: expected safety or liveness`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname })
      .toString()
      .trim();
  } catch {
    return 'unknown';
  }
}

const mode = modeFrom(values.mode);
const allowed = allowedFrom(values.faults);
const say = (text: string): void => console.error(text);

/** A failure in full: what broke, and the shortest script of faults and presses that still breaks it. */
async function explain({ seed, violations }: Failure): Promise<void> {
  const [first] = violations;
  if (first === undefined) return;
  say(
    `\nseed ${seed} at commit ${commit()}: ${first.law} ${first.rule}: ${first.seen} (at ${first.atMs.toFixed(1)} ms)`,
  );
  const short = await shrink(drawNight(seed, mode, allowed), first.rule);
  say(`shortest script:\n${scriptText(short)}`);
  say(`replay: npm run -s simulate -- --seed ${seed} --mode ${mode} --faults ${values.faults} --trace`);
}

function scriptText({ happenings, back }: NightScript): string {
  const text = (each: Happening): string => {
    const { kind, ...rest } = each;
    const what = each.kind === 'fault' ? each.fault : each.kind === 'act' ? each.act : rest;
    return `  ${JSON.stringify(what)}${kind === 'sleep' ? ' and another laptop takes over' : ''}`;
  };
  const lines = happenings.map(text);
  if (back !== null)
    lines.push(`  Reverse after ${back.afterMs} ms; on the way back:`, ...back.happenings.map(text));
  return lines.length === 0 ? '  (nothing goes wrong at all)' : lines.join('\n');
}

async function replay(seed: number): Promise<void> {
  const script = drawNight(seed, mode, allowed);
  console.log(`night ${seed}: ${script.plan.chains.length} chains, ${script.plan.simulator?.flavor ?? ''}`);
  console.log(scriptText(script));
  const { violations, outcome, back } = await playNight(script, {
    thorough: true,
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  });
  for (const { law, rule, seen } of violations) console.log(`BROKEN ${law} ${rule}: ${seen}`);
  console.log(`outcome: ${outcome}${back === null ? '' : `; the way back: ${back}`}`);
  if (violations.length > 0) process.exitCode = 1;
}

async function simulate(): Promise<void> {
  const series = { from: whole(values.from, 'from'), seeds: whole(values.seeds, 'seeds'), mode, allowed };
  const jobs = Math.max(1, whole(values.jobs, 'jobs'));
  const { failures, ...result } = await (jobs === 1
    ? playSeries(series, say)
    : withJobs(jobs, (play) => playSeries(series, say, { jobs, play })));
  const explained = failures.slice(0, 3);
  for (const failure of explained) await explain(failure);
  if (!values.json) {
    const { furthest, faults, passedPercent, crashedInsidePercent, holes } = result.coverage;
    say(JSON.stringify({ furthest, faults, passedPercent, crashedInsidePercent, holes }, null, 2));
  }
  console.log(JSON.stringify(values.json ? result : { ...result, coverage: undefined }));
  if (failures.length > 0 || result.coverage.holes.length > 0) process.exitCode = 1;
}

await (values.seed === undefined ? simulate() : replay(whole(values.seed, 'seed')));
