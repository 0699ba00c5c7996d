import { foldRun } from '../../shared/audit/fold.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import type { Run } from '../../shared/steps/run.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import type { CockpitParts, Reverses } from '../../main/engine/parts.ts';
import type { Journal, Ports } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Payload } from '../../shared/audit/record.ts';
import { mortal } from '../helpers/crash.ts';
import { sleeper } from '../helpers/sleep.ts';
import { plainJournal, type MemoryJournal } from './memory-journal.ts';
import { crashOf, sleepOf, type Crash, type NightScript, type Sleep } from './night-script.ts';
import type { Rules } from './watch-rules.ts';

/** What the cockpits of one night share: the world and the journal. */
export type Lives = {
  readonly script: NightScript;
  readonly simulator: Simulator;
  readonly journal: MemoryJournal;
  /** Only on the way back: what it has of the way forth, and clients of its own. */
  readonly back?: {
    readonly reverses: Reverses;
    readonly ports: Ports;
    readonly planJournal: Journal;
  };
};

/** Plans' own journals, by the run's: the second cockpit of a night finds the one that the first wrote. */
const planJournals = new WeakMap<MemoryJournal, Journal>();

/** The plan's own journal beside the journal of one of its runs. */
export function planJournalOf(journal: MemoryJournal): Journal {
  const planJournal = planJournals.get(journal) ?? plainJournal();
  planJournals.set(journal, planJournal);
  return planJournal;
}

/** What a cockpit of a night stands on. */
export function partsOf(lives: Lives): CockpitParts {
  const { script, simulator, journal, back } = lives;
  return {
    plan: script.plan,
    planFile: 'night',
    planDigest: '0'.repeat(64),
    ports: back?.ports ?? simulator.ports,
    planJournal: back?.planJournal ?? planJournalOf(journal),
    openRunJournal: () => ({ runId: runIdOf(lives), journal }),
    program: 'night',
    ...(back === undefined ? {} : { reverses: back.reverses }),
  };
}

/** The same over ports and a journal that end with it. */
function partsOver(lives: Lives, ports: Ports, journal: Journal): CockpitParts {
  return { ...partsOf(lives), ports, openRunJournal: () => ({ runId: runIdOf(lives), journal }) };
}

/** The id of the run of a night, or of its way back. */
export function runIdOf({ script, back }: Lives): string {
  return back === undefined ? `night-${script.seed}` : `back-${script.seed}`;
}

/** The cockpit that begins a night: whether it has died, or fell asleep, where the script says so and never otherwise. */
export type FirstLife = {
  readonly parts: CockpitParts;
  readonly isDead: () => boolean;
  /** It fell asleep, and may be awake again. */
  readonly slept: () => boolean;
  readonly wake: () => void;
};

/** Nothing happens to it. */
const healthy = { isDead: () => false, slept: () => false, wake: () => undefined } as const;

/** The parts of the cockpit that begins the night. */
export function firstLife(lives: Lives): FirstLife {
  const parts = partsOf(lives);
  const sleep = sleepOf(lives.script);
  if (sleep !== null) return sleepingLife(lives, parts, sleep);
  const crash = crashOf(lives.script);
  if (crash === null) return { ...healthy, parts };
  const life = mortal(() => lives.simulator, crash.noticed);
  const journal = dyingIn(lives.journal, crash, life.die);
  return {
    parts: partsOver(lives, life.ports(parts.ports), journal),
    ...healthy,
    isDead: life.isDead,
  };
}

function sleepingLife(lives: Lives, parts: CockpitParts, sleep: Sleep): FirstLife {
  const life = sleeper();
  let slept = false;
  const journal = asleepIn(lives.journal, sleep, () => {
    slept = true;
    life.sleep();
  });
  return {
    parts: partsOver(lives, life.ports(parts.ports), journal),
    ...healthy,
    slept: () => slept,
    wake: life.wake,
  };
}

/** Whether a record is the one at which something happens: so many after a step began. */
function countdown({ step, records }: Pick<Crash, 'step' | 'records'>): (payload: Payload) => boolean {
  let left: number | null = null;
  return (payload) => {
    if (payload.kind !== 'event') return left === 0;
    if (left !== null) left -= 1;
    else if (payload.changed.some((text) => text.endsWith(' running') && text.split(/[ :]/)[0] === step))
      left = records;
    return left === 0;
  };
}

/** A journal whose cockpit falls asleep at a record: before anything is sent because of it, or right after that. */
function asleepIn(journal: MemoryJournal, { edge, ...at }: Sleep, sleep: () => void): Journal {
  const isReached = countdown(at);
  let reached = false;
  return {
    ...journal,
    append: (moment, payload, durable) => {
      journal.append(moment, payload, durable);
      if (reached || !isReached(payload)) return;
      reached = true;
      if (edge === 'before') sleep();
      else queueMicrotask(sleep);
    },
  };
}

/** A journal whose writer dies so many records after a step began. */
function dyingIn(journal: MemoryJournal, { edge, ...at }: Crash, die: () => void): Journal {
  const isReached = countdown(at);
  let gone = false;
  return {
    ...journal,
    append: (at, payload, durable) => {
      if (gone) throw new Error('the cockpit is dead');
      gone = isReached(payload);
      if (gone && edge === 'before') die();
      if (!gone || edge === 'after') journal.append(at, payload, durable);
      if (!gone) return;
      die();
      throw new Error('the cockpit is dead');
    },
  };
}

/** The cockpit that somebody started after the crash. */
export type NextLife = {
  /** Null: nobody ever came. */
  readonly cockpit: Cockpit | null;
  readonly night: Night | null;
  /** Why it could not take the run up again; null: it did, or there was nothing to take up. */
  readonly refused: string | null;
  readonly run: () => Run;
};

/** What a switch needs beyond its deadline at most: a server that starts again, a stopped one, and its own next beat, ms. */
const aloneMs = 20_000;

/** Nobody is there for a while; then another cockpit takes the run up again from its journal. */
export async function nextLife(lives: Lives, rules: Rules): Promise<NextLife> {
  const { simulator, journal, script } = lives;
  const folded = foldRun(journal.read());
  if (!folded.ok) throw new Error(folded.error);
  const { run } = folded.value;
  const crash = crashOf(script);
  rules.died(run, crash?.noticed ?? false);
  const alone = crash?.goneMs === null;
  const goneMs = crash?.goneMs ?? script.plan.limits.deadMansSwitchMs + aloneMs;
  await simulator.clock.run(simulator.clock.nowMs() + goneMs);
  if (alone) {
    rules.leftAlone();
    return { cockpit: null, night: null, refused: null, run: () => run };
  }
  const cockpit = startCockpit(partsOf(lives));
  const resumed = await drive(simulator, cockpit.resume('operator', { journal }));
  const night = resumed.ok ? resumed.value.night : null;
  return {
    cockpit,
    night,
    refused: resumed.ok || whyOver(run) !== null ? null : resumed.error,
    run: () => night?.run() ?? run,
  };
}

/** What a cockpit tells and is no trouble: that it takes a run up again, and a mirror that the run itself names as lost. */
export function isNews(told: string, run: Run | null): boolean {
  const { lost = null } = run?.mirror ?? {};
  return (
    /^Run \S+ is taken up again: /.test(told) ||
    (lost !== null && told.startsWith(`The journal's mirror is lost: ${lost}.`))
  );
}

/** Lets the world's time pass until a promise is settled. */
export async function drive<T>(simulator: Simulator, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  await simulator.clock.run(() => settled, simulator.clock.nowMs() + 120_000);
  return watched;
}
