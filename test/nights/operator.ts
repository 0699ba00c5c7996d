import type { MeasuredRecord } from '../../shared/audit/record.ts';
import { concludableAt } from '../../shared/steps/at-source.ts';
import { changedZones } from '../../shared/steps/overwrite.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import type { SimulatorClock } from '../../main/simulator/clock.ts';
import { actsOf, type Act, type NightScript } from './night-script.ts';

/** The person at the screen of one night. */
export type Operator = {
  /** Sees what the screen shows after every event. */
  readonly sees: (run: Run) => void;
  /** Whether anything more is to be expected of them. */
  readonly leaves: (run: Run, measured: MeasuredRecord | null) => boolean;
};

const closings = 3;
const closeAgainMs = 2_000;

/**
 * Presses what the script says, when it says so, through the same doors as the screen. `pressed`: aborts that were pressed
 * already, on the cockpit before this one.
 */
export function seatOperator(
  script: NightScript,
  { clock, pressed }: { readonly clock: SimulatorClock; readonly pressed: Set<Act> },
  night: Night,
): Operator {
  const aborts = actsOf(script, 'abort');
  const patience = actsOf(script, 'retry')[0] ?? null;
  // Whoever will turn the night round leaves it open.
  const closes = script.back === null;
  const closeMs = actsOf(script, 'close-later')[0]?.ms ?? 0;
  let retries = patience?.times ?? 0;
  let retrying = false;
  let closed = 0;
  let closing = false;

  const post = (event: Parameters<NonNullable<ReturnType<Night['runner']>>['post']>[0]): void =>
    night.runner()?.post(event);

  const abort = (run: Run): void => {
    for (const act of aborts) {
      const { step, delayMs, twice } = act;
      const places = Object.values(run.steps).filter((one) => one.step === step);
      // On one chain it may be over at once while it has not begun on another, where it takes its time.
      const began =
        places.some(({ state }) => state === 'running') ||
        (places.length > 0 && places.every(({ state }) => state !== 'waiting'));
      if (pressed.has(act) || !began) continue;
      pressed.add(act);
      const press = (): void => post({ kind: 'abort-asked', who: 'operator', reason: 'a change of mind' });
      clock.in(delayMs, press);
      if (twice) clock.in(delayMs + 5, press);
    }
  };

  const retry = (run: Run): void => {
    if (retries === 0 || retrying || patience === null || run.outcome !== 'needs-operator') return;
    const failed = Object.values(run.steps).find(
      ({ state, step }) => state === 'failed' && (run.ponrAt !== null || step === 'unwind'),
    );
    if (failed === undefined) return;
    retrying = true;
    retries -= 1;
    // Behind a flip that failed some people try it again, and some press plan B.
    const planB = failed.key === 'flip' && run.steps['announce']?.state === 'absent' && script.seed % 2 === 1;
    // Where the switches brought the data back to the source, most people conclude the run there, and some look again first.
    const atSource = concludableAt(run, script.plan).length > 0 && (script.seed + retries) % 3 !== 0;
    const step = atSource
      ? 'unwind'
      : planB && (run.zones ?? []).some(({ batch }) => batch.changes.length > 0)
        ? 'announce'
        : failed.key;
    clock.in(patience.pauseMs, () => {
      clock.answered();
      // Whoever sees the difference of a zone lets it be overwritten.
      const overwrite = step === 'announce' ? changedZones(run).map(({ zone }) => zone) : [];
      void night.retry({ step, overwrite, who: 'operator' }).finally(() => {
        retrying = false;
      });
    });
  };

  const close = (run: Run): void => {
    if (!closes || closing || closed >= closings || run.phase !== 'watching' || run.outcome !== 'done')
      return;
    if (night.measured() === null) return;
    closing = true;
    clock.in(closed === 0 ? closeMs : closeAgainMs, () => {
      closing = false;
      closed += 1;
      post({ kind: 'close-asked', who: 'operator' });
    });
  };

  return {
    sees: (run) => {
      abort(run);
      retry(run);
      close(run);
    },
    leaves: (run, measured) => {
      close(run);
      // A press that was refused changed nothing, so that no event tells of it.
      retry(run);
      if (run.outcome === 'done')
        return run.phase === 'ended' || closed >= closings || (!closes && measured !== null);
      if (run.outcome === 'needs-operator') return retries === 0 && !retrying;
      return run.outcome !== null && measured !== null;
    },
  };
}
