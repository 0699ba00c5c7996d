import { describe, expect, test } from 'vitest';
import { createApi } from '../../main/api/handlers.ts';
import { buildView } from '../../main/api/view.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import { present } from '../../shared/lib/assert.ts';
import type { HostWorld } from '../../main/simulator/world.ts';
import { eventfulPlan } from '../helpers/reference-plan.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { rehearse } from '../helpers/rehearsal.ts';

const now = { atMs: 0 } as const;
const nobodyOverrides = /cannot be overridden: it guards (I\d(, )?)+/;
const inviolable = ['I1', 'I2', 'I7'];

describe('a closed gate', () => {
  const slave: Fault = { kind: 'writable', on: 'orders-s1', writesPerSecond: 2 };

  test('is among the blocks of go/no-go, and whoever insists is refused', async () => {
    const night = await rehearse({ faults: [{ when: now, fault: slave }], insist: true });
    expect(night.blocks.join('\n')).toMatch(/orders-s1/);
    expect(night.refused).toMatch(/^Not released: .*orders-s1/s);
    expect(night.run).toBeNull();
    expect(night.records).toEqual([]);
    expect(notRestored(night)).toEqual([]);
  });

  test('that closes between go/no-go and the release still stops it', async () => {
    const night = await rehearse({
      armed: ({ inject }) => inject({ kind: 'host-unreachable', host: 'app-a1' }),
      insist: true,
    });
    expect(night.blocks).toEqual([]);
    // What is seen at the release counts, not what was true when it was armed.
    expect(night.refused ?? night.run?.outcome).toMatch(/Not released|needs-operator|thawed/);
  });
});

test('what closes after go/no-go was judged is told before the press, and the press says it in a few words', async () => {
  const clock: Fault = { kind: 'clock-offset', on: 'orders-t2', offsetMs: 5_000 };
  const { cockpit, simulator } = await rehearse({ faults: [{ when: now, fault: clock }] });
  const told = (): readonly string[] =>
    buildView(cockpit, { verdicts: cockpit.verdicts('go'), audience: { drivers: 1, observers: 0 } }).go
      ?.closedSince ?? [];
  const night = present(cockpit.night(), 'the night that was armed');
  expect(night.blocks).toEqual([expect.stringMatching(/^laptop\.clock is closed/)]);
  expect(told()).toEqual([]);
  simulator.inject({ kind: 'server-killed', on: 'orders-a1', downMs: 8_000 });
  await simulator.clock.run(simulator.clock.nowMs() + 4_000);
  expect(told()[0]).toMatch(/^right-servers\.reachable:orders-a1 is closed: /);
  expect(told().join()).not.toMatch(/laptop\.clock/);
  const released = night.release({ hold: 'lock', permit: night.permit, who: 'test' });
  const said = released.ok ? '' : released.error;
  expect(said).toMatch(/^Not released: right-servers\.reachable:orders-a1 is closed: .*; and \d+ more$/);
  expect(said.length).toBeLessThan(900);
  // Its gates open again by themselves; the sessions that were opened for the minute do not.
  await simulator.clock.run(simulator.clock.nowMs() + 60_000);
  const lost = 'the sessions of the minute to orders-a1 were lost (act, look, abort, plain)';
  expect(told()).toEqual([expect.stringContaining(lost)]);
  const again = night.release({ hold: 'lock', permit: night.permit, who: 'test' });
  expect(again).toMatchObject({ ok: false, error: expect.stringContaining(lost) as string });
  expect(night.run()).toBeNull();
});

test.each(['mariadb', 'mysql'] as const)(
  'a folder that is missing for a drop-in of the fence is found in preflight, not in the minute (%s)',
  async (flavor) => {
    const rehearseWith = (spoil: (host: HostWorld) => void) =>
      rehearse({
        plan: eventfulPlan(),
        flavor,
        preflight: (_cockpit, { world }) => spoil(present(world.hosts.get('colo-a-db'), 'a host')),
        until: () => true,
      });
    const missing = await rehearseWith(({ missingFolders }) => missingFolders.add('/etc/mysql/conf.d'));
    expect(missing.blocks).toEqual([
      expect.stringMatching(/^durability\.drop-in:orders is closed: .*seen none/),
    ]);
    expect(missing.run).toBeNull();
    const shut = await rehearseWith(({ readOnlyFolders }) => readOnlyFolders.add('/etc/mysql/conf.d'));
    expect(shut.blocks.join()).toContain('seen one into which it may not');
  },
);

test('a target that boots closed is warned of, and the night goes on', async () => {
  const night = await rehearse({ plan: eventfulPlan(), until: () => true });
  expect(night.blocks).toEqual([]);
  const seen = night.cockpit.verdicts('go').find(({ gate }) => gate === 'durability.target-start:orders');
  expect(seen).toMatchObject({ state: 'closed', blocking: false });
  expect(seen?.reasons.join()).toMatch(/^orders-t1: expected .* seen --read_only=1 in its option files/);
  expect(seen?.evidence?.rows).toContainEqual(['orders-t1', 'use1-db', '--read_only=1']);
});

describe('an override', () => {
  test('of a gate that guards neither I1, I2 nor I7 lets the run pass, with its reason in the journal', async () => {
    const clock: Fault = { kind: 'clock-offset', on: 'orders-t2', offsetMs: 5_000 };
    const closed = await rehearse({ faults: [{ when: now, fault: clock }] });
    expect(closed.blocks).toEqual([expect.stringMatching(/^laptop\.clock is closed: .*orders-t2/)]);
    const night = await rehearse({
      faults: [{ when: now, fault: clock }],
      preflight: (cockpit) =>
        cockpit.record({
          kind: 'gate-overridden',
          gate: 'laptop.clock',
          reason: 'the replica is rebuilt tomorrow',
          who: 'Dana',
        }),
    });
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expect(brokenRules(night)).toEqual([]);
    expect(JSON.stringify(night.records[0])).toContain('the replica is rebuilt tomorrow');
  });

  const guarded: readonly (readonly [string, Fault])[] = [
    ['a writable slave', { kind: 'writable', on: 'orders-s1', writesPerSecond: 0 }],
    ['a writable target', { kind: 'writable', on: 'orders-t1', writesPerSecond: 0 }],
    ['an errant transaction', { kind: 'errant-transaction', on: 'orders-t1' }],
    ['a wrong source', { kind: 'wrong-source', on: 'orders-t2', source: 'orders-b1' }],
    ['a stopped applier', { kind: 'applier-stopped', on: 'orders-t2', code: 0 }],
  ];
  test.each(guarded)(
    'of a gate that guards I1, I2 or I7 is refused and changes nothing: %s',
    async (_what, fault) => {
      const replies: string[] = [];
      const night = await rehearse({
        faults: [{ when: now, fault }],
        preflight: (cockpit) => {
          const api = createApi(cockpit);
          const shut = cockpit
            .verdicts('go')
            .filter(
              ({ state, guards }) => state !== 'open' && guards.some((each) => inviolable.includes(each)),
            );
          for (const { gate, guards, overridable } of shut) {
            expect(guards.some((each) => ['I1', 'I2', 'I7'].includes(each)) && overridable, gate).toBe(false);
            void api.handlers
              .overrideGate({ gate, reason: 'we are in a hurry', who: 'Dana' })
              .then((reply) => replies.push(reply.ok ? 'overridden' : reply.message));
            // Even a record that somebody wrote by hand opens nothing.
            cockpit.record({ kind: 'gate-overridden', gate, reason: 'by hand', who: 'Mallory' });
          }
          api.stop();
        },
      });
      expect(replies.length).toBeGreaterThan(0);
      for (const reply of replies) expect(reply).toMatch(nobodyOverrides);
      expect(night.blocks.length).toBeGreaterThan(0);
      expect(night.run).toBeNull();
    },
  );
});

test('a server that cannot be seen closes gates as unknown, and they open again when it is back', async () => {
  const shut: string[] = [];
  const night = await rehearse({
    preflight: (cockpit, { inject }) => {
      shut.push(
        ...cockpit
          .verdicts('preflight')
          .filter((each) => each.blocking && each.state !== 'open')
          .map(({ gate }) => gate),
      );
      inject({ kind: 'server-killed', on: 'orders-a1', downMs: 2_200 });
    },
  });
  expect(shut).toEqual([]);
  // Arming looks afresh while the server is down, so nothing begins.
  expect(night.run).toBeNull();
  expect(night.blocks.join('\n')).toMatch(/orders-a1/);
  const { simulator, cockpit } = night;
  const blocking = (): readonly string[] =>
    cockpit
      .verdicts('preflight')
      .filter(({ state, blocking: blocks }) => state !== 'open' && blocks)
      .map(({ gate, state, reasons }) => `${gate} ${state}: ${reasons.join('; ')}`);
  // The run of the clock lets the cockpit find it again; then it goes once more, and only the watching sees it.
  await simulator.clock.run(simulator.clock.nowMs() + 40_000);
  expect(blocking()).toEqual([]);
  simulator.inject({ kind: 'server-killed', on: 'orders-a1', downMs: 5_000 });
  await simulator.clock.run(simulator.clock.nowMs() + 2_000);
  expect(
    blocking().filter((each) => /orders-a1/.test(each) && / unknown: /.test(each)).length,
  ).toBeGreaterThan(0);
  // It is back after two seconds; the slow reads come every half minute.
  await simulator.clock.run(simulator.clock.nowMs() + 40_000);
  expect(blocking()).toEqual([]);
});
