import { describe, expect, test } from 'vitest';
import { foldPreparation } from '../../shared/audit/fold.ts';
import type { PlanRecord } from '../../shared/audit/record.ts';
import { present } from '../../shared/lib/assert.ts';
import { keyOfSet, type RecordSet } from '../../shared/observations/record-set.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import type { ZoneChannel } from '../../main/ports.ts';
import { keepProving, proveZones } from '../../main/engine/prove-zones.ts';
import { emptySessions } from '../../main/engine/sessions.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { injectAtZones, isZoneFault } from '../../main/simulator/zone-faults.ts';
import { drive, memoryJournal, referencePlan } from '../helpers/rehearsal.ts';

const plan = referencePlan();
/** A zone has no order. */
const inOrder = (sets: readonly RecordSet[]): readonly RecordSet[] =>
  sets.toSorted((one, other) => (keyOfSet(one) < keyOfSet(other) ? -1 : 1));

function world(...faults: readonly Fault[]) {
  const simulator = createSimulator(plan, { faults: [] });
  for (const fault of faults) if (isZoneFault(fault)) injectAtZones(simulator.world, fault);
  const zone = present(simulator.world.hostedZones.get('shop'), 'the zone');
  const records: PlanRecord[] = [];
  let taken: number | null = null;
  const channels = emptySessions(() => undefined);
  const ground = { plan, ports: simulator.ports, channels, who: 'Dana' };
  const prove = () =>
    drive(
      simulator,
      proveZones({
        ...ground,
        record: (payload) => {
          // What is intended is written down before anything of it reaches Route 53.
          if (payload.kind === 'zone-proof-intended') taken = zone.accepted.length;
          records.push(payload);
        },
      }),
      60_000,
    );
  return { simulator, zone, records, ground, prove, takenBefore: () => taken };
}

describe('proving that a zone may be changed', () => {
  test('writes one record set as it stands, once, journaled before and after, and nothing is another then', async () => {
    const { zone, records, prove, takenBefore } = world();
    const before = zone.sets;
    expect(await prove()).toEqual({ ok: true, value: 'Every zone of the plan may be changed.' });
    expect(takenBefore()).toBe(0);
    expect(zone.accepted).toHaveLength(1);
    expect(zone.accepted[0]?.batch.changes).toMatchObject([
      { action: 'DELETE', set: { name: 'www.shop.example', setIdentifier: 'east' } },
      { action: 'CREATE', set: { name: 'www.shop.example', setIdentifier: 'east' } },
    ]);
    expect(inOrder(zone.sets)).toEqual(inOrder(before));
    expect(records).toMatchObject([
      { kind: 'zone-proof-intended', zone: 'shop', account: '111122223333', who: 'Dana' },
      { kind: 'zone-proof-answered', zone: 'shop', outcome: 'ok' },
    ]);
  });

  test.each([
    ['another value', { kind: 'zone-changed', how: 'other-value' }],
    ['what the plan calls after', { kind: 'zone-changed', how: 'already-after' }],
    ['a record set that is gone', { kind: 'zone-changed', how: 'removed' }],
  ] as const)('writes nothing over %s', async (_, fault) => {
    const { zone, records, prove } = world(fault);
    const { sets } = zone;
    expect(await prove()).toMatchObject({ ok: false });
    expect(zone.accepted).toHaveLength(1);
    expect(zone.sets).toBe(sets);
    expect(records).toMatchObject([
      {
        kind: 'zone-proof-answered',
        outcome: 'refused',
        text: expect.stringContaining('nothing was written'),
      },
    ]);
  });

  test.each([
    ['another value', 'other-value', '192.0.2.99'],
    ['nothing', 'removed', 'gone'],
  ] as const)(
    'is refused by Route 53 where somebody left %s there behind the look, and told as that',
    async (_, how, seen) => {
      const { simulator, zone, records, prove, ground } = world();
      const { route53 } = ground.ports;
      let looks = 0;
      let byHand: typeof zone.sets = [];
      ground.ports = {
        ...ground.ports,
        route53: {
          open: async (id, limitMs) => {
            const opened = await route53.open(id, limitMs);
            if (opened.kind === 'refused') return opened;
            const listNames: ZoneChannel['listNames'] = async (...asked) => {
              const answer = await opened.channel.listNames(...asked);
              looks += 1;
              if (looks === 1) {
                injectAtZones(simulator.world, { kind: 'zone-changed', how });
                byHand = zone.sets;
              }
              return answer;
            };
            return { ...opened, channel: { ...opened.channel, listNames } };
          },
        },
      };
      expect(await prove()).toMatchObject({ ok: false });
      expect(zone.sets).toBe(byHand);
      expect(records).toMatchObject([
        { kind: 'zone-proof-intended' },
        { kind: 'zone-proof-answered', outcome: 'changed', text: expect.stringContaining(seen) },
      ]);
    },
  );

  test.each([
    [
      'a change that is throttled',
      { kind: 'zone-reply', ask: 'change', way: 'throttled', times: 1 },
      'refused',
      0,
    ],
    [
      'a reply lost behind it',
      { kind: 'zone-reply', ask: 'change', way: 'lost-after-effect', times: 1 },
      'none',
      1,
    ],
    [
      'a change that is not seen again',
      { kind: 'zone-reply', ask: 'changeState', way: 'error', times: 1 },
      'refused',
      1,
    ],
    ['a listing that is lost', { kind: 'zone-reply', ask: 'listNames', way: 'lost', times: 1 }, 'refused', 0],
  ] as const)('%s is no proof, and nothing is sent again', async (_, fault, outcome, accepted) => {
    const { zone, records, prove } = world(fault);
    const before = zone.sets;
    expect(await prove()).toMatchObject({ ok: false });
    expect(zone.accepted).toHaveLength(accepted);
    expect(inOrder(zone.sets)).toEqual(inOrder(before));
    expect(records.at(-1)).toMatchObject({ kind: 'zone-proof-answered', outcome });
  });

  test('is kept young while go/no-go is open, each time journaled, and no longer than that', async () => {
    const { simulator, zone, records, ground, prove } = world();
    const journal = memoryJournal();
    const record = (payload: PlanRecord): void => {
      records.push(payload);
      journal.append(simulator.ports.clock.now(), payload, true);
    };
    const proofs = () => foldPreparation(journal.read()).proofs;
    const until = (ms: number) => simulator.clock.run(simulator.clock.nowMs() + ms);
    const armed = keepProving({
      ...ground,
      record,
      proofs,
      failed: (error) => expect.unreachable(String(error)),
    });
    await until(60_000);
    // What was never proven is not proven by this: arming does that, and its gate tells what came of it.
    expect(zone.accepted).toEqual([]);
    await drive(simulator, proveZones({ ...ground, record }), 60_000);
    const seen: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      await until(1_000);
      seen.push(simulator.ports.clock.now().utcMs - present(proofs()['shop'], 'the proof').atUtcMs);
    }
    expect(Math.max(...seen)).toBeLessThan(35_000);
    expect(zone.accepted.length).toBeGreaterThanOrEqual(4);
    expect(zone.accepted.length).toBeLessThanOrEqual(6);
    expect(records).toHaveLength(2 * zone.accepted.length);
    const { length } = zone.accepted;
    armed.stop();
    await until(120_000);
    expect(zone.accepted).toHaveLength(length);
    expect((await prove()).ok).toBe(true);
  });
});
