import { describe, expect, test } from 'vitest';
import { present } from '../../shared/lib/assert.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { flipFiles, flipPlan } from '../helpers/flip-plan.ts';
import { changesOf, diesInTheFlip, expectLawful, flipNight } from '../helpers/flip-night.ts';
import { rehearse, type Rehearsed } from '../helpers/rehearsal.ts';
import { thereAndBack } from '../helpers/reversed-night.ts';

const plan = flipPlan();
const { source, target } = flipFiles;

function filesOf({ world }: Simulator) {
  const there = ({ host, path }: typeof source | typeof target): boolean =>
    present(world.hosts.get(host), host).files.has(path);
  return { source: there(source), target: there(target) };
}

const flipped = { source: false, target: true };
const asBefore = { source: true, target: false };

/** What a server of the zone answers, so long after now. */
async function answerAfter(simulator: Simulator, ms: number): Promise<readonly string[]> {
  await simulator.clock.run(simulator.clock.nowMs() + ms);
  const asked = simulator.ports.dns.ask({
    server: { address: '198.18.1.1', port: 53 },
    question: { name: 'www.shop.example', type: 'A' },
    recursion: false,
    clientSubnet: null,
    limitMs: 1_000,
  });
  let over = false;
  void asked.then(() => (over = true));
  await simulator.clock.run(() => over, simulator.clock.nowMs() + 2_000);
  const reply = await asked;
  return reply.kind === 'answered' ? reply.answers.map(({ data }) => data) : [];
}

/** A night with that trouble in the flip, and a person who presses so when the run waits for one. */
function nightWith(fault: Fault | null, press: 'flip' | 'announce' | null): Promise<Rehearsed> {
  const faults = fault === null ? [] : [{ when: { step: 'flip', state: 'running' }, fault } as const];
  return flipNight({ plan, faults, press });
}

const atHost = (host: string, way: 'error' | 'none' | 'lost-after-effect'): Fault => ({
  kind: 'host-reply',
  host,
  way,
  code: 1,
  ms: 0,
  times: 1,
});

describe('a night that is announced by a flip', () => {
  test('turns what the zone answers once the checkers have seen it, and leaves the zone alone', async () => {
    const night = await nightWith(null, null);
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expectLawful(night);
    expect(filesOf(night.simulator)).toEqual(flipped);
    expect(changesOf(night.simulator)).toBe(0);
    expect(await answerAfter(night.simulator, 20_000)).toEqual(['198.51.100.10']);
  });

  test.each([
    ['target', target.host],
    ['source', source.host],
  ] as const)('a reply that is lost at the %s after the effect ends by looking', async (_, host) => {
    const night = await nightWith(atHost(host, 'lost-after-effect'), null);
    expect(night.run?.outcome).toBe('done');
    expectLawful(night);
    expect(filesOf(night.simulator)).toEqual(flipped);
  });

  test.each([
    ['error', 'flip'],
    ['none', 'flip'],
    ['error', 'announce'],
  ] as const)('%s at the host of the target: it waits for a person, who presses %s', async (way, press) => {
    const alone = await nightWith(atHost(target.host, way), null);
    expect(alone.run?.outcome).toBe('needs-operator');
    expect(alone.run?.steps['flip']?.text).toContain('plan B');
    expect(filesOf(alone.simulator)).toEqual(asBefore);
    const pressed = await nightWith(atHost(target.host, way), press);
    expect(pressed.run?.outcome).toBe('done');
    expectLawful(pressed);
    expect(changesOf(pressed.simulator)).toBe(press === 'announce' ? 1 : 0);
    // Plan B leads to the same answer, and needs no file.
    expect(filesOf(pressed.simulator)).toEqual(press === 'announce' ? asBefore : flipped);
  });

  test('the cockpit dies around every record of the flip: the next one looks, and no batch goes out by itself', async () => {
    await diesInTheFlip(plan, 7, (simulator) => expect(filesOf(simulator)).toEqual(flipped));
  }, 120_000);
});

test('a folder into which the run may not write is found in preflight, not in the minute', async () => {
  const night = await rehearse({
    plan,
    preflight: (_cockpit, { world }) =>
      void present(world.hosts.get(target.host), 'a host').readOnlyFolders.add('/run/shop'),
    until: () => true,
  });
  expect(night.blocks.join()).toContain('dns.files');
});

describe('an application host on which the files of a flip stand too', () => {
  // Both ends of the flip on the host whose switch command hangs.
  const host = 'app-a1';
  const shared = flipPlan({
    files: [
      { host, path: '/run/shop/serving', standsFor: 'source', healthCheck: 'source' },
      { host, path: '/run/shop/entering', standsFor: 'target', healthCheck: 'target' },
    ],
  });

  test('a switch command that hangs there does not hold up DNS: the flip has its own way, and its own limit', async () => {
    const night = await rehearse({
      plan: shared,
      faults: [
        {
          when: { step: 'redirect', state: 'running' },
          fault: { kind: 'failed-switch', host, code: 1, output: 'hangs', delayMs: 3_600_000, times: 1 },
        },
      ],
      until: (_run, measured) => measured !== null,
    });
    expect(night.violations).toEqual([]);
    const { steps } = present(night.run, 'a run');
    expect(steps['redirect']?.state).toBe('failed');
    expect(steps['flip']?.state).toBe('done');
    const files = present(night.simulator.world.hosts.get(host), host).files;
    expect([files.has('/run/shop/serving'), files.has('/run/shop/entering')]).toEqual([false, true]);
    const { endedAt, startedAt } = { endedAt: steps['flip']?.endedAt, startedAt: steps['flip']?.startedAt };
    expect((endedAt?.monoMs ?? Infinity) - (startedAt?.monoMs ?? 0)).toBeLessThan(1_000);
  });
});

describe('the way back of a flip', () => {
  test('turns the files back, and changes nothing in a zone that the way forth left alone', async () => {
    const night = await thereAndBack({ forth: { plan } });
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expect(filesOf(night.simulator)).toEqual(asBefore);
    expect(changesOf(night.simulator)).toBe(0);
    expect(await answerAfter(night.simulator, 20_000)).toEqual(['192.0.2.10']);
  });

  test('behind a change batch both are turned back', async () => {
    const night = await thereAndBack({ forth: { plan: flipPlan({ batch: 'also' }) } });
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expect(filesOf(night.simulator)).toEqual(asBefore);
    expect(changesOf(night.simulator)).toBe(2);
    expect(await answerAfter(night.simulator, 60_000)).toEqual(['192.0.2.10']);
  });
});
