import type { Fault, When } from '../../shared/plan/scenario.ts';
import type { Happening, NightScript } from './night-script.ts';
import { playNight } from './play-night.ts';

/** Nights that one search for a shorter script may play. */
const mostTries = 120;

/**
 * The shortest script that still breaks the same rule: faults and acts are left out one by one, then what is left is made
 * simpler. Each try is a whole night, so the search is bounded.
 */
export async function shrink(script: NightScript, rule: string): Promise<NightScript> {
  let tries = 0;
  const fails = async (candidate: NightScript): Promise<boolean> => {
    tries += 1;
    const { violations } = await playNight(candidate, { thorough: true });
    return violations.some((violation) => violation.rule === rule);
  };
  let best = script;
  for (let moved = true; moved && tries < mostTries;) {
    moved = false;
    for (const candidate of simpler(best)) {
      if (tries >= mostTries) break;
      if (!(await fails(candidate))) continue;
      best = candidate;
      moved = true;
      break;
    }
  }
  return best;
}

/** Scripts that are one bit simpler, the boldest first. */
export function simpler(script: NightScript): readonly NightScript[] {
  const { back } = script;
  const forth = simplerWay(script.happenings).map((happenings) => ({ ...script, happenings }));
  if (back === null) return forth;
  const way = simplerWay(back.happenings).map((happenings) => ({ ...script, back: { ...back, happenings } }));
  return [{ ...script, back: null }, ...forth, ...way];
}

function simplerWay(happenings: readonly Happening[]): readonly (readonly Happening[])[] {
  const without = happenings.map((_, index) => happenings.filter((__, place) => place !== index));
  const milder = happenings.flatMap((each, index) =>
    milderOf(each).map((mild) => happenings.map((other, place) => (place === index ? mild : other))),
  );
  return [...without, ...milder];
}

function milderOf(each: Happening): readonly Happening[] {
  if (each.kind === 'crash') {
    const { crash } = each;
    return crash.records > 0 ? [{ kind: 'crash', crash: { ...crash, records: crash.records - 1 } }] : [];
  }
  if (each.kind === 'sleep') {
    const { sleep } = each;
    return sleep.records > 0 ? [{ kind: 'sleep', sleep: { ...sleep, records: sleep.records - 1 } }] : [];
  }
  if (each.kind === 'act') {
    const { act } = each;
    return act.kind === 'abort' && act.twice ? [{ kind: 'act', act: { ...act, twice: false } }] : [];
  }
  const { when, fault } = each.fault;
  return [
    ...simplerMoments(when).map((moment): Happening => ({ kind: 'fault', fault: { when: moment, fault } })),
    ...simplerFaults(fault).map((mild): Happening => ({ kind: 'fault', fault: { when, fault: mild } })),
  ];
}

function simplerMoments(when: When): readonly When[] {
  if ('delayMs' in when && when.delayMs > 0) return [{ ...when, delayMs: 0 }];
  return 'count' in when && when.count > 1 ? [{ ...when, count: when.count - 1 }] : [];
}

function simplerFaults(fault: Fault): readonly Fault[] {
  if ('times' in fault && fault.times > 1) return [{ ...fault, times: 1 }];
  if ('count' in fault && fault.count > 1) return [{ ...fault, count: 1 }];
  if ('forMs' in fault && typeof fault.forMs === 'number' && fault.forMs > 1_000)
    return [{ ...fault, forMs: Math.round(fault.forMs / 2) }];
  return [];
}
