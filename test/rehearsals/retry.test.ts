import { describe, expect, test } from 'vitest';
import type { Cockpit } from '../../main/engine/cockpit.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Run } from '../../shared/steps/run.ts';
import { present } from '../../shared/lib/assert.ts';
import { writableServers } from '../../main/simulator/truth.ts';
import { brokenRules } from '../helpers/broken-rules.ts';
import { referencePlan, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

/** One press on the first failed step as soon as the run needs a person; what the cockpit said to each press. */
async function nightWithPresses(
  flavor: 'mariadb' | 'mysql',
  faults: readonly ScriptedFault[],
  presses: { readonly most: number; readonly plan?: Plan; readonly first?: (simulator: Simulator) => void },
): Promise<{ readonly night: Rehearsed; readonly said: readonly string[] }> {
  const said: string[] = [];
  const at: { cockpit?: Cockpit; simulator?: Simulator } = {};
  let pressed = 0;
  let waits = false;
  let before: unknown = null;
  const press = (run: Run): void => {
    const { cockpit, simulator } = at;
    if (waits || pressed >= presses.most || run.outcome !== 'needs-operator') return;
    if (cockpit === undefined || simulator === undefined) return;
    if (pressed === 0) presses.first?.(simulator);
    pressed += 1;
    waits = true;
    // A person takes a moment.
    simulator.ports.clock.after(1_000, () => {
      const failed = Object.values(cockpit.night()?.run()?.steps ?? {}).find(
        ({ state }) => state === 'failed',
      );
      void cockpit
        .night()
        ?.retry({ step: failed?.key ?? '', who: 'Dana' })
        .then((answer) => {
          waits = false;
          said.push(answer.ok ? 'begun' : answer.error);
          const now = cockpit.night()?.run();
          if (now !== undefined && now !== null) press(now);
        });
    });
  };
  const night = await rehearse({
    flavor,
    faults,
    ...(presses.plan === undefined ? {} : { plan: presses.plan }),
    preflight: (cockpit, simulator) => Object.assign(at, { cockpit, simulator }),
    operator: press,
    until: (run, measured) => {
      if (run?.outcome !== 'done') {
        before = measured;
        return measured !== null && pressed >= presses.most && said.length === pressed;
      }
      // The figures of the night that needed a person are not those of the night that is done.
      return measured !== null && measured !== before;
    },
  });
  return { night, said };
}

const losesAct: ScriptedFault = {
  when: { step: 'promote:orders', state: 'running' },
  fault: { kind: 'lost-session', on: 'orders-t1', purpose: 'act' },
};

describe.each(['mariadb', 'mysql'] as const)('after the point of no return on %s a press', (flavor) => {
  test('opens the lost acting session again, takes the run lock again, and finishes', async () => {
    const { night, said } = await nightWithPresses(flavor, [losesAct], { most: 3 });
    expect(said).toEqual(['begun']);
    expect(night.run?.outcome).toBe('done');
    expect(brokenRules(night)).toEqual([]);
    const retried = night.records.flatMap(({ payload }) =>
      payload.kind === 'event' && payload.event.kind === 'retry-asked' ? [payload.event] : [],
    );
    expect(retried).toHaveLength(1);
    // The new thread is the run's own from then on, and the lost one stays known as such.
    const fresh = retried[0]?.threads?.['orders-t1']?.['act'];
    const began = night.records.flatMap(({ payload }) =>
      payload.kind === 'event' && payload.event.kind === 'begun' ? [payload.event.threads] : [],
    )[0]?.['orders-t1']?.['act'];
    expect(fresh).not.toBe(began);
    expect(night.run?.threads['orders-t1']).toMatchObject({ act: fresh, [`lost act ${began}`]: began });
    expect(night.simulator.world.servers.get('orders-t1')?.lockHolder).toBe(fresh);
  });

  test('without a press nothing is opened again', async () => {
    const { night } = await nightWithPresses(flavor, [losesAct], { most: 0 });
    expect(night.run?.outcome).toBe('needs-operator');
    expect(night.run?.threads['orders-t1']).not.toHaveProperty('lost act');
    expect(brokenRules(night)).toEqual([]);
  });

  test('opens the channel of an application host again that was not reachable', async () => {
    const { night } = await nightWithPresses(
      flavor,
      [
        {
          when: { step: 'redirect', state: 'running' },
          fault: { kind: 'host-unreachable', host: { appHost: 1 }, forMs: 9_000 },
        },
      ],
      { most: 40 },
    );
    expect(night.run?.outcome).toBe('done');
    expect(brokenRules(night)).toEqual([]);
  });

  test('while the server is gone finds it gone, names it, and finishes once it is back', async () => {
    const { night, said } = await nightWithPresses(
      flavor,
      [
        {
          when: { step: 'promote:orders', state: 'running' },
          fault: { kind: 'server-killed', on: 'orders-t1', downMs: 9_000 },
        },
      ],
      { most: 40 },
    );
    expect(night.run?.outcome).toBe('done');
    expect(said.length).toBeGreaterThan(1);
    const lost = night.records.flatMap(({ payload }) =>
      payload.kind === 'event' && payload.event.kind === 'retry-asked' ? [payload.event.stillLost ?? []] : [],
    );
    expect(lost[0]?.join('; ')).toContain('orders-t1 (act)');
    expect(lost.at(-1)).toEqual([]);
    expect(brokenRules(night)).toEqual([]);
  });

  test('is refused when another server answers in its place, and nothing is sent there', async () => {
    const { night, said } = await nightWithPresses(flavor, [losesAct], {
      most: 1,
      first: ({ world }) => {
        const server = world.servers.get('orders-t1');
        if (server === undefined) return;
        server.serverId += 40;
      },
    });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Not tried again: orders-t1 \(act\) reached another server .* Nothing was sent/);
    expect(night.run?.outcome).toBe('needs-operator');
    expect(night.run?.steps['promote:orders']?.attempt).toBe(1);
  });
});

test('before it a press ends what was lost, and waits for no session that nobody asked to end', async () => {
  const { night, said } = await nightWithPresses(
    'mariadb',
    [
      {
        when: { step: 'end-sessions:orders', state: 'running' },
        fault: { kind: 'lost-session', on: 'orders-a1', purpose: 'look' },
      },
      {
        when: { step: 'unwind', state: 'running' },
        fault: {
          kind: 'reply',
          on: 'orders-a1',
          operation: 'takeLock',
          way: 'error',
          code: 1290,
          ms: 0,
          times: 2,
        },
      },
    ],
    { most: 1 },
  );
  expect(said).toEqual(['begun']);
  const { cockpit, simulator } = night;
  const run = (): Run | null => cockpit.night()?.run() ?? null;
  await simulator.clock.run(() => run()?.outcome === 'thawed', simulator.clock.nowMs() + 15_000);
  expect(run()?.outcome, run()?.steps['unwind']?.text).toBe('thawed');
  expect(writableServers(present(simulator.world.chains.get('orders'), 'orders'))).toContain('orders-a1');
});

test('a ring that its server closed by starting again is opened before the reverse link is started once more', async () => {
  const reference = referencePlan();
  // A source that starts again must come back closed.
  const instances = reference.instances.map((each) => ({ ...each, fenceDropIn: `/etc/${each.id}.cnf` }));
  const { night } = await nightWithPresses(
    'mariadb',
    [
      {
        when: { step: 'reverse:orders', state: 'running' },
        fault: { kind: 'server-killed', on: 'orders-a1', downMs: 2_000 },
      },
    ],
    { most: 40, plan: { ...reference, instances } },
  );
  expect(night.run?.outcome).toBe('done');
  expect(brokenRules(night)).toEqual([]);
  const { simulator } = night;
  await simulator.clock.run(simulator.clock.nowMs() + 2_000);
  const links = present(simulator.world.servers.get('orders-a1'), 'orders-a1').links;
  expect(links.map(({ applierOn, applierError }) => ({ applierOn, applierError }))).toEqual([
    { applierOn: false, applierError: null },
    { applierOn: true, applierError: null },
  ]);
});
