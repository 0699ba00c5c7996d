import { describe, expect, test } from 'vitest';
import { openWorld, type AnsweringWorld, type Scripted } from '../../helpers/answering-world.ts';
import { expectDatabasesRestored, expectRestored, intentsOf, ponrSeq } from '../../helpers/night-checks.ts';
import { eventfulPlan } from '../../helpers/reference-plan.ts';

const plan = eventfulPlan();
const quiet = openWorld(plan);
quiet.finish();
const ponr = ponrSeq(quiet) ?? 0;

type Fault = { readonly name: string; readonly scripted: Scripted; readonly sessionStaysLost: boolean };
const faults: readonly Fault[] = [
  { name: 'is refused', scripted: { answer: { code: 1227 } }, sessionStaysLost: false },
  {
    name: 'is not answered in time and had no effect',
    scripted: { answer: 'time-limit' },
    sessionStaysLost: false,
  },
  {
    name: 'is not answered in time and took effect',
    scripted: { answer: 'time-limit', effect: true },
    sessionStaysLost: false,
  },
  {
    name: 'loses its session and had no effect',
    scripted: { answer: 'session-lost' },
    sessionStaysLost: true,
  },
  {
    name: 'loses its session and took effect',
    scripted: { answer: 'session-lost', effect: true },
    sessionStaysLost: true,
  },
];

/** A night in which one command goes wrong; a lost session stays lost, because nothing reconnects in the minute. */
function nightWith(
  key: string,
  { scripted, sessionStaysLost }: Fault,
): { readonly world: AnsweringWorld; readonly reconnect: () => void } {
  let lost: string | null = null;
  const world = openWorld(plan, ({ command, where }) => {
    const session = `${where} ${command.action.kind === 'mysql' ? command.action.session : command.action.kind}`;
    if (command.key === key) {
      if (sessionStaysLost) lost = session;
      return scripted;
    }
    return lost === session ? { answer: 'session-lost' } : undefined;
  });
  const reconnect = (): void => {
    // The server gives a lost session's lock back, and a person's retry opens the session again.
    const [instance = '', purpose] = (lost ?? '').split(' ');
    const server = world.model.servers.get(instance);
    if (server !== undefined && purpose === 'act') server.lockHolder = null;
    lost = null;
  };
  return { world, reconnect };
}

const before = quiet.intents.filter(({ seq }) => seq < ponr).map(({ command }) => command.key);
const after = quiet.intents.filter(({ seq }) => seq >= ponr).map(({ command }) => command.key);

describe.each(faults)('a command of the minute $name', (fault) => {
  test.each(before)('before the point of no return everything is taken back: %s', (key) => {
    const { world } = nightWith(key, fault);
    const run = world.finish();
    expect(run.abortReason).toMatch(/\w/);
    if (fault.sessionStaysLost && key.includes('.maintenance@')) {
      // Without its only channel nobody can say whether that host is back: the databases are, and the host is named.
      expect(run.outcome).toBe('needs-operator');
      expect(run.steps['unwind']?.text).toContain(`maintenance mode of ${key.split('@')[1]} off`);
      expectDatabasesRestored(world);
    } else expectRestored(world);
  });

  test.each(after)('after it nothing is ever thawed: %s', (key) => {
    const { world } = nightWith(key, fault);
    const run = world.finish();
    expect(['done', 'needs-operator']).toContain(run.outcome);
    expect(intentsOf(world, 'thaw')).toEqual([]);
    for (const chain of plan.chains)
      for (const { instance } of chain.source.masters) expect(world.server(instance).readOnly).toBe(true);
    if (run.outcome === 'needs-operator')
      expect(Object.values(run.steps).filter(({ state }) => state === 'failed').length).toBeGreaterThan(0);
  });

  test.each(after)('after it one press tries again and finishes: %s', (key) => {
    const { world, reconnect } = nightWith(key, fault);
    for (let presses = 0; world.finish().outcome !== 'done' && presses < 3; presses += 1) {
      reconnect();
      const failed = Object.values(world.run().steps).find(({ state }) => state === 'failed');
      world.post({ kind: 'retry-asked', who: 'Dana', step: failed?.key ?? '' });
    }
    const { steps } = world.run();
    expect(
      world.run().outcome,
      Object.values(steps)
        .filter(({ state }) => state === 'failed')
        .map(({ text }) => text)
        .join('; '),
    ).toBe('done');
    expect(intentsOf(world, 'thaw')).toEqual([]);
  });
});
