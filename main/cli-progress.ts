import type { Moment } from '../shared/steps/event.ts';
import type { Run, StepState } from '../shared/steps/run.ts';
import { alarmText } from '../shared/steps/wording.ts';

/** A step that ends sooner is told once, when it has ended. */
const tellsWaitAfterMs = 1_000;
/** What a step waits for is told again where it has become something else, and no more often than this. */
const tellsAgainAfterMs = 5_000;

/** Called again and again with a run as it is, and with what time it is. */
export type Progress = (run: Run, now: Moment) => void;

/**
 * Tells a terminal how a run goes on, a line each with its time (UTC): each step when it has ended, what a longer one waits
 * for, the point of no return, and each alarm. What was before `since` somebody else has told already.
 */
export function startProgress(tell: (text: string) => void, since: Moment): Progress {
  const told = new Set<string>();
  const waits = new Map<string, { readonly text: string; readonly atMs: number }>();
  let news: { readonly at: Moment; readonly text: string }[] = [];
  const once = (name: string, at: Moment, text: string): void => {
    if (told.has(name)) return;
    told.add(name);
    if (at.utcMs >= since.utcMs) news.push({ at, text });
  };
  const wait = ({ key, startedAt, limitMs, limitFrom, text }: StepState, now: Moment): void => {
    const forMs = startedAt === null ? 0 : now.monoMs - startedAt.monoMs;
    const last = waits.get(key);
    const isNew = last === undefined || (last.text !== text && now.monoMs - last.atMs >= tellsAgainAfterMs);
    if (forMs < tellsWaitAfterMs || text === '' || !isNew) return;
    waits.set(key, { text, atMs: now.monoMs });
    const bound = `${seconds(forMs)} of ${seconds(limitMs)} (${limitFrom})`;
    news.push({ at: now, text: `${key} runs for ${bound}. ${text}` });
  };
  return (run, now) => {
    news = [];
    for (const step of Object.values(run.steps)) {
      const { key, state, attempt, startedAt, endedAt, text } = step;
      if (state === 'running') wait(step, now);
      else if (startedAt !== null && endedAt !== null)
        once(
          `${key} ${attempt} ${state}`,
          endedAt,
          // What a step that was taken back had waited for is over.
          `${key} ${state} after ${seconds(endedAt.monoMs - startedAt.monoMs)}.${state === 'undone' ? '' : ` ${text}`}`,
        );
    }
    if (run.ponrAt !== null)
      once('point', run.ponrAt, 'POINT OF NO RETURN: the way is forward from here, or Reverse afterwards.');
    for (const [place, { alarm, moment }] of run.alarms.entries())
      once(`alarm ${place}`, moment, `ALARM ${alarmText(alarm)}`);
    for (const { at, text } of news.toSorted((one, other) => one.at.utcMs - other.at.utcMs))
      tell(`${new Date(at.utcMs).toISOString().slice(11, 23)}  ${text}`);
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 0)} s`;
}
