import { describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { present } from '../../shared/lib/assert.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Cockpit } from '../../main/engine/cockpit.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { crashedNight } from '../helpers/crashed-night.ts';
import { clusterEndpoints, controlsPlan, flipControls } from '../helpers/flip-plan.ts';
import { memoryJournal, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';
import { thereAndBack } from '../helpers/reversed-night.ts';

const plan = controlsPlan();
const statesOf = ({ world }: Simulator) => ({
  source: world.cluster.states.get(flipControls.source),
  target: world.cluster.states.get(flipControls.target),
});
const before = { source: 'On', target: 'Off' };
const flipped = { source: 'Off', target: 'On' };
const urls = clusterEndpoints.map(({ url }) => url);

function changesOf({ world }: Simulator): number {
  const { accepted } = present(world.hostedZones.get('shop'), 'the zone');
  return accepted.filter(({ comment }) => !comment.includes('written as it stands')).length;
}

/** A night whose cluster is broken once it is armed, and a person who presses so when the run waits for one. */
async function nightWith(
  wrong: ((simulator: Simulator) => void) | null,
  press: 'flip' | 'announce' | null,
): Promise<Rehearsed> {
  const at: { cockpit?: Cockpit; simulator?: Simulator } = {};
  let pressed = press === null;
  let ended: unknown = null;
  const operator = (run: Run): void => {
    const simulator = present(at.simulator, 'a simulator');
    if (run.ponrAt !== null && wrong !== null && !pressed) wrong(simulator);
    if (pressed || press === null || run.outcome !== 'needs-operator') return;
    pressed = true;
    simulator.world.cluster.rule = null;
    simulator.ports.clock.after(2_000, () => void at.cockpit?.night()?.retry({ step: press, who: 'Dana' }));
  };
  const faults: readonly ScriptedFault[] = [];
  return rehearse({
    plan,
    faults,
    preflight: (cockpit, simulator) => {
      Object.assign(at, { cockpit, simulator });
      if (press === null) wrong?.(simulator);
    },
    operator,
    until: (run, measured) => {
      if (run?.outcome !== 'done') {
        ended = measured;
        return press === null && measured !== null;
      }
      return measured !== null && measured !== ended;
    },
  });
}

function expectLawful({ violations, records, unintended }: Rehearsed): void {
  expect(violations).toEqual([]);
  expect(unintended).toEqual([]);
  expect(foldRun(records)).toMatchObject({ ok: true });
}

describe('a night that is announced by routing controls', () => {
  test('turns them in one call, reads them back, and leaves the zone alone', async () => {
    const night = await nightWith(null, null);
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expectLawful(night);
    expect(statesOf(night.simulator)).toEqual(flipped);
    expect(night.simulator.world.cluster.taken).toHaveLength(1);
    expect(changesOf(night.simulator)).toBe(0);
  });

  test('two endpoints that are away, and a reply that is lost, end well by themselves', async () => {
    const away = await nightWith(({ world }) => {
      world.cluster.unavailable.add(present(urls[0], 'first'));
      world.cluster.silent.add(present(urls[1], 'second'));
    }, null);
    expect(away.run?.outcome).toBe('done');
    expectLawful(away);
    expect(statesOf(away.simulator)).toEqual(flipped);
    const lost = await nightWith(({ world }) => void (world.cluster.loseReplies = 1), null);
    expect(lost.run?.outcome).toBe('done');
    expectLawful(lost);
    expect(lost.simulator.world.cluster.taken).toHaveLength(1);
  });

  test.each(['flip', 'announce'] as const)(
    'a safety rule waits for a person, who presses %s',
    async (press) => {
      const night = await nightWith(
        ({ world }) => void (world.cluster.rule = 'Safety rule: not tonight'),
        press,
      );
      expect(night.run?.outcome).toBe('done');
      expectLawful(night);
      expect(changesOf(night.simulator)).toBe(press === 'announce' ? 1 : 0);
      expect(statesOf(night.simulator)).toEqual(press === 'announce' ? before : flipped);
    },
  );

  test('the cockpit dies around every record of the flip: the next one looks, and no batch goes out by itself', async () => {
    const journal = memoryJournal();
    await rehearse({ plan, flavor: 'mariadb', journal });
    const records = journal.read().length;
    const first = journal.read().findIndex((record) => JSON.stringify(record).includes('"flip#1/'));
    expect(first).toBeGreaterThan(0);
    for (let record = first - 1; record < Math.min(records, first + 5); record += 1)
      for (const edge of ['before', 'after'] as const) {
        const night = await crashedNight({
          flavor: 'mariadb',
          plan,
          record,
          edge,
          noticed: record % 2 === 0,
        });
        expect(night.refused).toBeNull();
        expect(night.violations).toEqual([]);
        if (night.run?.outcome === 'done') expect(statesOf(night.simulator)).toEqual(flipped);
        expect(changesOf(night.simulator)).toBe(0);
      }
  }, 120_000);

  test('the way back turns them back', async () => {
    const night = await thereAndBack({ forth: { plan } });
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expect(statesOf(night.simulator)).toEqual(before);
    expect(changesOf(night.simulator)).toBe(0);
  });
});
