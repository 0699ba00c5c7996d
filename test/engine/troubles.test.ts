import { expect, test } from 'vitest';
import { keepTroubles } from '../../main/engine/troubles.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { buildView } from '../../main/api/view.ts';
import { startCockpit } from '../../main/engine/cockpit.ts';
import { memoryJournal, referencePlan } from '../helpers/rehearsal.ts';

const plan = referencePlan();

test('the same trouble again only counts, and is told once', () => {
  const { ports } = createSimulator(plan);
  const told: string[] = [];
  const troubles = keepTroubles(ports.clock, (text) => told.push(text));
  for (const text of ['a', 'b', 'a', 'a']) troubles.tell(text);
  expect(told).toEqual(['a', 'b']);
  expect(troubles.all().map(({ text, times }) => [text, times])).toEqual([
    ['a', 3],
    ['b', 1],
  ]);
});

test('troubles are bounded, however many come', () => {
  const { ports } = createSimulator(plan);
  const troubles = keepTroubles(ports.clock, () => undefined);
  for (let index = 0; index < 1_000; index += 1) troubles.tell(`trouble ${index}`);
  expect(troubles.all()).toHaveLength(100);
});

test('a port that throws shows in the log of the screen instead of in nobody’s ear', async () => {
  const simulator = createSimulator(plan);
  const told: string[] = [];
  const cockpit = startCockpit({
    plan,
    planFile: 'reference.simulator.yaml',
    planDigest: '0'.repeat(64),
    ports: {
      ...simulator.ports,
      laptop: {
        ...simulator.ports.laptop,
        facts: () => Promise.reject(new Error('no such file: /sys/power')),
      },
    },
    planJournal: memoryJournal(),
    openRunJournal: () => ({ runId: 'none', journal: memoryJournal() }),
    program: 'test',
    told: (text) => told.push(text),
  });
  await simulator.clock.run(12_000);
  const { log } = buildView(cockpit, { verdicts: [], audience: { drivers: 1, observers: 0 } });
  expect(told).toEqual(['The program is wrong: looking at this laptop failed (no such file: /sys/power).']);
  expect(log[0]?.text).toContain('looking at this laptop failed');
  expect(log[0]?.tone).toBe('bad');
  const stopped = cockpit.stop();
  await simulator.clock.run(simulator.clock.nowMs() + 1_000);
  await stopped;
});
