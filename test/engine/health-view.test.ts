import { expect, test } from 'vitest';
import { healthView } from '../../main/api/health-view.ts';
import { startObserver } from '../../main/engine/observer.ts';
import { emptySessions } from '../../main/engine/sessions.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { present } from '../../shared/lib/assert.ts';
import { drive, referencePlan } from '../helpers/rehearsal.ts';

test('how the checkers vote is kept look by look, counted in whole intervals, and begins anew with one against it', async () => {
  const plan = referencePlan();
  const dns = present(plan.dns, 'the DNS of the plan');
  const simulator = createSimulator(plan, { faults: [] });
  const observer = startObserver(plan, simulator.ports, {
    channels: emptySessions(() => undefined),
    tell: (text) => expect.unreachable(text),
  });
  const seen = () => {
    const { dns: facts, at } = observer.snapshot();
    return present(healthView(dns, facts, at), 'the view');
  };
  const target = () =>
    present(
      seen().checks.find(({ check }) => check === 'east-target'),
      'the check',
    );
  expect(target()).toMatchObject({ side: 'target', state: 'unknown', regions: [] });
  await drive(simulator, observer.refresh(), 60_000);
  expect(target()).toMatchObject({ state: 'as-planned', stable: { intervals: 0, wanted: 3 } });
  await simulator.clock.run(simulator.clock.nowMs() + 35_000);
  expect(target().stable.intervals).toBe(1);
  expect(target().regions.map(({ region }) => region)).toEqual(['eu-west-1', 'us-east-1', 'us-west-2']);
  for (const { looks } of target().regions) {
    expect(looks.length).toBeGreaterThanOrEqual(3);
    // Before a channel was open nobody could look.
    expect(looks[0]).toBe('none');
    expect(new Set(looks.slice(-3))).toEqual(new Set(['healthy']));
  }
  expect(seen().traps).toEqual([]);
  for (const id of ['check-east-target', 'check-west-target']) simulator.world.unhealthyChecks.add(id);
  await simulator.clock.run(simulator.clock.nowMs() + 12_000);
  expect(target()).toMatchObject({ stable: { intervals: 0 } });
  expect(target().regions[0]).toMatchObject({ healthy: 0, of: 1 });
  expect(target().regions[0]?.looks.at(-1)).toBe('unhealthy');
  expect(seen().traps).toEqual([expect.stringContaining('www.shop.example A on the target')]);
  await drive(simulator, observer.stop(), 60_000);
});
