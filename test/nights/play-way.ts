import type { Run } from '../../shared/steps/run.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { touchable } from '../helpers/touched.ts';
import { drive, firstLife, isTakenUp, nextLife, type Lives } from './lives.ts';
import { actsOf, faultsOf, type Act } from './night-script.ts';
import { seatOperator } from './operator.ts';
import type { Rules } from './watch-rules.ts';

/** What one way of a night came to, with the cockpit that still stands at its end. */
export type Way = {
  readonly run: Run | null;
  /** Null: it died, and nobody ever came. */
  readonly cockpit: Cockpit | null;
  readonly rules: Rules;
};

export type WayOptions = {
  /** Asked for once it is armed, just before the release. */
  readonly rules: () => Rules;
  /** The way forth: it begins with what the preflight writes, and its faults may happen from then on. */
  readonly prepares: boolean;
  readonly trace: ((line: string) => void) | null;
  readonly thorough: boolean;
};

/** The world is watched for this long before anybody arms; arming watches for another second. */
const watchMs = 200;
/** Simulated time after which a night that has not ended never will. */
const nightMs = 400_000;

/** Plays one way, from the first look to Close or to where nobody does anything more, and holds every rule. */
export async function playWay(lives: Lives, options: WayOptions): Promise<Way> {
  const { simulator, script, journal } = lives;
  const { clock } = simulator;
  const life = firstLife(lives);
  const cockpit = startCockpit(life.parts);
  const pressed = new Set<Act>();
  const over = <T>(promise: Promise<T>): Promise<T> => drive(simulator, promise);
  if (options.prepares) simulator.script(faultsOf(script));
  await over(cockpit.observer.refresh());
  if (options.prepares) await over(cockpit.prepare('operator'));
  await clock.run(clock.nowMs() + watchMs);
  const armed = await over(cockpit.arm('operator', true));
  const night = armed.ok ? armed.value : null;
  const rules = options.rules();
  if (!options.prepares) simulator.script(faultsOf(script));
  if (night !== null && night.blocks.length === 0) {
    await clock.run(clock.nowMs() + (actsOf(script, 'wait')[0]?.ms ?? 0));
    rules.release(touchable(simulator));
    const released = await over(cockpit.release({ hold: 'lock', permit: night.permit, who: 'operator' }));
    if (released.ok) await minute(lives, { night, rules, pressed, isDead: life.isDead });
    else options.trace?.(released.error);
  } else options.trace?.(armed.ok ? armed.value.blocks.join('; ') : armed.error);
  const next = life.isDead() ? await nextLife(lives, rules) : null;
  if (next?.night) await minute(lives, { night: next.night, rules, pressed, isDead: () => false });
  const run = next === null ? (night?.run() ?? null) : next.run();
  if (next?.cockpit === null) return { run, cockpit: null, rules };
  const living = next === null ? cockpit : next.cockpit;
  if (typeof next?.refused === 'string') rules.refused(next.refused);
  rules.end({
    run,
    measured: (next === null ? night : next.night)?.measured() ?? null,
    journal,
    troubles: living.troubles().flatMap(({ text }) => (isTakenUp(text) ? [] : [text])),
    thorough: options.thorough,
  });
  return { run, cockpit: living, rules };
}

type Minute = {
  readonly night: Night;
  readonly rules: Rules;
  readonly pressed: Set<Act>;
  readonly isDead: () => boolean;
};

/** From the release to Close, or to where nobody does anything more. */
async function minute(
  { script, simulator }: Lives,
  { night, rules, pressed, isDead }: Minute,
): Promise<void> {
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
  }, simulator.clock.nowMs() + nightMs);
}
