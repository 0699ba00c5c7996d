import { expect, test } from 'vitest';
import { startObserver } from '../../main/engine/observer.ts';
import { emptySessions, openForRun } from '../../main/engine/sessions.ts';
import type { Ports } from '../../main/ports.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { runHosts } from '../../shared/plan/switches.ts';
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

test('a channel that watching and arming want at once is opened once', async () => {
  const plan = referencePlan();
  const simulator = createSimulator(plan);
  const opened: string[] = [];
  const ssh = {
    ...simulator.ports.ssh,
    open: (...[host, limitMs]: Parameters<Ports['ssh']['open']>) => {
      opened.push(host);
      return simulator.ports.ssh.open(host, limitMs);
    },
  };
  const ports = { ...simulator.ports, ssh };
  const channels = emptySessions(() => undefined);
  const observer = startObserver(plan, ports, { channels, tell: () => undefined });
  const arming = openForRun(plan, ports, { sessions: emptySessions(() => undefined), channels });
  await simulator.clock.run(1_000);
  expect(await arming).toEqual([]);
  expect(runHosts(plan).length).toBeGreaterThan(0);
  for (const host of runHosts(plan)) expect(opened.filter((each) => each === host)).toEqual([host]);
  void observer.stop();
});
