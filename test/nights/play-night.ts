import { hash } from 'node:crypto';
import type { Run } from '../../shared/steps/run.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { drive, type Lives } from './lives.ts';
import { lazyJournal } from './memory-journal.ts';
import type { NightScript } from './night-script.ts';
import { lostBothWays, playBack, type Back } from './play-back.ts';
import { playWay, type Way } from './play-way.ts';
import type { Hit, Violation } from './scene.ts';
import { watchRules } from './watch-rules.ts';

/** What a night came to. */
export type Played = {
  readonly outcome: string;
  /** The last step of the order that began. */
  readonly furthest: string;
  readonly passed: boolean;
  readonly violations: readonly Violation[];
  readonly hits: readonly Hit[];
  /** Kinds of faults that really happened. */
  readonly happened: readonly string[];
  readonly simulatedMs: number;
  /** The cockpit died between the fence and the promotion. */
  readonly diedInside: boolean;
  /** How the way back ended; null: nobody asked for it, or the run could not be turned round. */
  readonly back: string | null;
  /** Whether another laptop took the run over while the first one slept. */
  readonly overtaken: boolean;
};

export type PlayOptions = {
  /** Hears every event, for a replay. */
  readonly trace?: (line: string) => void;
  /** See Ended.thorough. */
  readonly thorough?: boolean;
};

/** How long is waited, and how often, until nothing of the cockpit is left on any server. */
const afterwardsMs = 400;
const afterwards = 40;

/** Node takes its next tick once no promise has anything more to do: one turn of the loop gives everybody theirs. */
const everyTurn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Plays a whole night, from the first look to Close (or there and back), and holds every rule after every event. */
export async function playNight(script: NightScript, options: PlayOptions = {}): Promise<Played> {
  const simulator = createSimulator(script.plan, {
    seed: script.seed,
    settle: everyTurn,
    sha256: (text) => hash('sha256', text, 'hex'),
  });
  const lives: Lives = { script, simulator, journal: lazyJournal(options.thorough ?? false) };
  const how = { trace: options.trace ?? null, thorough: options.thorough ?? false };
  const rules = watchRules({ ...lives, trace: how.trace, excused: new Set() });
  const forth = await playWay(lives, { ...how, prepares: true, rules: () => rules });
  const back = await playBack(lives, forth, how);
  await end(lives, [forth, back]);
  const backPassed = (back?.run?.ponrAt ?? null) !== null;
  const run = backPassed ? (back?.run ?? null) : forth.run;
  return {
    outcome: back?.run?.outcome === 'done' ? 'reversed' : outcomeOf(forth),
    furthest: furthestOf(run),
    passed: (forth.run?.ponrAt ?? null) !== null,
    violations: [...forth.rules.violations, ...(back?.rules.violations ?? [])],
    hits: [...forth.rules.hits, ...(back?.rules.hits ?? [])],
    happened: simulator.happened.map(({ fault }) => fault.kind),
    simulatedMs: simulator.clock.nowMs(),
    diedInside: forth.rules.diedInside() || (back?.rules.diedInside() ?? false),
    back: back === null ? null : outcomeOf(back),
    overtaken: forth.overtaken,
  };
}

/** The cockpits are stopped; what is left of them then, and what the two ways lost together, are the last rules. */
async function end(lives: Lives, [forth, back]: readonly [Way, Back | null]): Promise<void> {
  const { simulator } = lives;
  const last = back ?? forth;
  for (const { cockpit } of back === null ? [forth] : [back, forth])
    if (cockpit !== null) await drive(simulator, cockpit.stop());
  // What is left where nobody ever came is judged by the rules for that.
  if (last.cockpit === null) return;
  // What hangs in a cut or a stopped process is gone once that has healed.
  for (let wait = 0; wait < afterwards && last.rules.leftBehind() !== null; wait += 1)
    await simulator.clock.run(simulator.clock.nowMs() + afterwardsMs);
  last.rules.afterwards();
  if (back === null) return;
  back.rules.broken({ name: 'wayForthIsTold', law: 'R6' }, back.told);
  back.rules.broken({ name: 'noWriteLostBothWays', law: 'I2' }, await lostBothWays(lives, back));
}

function outcomeOf({ run, cockpit }: Way): string {
  if (cockpit === null) return 'left-alone';
  return run === null ? 'not-started' : (run.outcome ?? 'none');
}

function furthestOf(run: Run | null): string {
  if (run === null) return 'hold';
  const begun = Object.values(run.steps).filter(
    ({ state, step, startedAt }) => startedAt !== null && state !== 'waiting' && step !== 'unwind',
  );
  return begun.at(-1)?.step ?? 'hold';
}
