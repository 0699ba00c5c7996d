import { describe, expect, test } from 'vitest';
import { createApi } from '../../main/api/handlers.ts';
import { askToQuit } from '../../main/stop.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import { order } from '../../shared/steps/order.ts';
import type { RunEvent } from '../../shared/steps/event.ts';
import type { Run } from '../../shared/steps/run.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const flavors = ['mariadb', 'mysql'] as const;
const abort: RunEvent = { kind: 'abort-asked', who: 'Dana', reason: 'a test' };

/** Presses once, as soon as something is so. */
function once(
  so: (run: Run) => boolean,
  press: (post: (event: RunEvent) => void) => void,
): (run: Run, post: (event: RunEvent) => void) => void {
  let pressed = false;
  return (run, post) => {
    if (pressed || !so(run)) return;
    pressed = true;
    press(post);
  };
}

/** Simulated ms from the press to the end of the whole undo list. */
function abortTookMs({ run }: Rehearsed): number {
  return (run?.endedAt?.monoMs ?? NaN) - (run?.abortAskedAt?.monoMs ?? NaN);
}

const before = order.filter(({ side }) => side !== 'after');

describe.each(flavors)('abort on %s', (flavor) => {
  const took: number[] = [];
  test.each(before)('as soon as $id has begun: thawed, and nothing is left', async ({ id }) => {
    const begun = (run: Run): boolean =>
      Object.values(run.steps).some(({ step, startedAt }) => step === id && startedAt !== null);
    const night = await rehearse({ flavor, operator: once(begun, (post) => post(abort)) });
    expect(night.run?.outcome).toBe('thawed');
    expect(night.run?.abortReason).toBe('Dana asked for it: a test');
    expect(brokenRules(night)).toEqual([]);
    expect(notRestored(night)).toEqual([]);
    took.push(abortTookMs(night));
  });

  test('everything is taken back within 2 s of the press, whatever had begun (simulated, printed)', () => {
    expect(took).toHaveLength(before.length);
    console.log(
      `${flavor}: from the abort to the end of the whole undo list ${Math.min(...took).toFixed(0)}–${Math.max(...took).toFixed(0)} simulated ms`,
    );
    expect(Math.max(...took)).toBeLessThan(2_000);
  });

  test('pressed twice it is one abort', async () => {
    const fenced = (run: Run): boolean => run.steps['fence:orders']?.state === 'done';
    const night = await rehearse({
      flavor,
      operator: once(fenced, (post) => {
        post(abort);
        post(abort);
      }),
    });
    expect(night.run?.outcome).toBe('thawed');
    expect(night.arrivals.filter(({ operation }) => operation === 'thaw')).toHaveLength(4);
    expect(notRestored(night)).toEqual([]);
  });

  test('after the point of no return it changes nothing, and whoever asks hears why', async () => {
    const heard: string[] = [];
    let night: Rehearsed | null = null;
    night = await rehearse({
      flavor,
      operator: once(
        (run) => run.ponrAt !== null,
        (post) => post(abort),
      ),
      preflight: (cockpit) => {
        const api = createApi(cockpit);
        cockpit.onChange(() => {
          const run = cockpit.night()?.run() ?? null;
          if (run?.outcome !== 'done' || heard.length > 0) return;
          heard.push(askToQuit(cockpit, 'SIGINT').text);
          void api.handlers.abort({ who: 'Dana', reason: 'late' }).then((reply) => {
            if (!reply.ok) heard.push(reply.message);
            api.stop();
          });
        });
      },
    });
    expect(night.run?.outcome).toBe('done');
    expect(night.arrivals.filter(({ operation }) => operation === 'thaw')).toEqual([]);
    expect(heard).toEqual([
      'Past the point of no return: the run must be watched until Close. Not leaving.',
      'Past the point of no return there is no abort: the way is forward, or Reverse.',
    ]);
  });
});

describe.each(flavors)('after the point of no return on %s', (flavor) => {
  const failedSwitch: ScriptedFault = {
    when: { before: 'promote', count: 1 },
    fault: {
      kind: 'failed-switch',
      host: { appHost: 1 },
      code: 1,
      output: 'switch-site: No space left on device',
      delayMs: 40,
      times: 1,
    },
  };

  test('a host that refused the switch is named with its output, and one press finishes', async () => {
    let sentence = '';
    const night = await rehearse({
      flavor,
      faults: [failedSwitch],
      operator: once(
        ({ outcome, steps }) => {
          sentence = outcome === 'needs-operator' ? (steps['redirect']?.text ?? '') : sentence;
          return outcome === 'needs-operator';
        },
        (post) => post({ kind: 'retry-asked', who: 'Dana', step: 'redirect' }),
      ),
      until: (run, measured) => run?.outcome === 'done' && measured !== null,
    });
    expect(sentence).toMatch(/app-a1.*No space left on device/);
    expect(night.run?.outcome).toBe('done');
    expect(brokenRules(night)).toEqual([]);
    expect(night.after.filter((line) => / uses /.test(line))).toEqual([
      'app-a1 uses us-east-1',
      'app-a2 uses us-east-1',
      'app-b1 uses us-west-2',
      'app-e1 uses us-east-1',
    ]);
  });

  test('close removes the schema everywhere and the run is over', async () => {
    const night = await rehearse({
      flavor,
      operator: once(
        ({ phase }) => phase === 'watching',
        (post) => post({ kind: 'close-asked', who: 'Dana' }),
      ),
      until: (run, measured) => run?.phase === 'ended' && measured !== null,
    });
    expect(night.run?.outcome).toBe('done');
    expect(night.run?.steps['close']?.state).toBe('done');
    await night.simulator.clock.run(night.simulator.clock.nowMs() + 2_000);
    const prepared = [...night.simulator.world.servers.values()].filter(
      ({ schemaPrepared }) => schemaPrepared,
    );
    expect(prepared.map(({ id }) => id)).toEqual([]);
    expect(brokenRules(night)).toEqual([]);
  });
});
