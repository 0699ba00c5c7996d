import { describe, expect, test } from 'vitest';
import { present } from '../../shared/lib/assert.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { clusterEndpoints, controlsPlan, flipControls } from '../helpers/flip-plan.ts';
import { changesOf, diesInTheFlip, expectLawful, flipNight } from '../helpers/flip-night.ts';
import { type Rehearsed } from '../helpers/rehearsal.ts';
import { thereAndBack } from '../helpers/reversed-night.ts';

const plan = controlsPlan();
const statesOf = ({ world }: Simulator) => ({
  source: world.cluster.states.get(flipControls.source),
  target: world.cluster.states.get(flipControls.target),
});
const before = { source: 'On', target: 'Off' };
const flipped = { source: 'Off', target: 'On' };
const urls = clusterEndpoints.map(({ url }) => url);

type Wrong = ((simulator: Simulator) => void) | null;

/** A night whose cluster is broken once it is armed, and a person who presses so when the run waits for one. */
function nightWith(wrong: Wrong, press: 'flip' | 'announce' | null): Promise<Rehearsed> {
  return flipNight({
    plan,
    press,
    preflight: (simulator) => {
      if (press === null) wrong?.(simulator);
    },
    during: (run, simulator) => {
      if (run.ponrAt !== null) wrong?.(simulator);
    },
    mend: ({ world }) => void (world.cluster.rule = null),
  });
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
    const lost = await nightWith(
      ({ inject }) => inject({ kind: 'cluster-reply', way: 'lost-after-effect', ms: 0, times: 1 }),
      null,
    );
    expect(lost.run?.outcome).toBe('done');
    expectLawful(lost);
    expect(lost.simulator.world.cluster.taken).toHaveLength(1);
  });

  test('a call that arrives when the next one was taken long ago turns nothing back, and was not sent again unseen', async () => {
    const night = await nightWith(
      ({ inject }) => inject({ kind: 'cluster-reply', way: 'behind-limit', ms: 900, times: 1 }),
      null,
    );
    expect(night.run?.outcome).toBe('done');
    expectLawful(night);
    const asked = night.records.flatMap(({ payload }) =>
      payload.kind === 'event'
        ? payload.intended.flatMap(({ key, action }) =>
            action.kind === 'routing' && key.startsWith('flip#') ? [action.ask] : [],
          )
        : [],
    );
    expect(asked.slice(0, 3)).toEqual(['set', 'read', 'set']);
    const { clock, world } = night.simulator;
    await clock.run(clock.nowMs() + 5_000);
    expect(world.cluster.taken).toHaveLength(2);
    expect(statesOf(night.simulator)).toEqual(flipped);
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
    await diesInTheFlip(plan, 6, (simulator) => expect(statesOf(simulator)).toEqual(flipped));
  }, 120_000);

  test('the way back turns them back', async () => {
    const night = await thereAndBack({ forth: { plan } });
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expect(statesOf(night.simulator)).toEqual(before);
    expect(changesOf(night.simulator)).toBe(0);
    expect(night.parts.reverses?.notes.join()).not.toContain('was never answered');
  });

  test('before the way back it is told which call of the way forth may arrive yet and turn them to the target again', async () => {
    const forth = { kind: 'cluster-reply', way: 'behind-limit', ms: 3_600_000, times: 1 } as const;
    const night = await thereAndBack({
      forth: { plan, faults: [{ when: { step: 'flip', state: 'running' }, fault: forth }] },
    });
    expect(night.run?.outcome).toBe('done');
    expect(statesOf(night.simulator)).toEqual(before);
    expect(night.parts.reverses?.notes.join()).toMatch(
      /sent to us-east-1 at \d\d:\d\d:\d\d UTC to turn the routing controls was never answered, and may arrive yet/,
    );
  });
});
