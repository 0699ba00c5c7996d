import { expect, test } from 'vitest';
import { startObserver } from '../../main/engine/observer.ts';
import { emptySessions } from '../../main/engine/sessions.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

test('an observer that is stopped leaves no session at any server', async () => {
  const plan = referencePlan();
  const simulator = createSimulator(plan);
  const channels = emptySessions(() => undefined);
  const observer = startObserver(plan, simulator.ports, { channels, tell: () => undefined });
  await simulator.clock.run(2_000);
  void observer.stop();
  await simulator.clock.run(4_000);
  const left = [...simulator.world.servers.values()].flatMap(({ id, threads }) =>
    [...threads.values()].filter(({ owner }) => owner === 'cockpit').map((thread) => `${id} ${thread.id}`),
  );
  expect(left).toEqual([]);
});
