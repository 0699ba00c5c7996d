import type { Run } from '../../shared/steps/run.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { touchable } from '../helpers/touched.ts';
import { drive, firstLife, isNews, nextLife, type Lives } from './lives.ts';
import { actsOf, faultsOf, sleepOf, type Act } from './night-script.ts';
import { seatOperator } from './operator.ts';
import { overtake, whoeverWakesIsOusted, wokenUp } from './overtaken.ts';
import type { Rules } from './watch-rules.ts';

/** What one way of a night came to, with the cockpit that still stands at its end. */
export type Way = {
  readonly run: Run | null;
  /** Null: it died, and nobody ever came. */
  readonly cockpit: Cockpit | null;
  /** Whether another laptop took the run over. */
  readonly overtaken: boolean;
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
    if (released.ok)
      await minute(lives, { night, rules, pressed, isGone: () => life.isDead() || life.slept() });
    else options.trace?.(released.error);
  } else options.trace?.(armed.ok ? armed.value.blocks.join('; ') : armed.error);
  const other = life.slept() ? await overtake(lives, rules, options.thorough) : null;
  if (other === null || sleepOf(script)?.wakes === 'at-once') life.wake();
  if (life.slept() && other === null && night !== null)
    // With nothing to take over the first one goes on as if it had never slept.
    await minute(lives, { night, rules, pressed, isGone: () => false });
  const next = life.isDead() ? await nextLife(lives, rules) : other;
  if (next?.night) await minute(lives, { night: next.night, rules, pressed, isGone: () => false });
  const run = next === null ? (night?.run() ?? null) : next.run();
  if (next?.cockpit === null) return { run, cockpit: null, overtaken: false, rules };
  const living = next === null ? cockpit : next.cockpit;
  const refused = typeof next?.refused === 'string' && rules.refused(next.refused);
  rules.end({
    run,
    refused,
    measured: (next === null ? night : next.night)?.measured() ?? null,
    journal: other?.journal ?? journal,
    troubles: living.troubles().flatMap(({ text }) => (isNews(text, run) ? [] : [text])),
    thorough: options.thorough,
  });
  if (other !== null) {
    life.wake();
    rules.broken(whoeverWakesIsOusted, await wokenUp(lives, night));
    await over(cockpit.stop());
  }
  return { run, cockpit: living, overtaken: other !== null, rules };
}

type Minute = {
  readonly night: Night;
  readonly rules: Rules;
  readonly pressed: Set<Act>;
  /** It died, or fell asleep. */
  readonly isGone: () => boolean;
};

/** From the release to Close, or to where nobody does anything more. */
async function minute(
  { script, simulator }: Lives,
  { night, rules, pressed, isGone }: Minute,
): Promise<void> {
  const operator = seatOperator(script, { clock: simulator.clock, pressed }, night);
  const sees = (run: Run): void => {
    // What a dead cockpit still thinks is thought by nobody.
    if (isGone()) return;
    rules.see(run);
    operator.sees(run);
  };
  night.runner()?.onChange(sees);
  const first = night.run();
  if (first !== null) sees(first);
  await simulator.clock.run(() => {
    const run = night.run();
    // A broken rule ends the night: what follows it is no news.
    return isGone() || rules.violations.length > 0 || run === null || operator.leaves(run, night.measured());
  }, simulator.clock.nowMs() + nightMs);
}
