import { expect, test } from 'vitest';
import { startLoop } from '../../main/engine/loop.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

const plan = referencePlan();

test('a turn that throws is told and the loop goes on', async () => {
  const { clock } = createSimulator(plan);
  const heard: string[] = [];
  let turns = 0;
  const loop = startLoop(clock.port, {
    periodMs: 100,
    turn: () => {
      turns += 1;
      return turns === 2 ? Promise.reject(new Error('the second turn')) : Promise.resolve();
    },
    failed: (error) => heard.push(String(error)),
  });
  await clock.run(1_000);
  loop.stop();
  expect(heard).toEqual(['Error: the second turn']);
  expect(turns).toBeGreaterThan(8);
});

test('loops that begin together are spread over their period from the second turn on', async () => {
  const { clock } = createSimulator(plan);
  const periodMs = 200;
  const turnsOf = [0, 50, 100, 150].map((shiftMs) => {
    const began: number[] = [];
    const loop = startLoop(clock.port, {
      periodMs,
      shiftMs,
      turn: async () => void began.push(clock.port.now().monoMs),
      failed: () => undefined,
    });
    return { began, loop };
  });
  await clock.run(1_000);
  for (const { loop } of turnsOf) loop.stop();
  const first = turnsOf[0]?.began[0] ?? 0;
  expect(turnsOf.map(({ began }) => began.slice(0, 4).map((at) => Math.round(at - first)))).toEqual([
    [0, 200, 400, 600],
    [0, 250, 450, 650],
    [0, 300, 500, 700],
    [0, 350, 550, 750],
  ]);
});
