import type { Run } from '../../shared/steps/run.ts';
import { startCockpit } from '../../main/engine/cockpit.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { createSimulator, type Simulator } from '../../main/simulator/simulator.ts';
import { touchable } from '../helpers/touched.ts';
import { drive, firstLife, isTakenUp, nextLife } from './lives.ts';
import { lazyJournal } from './memory-journal.ts';
import { actsOf, faultsOf, type Act, type NightScript } from './night-script.ts';
import { seatOperator } from './operator.ts';
import type { Hit, Violation } from './scene.ts';
import { watchRules, type Rules } from './watch-rules.ts';

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
};

export type PlayOptions = {
  /** Hears every event, for a replay. */
  readonly trace?: (line: string) => void;
  /** See Ended.thorough. */
  readonly thorough?: boolean;
};

/** The world is watched for this long before anybody arms; arming watches for another second. */
const watchMs = 200;
/** Simulated time after which a night that has not ended never will. */
const nightMs = 400_000;
/** How long is waited, and how often, until nothing of the cockpit is left on any server. */
const afterwardsMs = 400;
const afterwards = 40;

/** Node takes its next tick once no promise has anything more to do: one turn of the loop gives everybody theirs. */
const everyTurn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Plays a whole night, from the first look to Close, and holds every rule after every event. */
export async function playNight(script: NightScript, options: PlayOptions = {}): Promise<Played> {
  const { plan, seed } = script;
  const simulator = createSimulator(plan, { seed, settle: everyTurn });
  const journal = lazyJournal(options.thorough ?? false);
  const life = firstLife({ script, simulator, journal });
  const cockpit = startCockpit(life.parts);
  const pressed = new Set<Act>();
  const rules = watchRules({ script, simulator, journal, trace: options.trace ?? null });
  simulator.script(faultsOf(script));
  const over = <T>(promise: Promise<T>): Promise<T> => drive(simulator, promise);
  await over(cockpit.observer.refresh());
  await over(cockpit.prepare('operator'));
  await simulator.clock.run(simulator.clock.nowMs() + watchMs);
  const armed = await over(cockpit.arm('operator', true));
  const night = armed.ok ? armed.value : null;
  if (night !== null && night.blocks.length === 0) {
    await simulator.clock.run(simulator.clock.nowMs() + (actsOf(script, 'wait')[0]?.ms ?? 0));
    rules.release(touchable(simulator));
    const released = night.release({ hold: 'lock', permit: night.permit, who: 'operator' });
    if (released.ok) await minute({ script, simulator, night, rules, pressed, isDead: life.isDead });
    else options.trace?.(released.error);
  } else options.trace?.(armed.ok ? armed.value.blocks.join('; ') : armed.error);
  const next = life.isDead() ? await nextLife({ script, simulator, journal }, rules) : null;
  if (next?.night)
    await minute({ script, simulator, night: next.night, rules, pressed, isDead: () => false });
  const run = next === null ? (night?.run() ?? null) : next.run();
  const living = next === null ? cockpit : next.cockpit;
  const troubles = living.troubles().flatMap(({ text }) => (isTakenUp(text) ? [] : [text]));
  if (typeof next?.refused === 'string') rules.refused(next.refused);
  rules.end({
    run,
    measured: (next === null ? night : next.night)?.measured() ?? null,
    journal,
    troubles,
    thorough: options.thorough ?? false,
  });
  await over(living.stop());
  // What hangs in a cut or a stopped process is gone once that has healed.
  for (let wait = 0; wait < afterwards && rules.leftBehind() !== null; wait += 1)
    await simulator.clock.run(simulator.clock.nowMs() + afterwardsMs);
  rules.afterwards();
  return {
    outcome: run?.outcome ?? (run === null ? 'not-started' : 'none'),
    furthest: furthestOf(run),
    passed: (run?.ponrAt ?? null) !== null,
    violations: rules.violations,
    hits: rules.hits,
    happened: simulator.happened.map(({ fault }) => fault.kind),
    simulatedMs: simulator.clock.nowMs(),
    diedInside: rules.diedInside(),
  };
}

type Minute = {
  readonly script: NightScript;
  readonly simulator: Simulator;
  readonly night: Night;
  readonly rules: Rules;
  readonly pressed: Set<Act>;
  readonly isDead: () => boolean;
};

/** From the release to Close, or to where nobody does anything more. */
async function minute({ script, simulator, night, rules, pressed, isDead }: Minute): Promise<void> {
  const operator = seatOperator(script, { clock: simulator.clock, pressed }, night);
  const sees = (run: Run): void => {
    // What a dead cockpit still thinks is thought by nobody.
    if (isDead()) return;
    rules.see(run);
    operator.sees(run);
  };
  night.runner()?.onChange(sees);
  const first = night.run();
  if (first !== null) sees(first);
  await simulator.clock.run(() => {
    const run = night.run();
    // A broken rule ends the night: what follows it is no news.
    return isDead() || rules.violations.length > 0 || run === null || operator.leaves(run, night.measured());
  }, nightMs);
}

function furthestOf(run: Run | null): string {
  if (run === null) return 'hold';
  const begun = Object.values(run.steps).filter(
    ({ state, step, startedAt }) => startedAt !== null && state !== 'waiting' && step !== 'unwind',
  );
  return begun.at(-1)?.step ?? 'hold';
}
