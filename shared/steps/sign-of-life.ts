import type { Plan } from '../plan/plan.ts';
import { armedHosts } from '../plan/switches.ts';
import type { Alarm } from './event.ts';
import type { Run } from './run.ts';

/** A switch shows a sign of life each second; without a new one for this long it counts as dead, ms. */
export const silentMs = 4_000;

/** What was seen of one switch: its newest count, and when that one was new (monotonic ms). */
export type SignOfLife = { readonly count: number | null; readonly newAtMonoMs: number };

/** The hosts whose switch must be alive now: from the moment all are armed until the first claim, or until the thaw begins. */
export function hostsToWatch(run: Run, plan: Plan): readonly string[] {
  const isOn = run.phase !== 'unwinding' && run.phase !== 'ended' && run.ponrAt === null;
  const isArmed = run.steps['arm']?.state === 'done' && run.steps['claim']?.state === 'waiting';
  return isOn && isArmed ? armedHosts(plan) : [];
}

/** What a switch's file says, "count uptime"; null: it says something else, or nothing. */
export function countIn(text: string): number | null {
  const [, count] = /^(\d+) \d+\s*$/.exec(text) ?? [];
  return count === undefined ? null : Number(count);
}

/** A look at a switch, after the looks before it: only another count than the newest one is a sign of life. */
export function lookedAt(before: SignOfLife, count: number | null, nowMonoMs: number): SignOfLife {
  return count === null || count === before.count ? before : { count, newAtMonoMs: nowMonoMs };
}

/** A dead switch ends the run: the source would stay closed if the cockpit died next. Null while it is alive. */
export function judgeSignOfLife(
  host: string,
  { count, newAtMonoMs }: SignOfLife,
  nowMonoMs: number,
): Alarm | null {
  const silent = nowMonoMs - newAtMonoMs;
  if (silent < silentMs) return null;
  const last = count === null ? 'none' : `the last one was number ${count}`;
  return {
    alarm: 'switch-silent',
    instance: host,
    seen: `no new sign of life of the dead-man's switch for ${(silent / 1_000).toFixed(1)} s (${last})`,
    expected: 'one each second',
  };
}
