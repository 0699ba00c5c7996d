import { describe, expect, test } from 'vitest';
import type { PlanRecord } from '../../shared/audit/record.ts';
import { foldPreparation } from '../../shared/audit/fold.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { prepareZones } from '../../main/engine/prepare-zones.ts';
import { emptySessions } from '../../main/engine/sessions.ts';
import { tryOnScratch } from '../../main/engine/try-on-scratch.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { injectAtZones, isZoneFault } from '../../main/simulator/zone-faults.ts';
import { setOf } from '../helpers/record-sets.ts';
import { drive, memoryJournal } from '../helpers/rehearsal.ts';
import { referenceWith } from '../helpers/reference-plan.ts';

const scratch = 'cutover-scratch.shop.example';
const plan = referenceWith((input) => ({
  ...input,
  dns: {
    ...input.dns,
    zones: [{ id: 'shop', hostedZoneId: 'Z0EXAMPLE1SHOP', name: 'shop.example', scratchName: scratch }],
  } as never,
}));

async function world(of: Plan = plan) {
  const simulator = createSimulator(plan, { faults: [] });
  const zone = present(simulator.world.hostedZones.get('shop'), 'the zone');
  const journal = memoryJournal();
  const channels = emptySessions(() => undefined);
  const prepared = await drive(simulator, prepareZones(plan, simulator.ports, channels), 60_000);
  expect(prepared.troubles).toEqual([]);
  const { clock } = simulator.ports;
  const record = (payload: PlanRecord): void => journal.append(clock.now(), payload, true);
  const ground = { plan: of, clock, channel: channels.zone, record, who: 'Dana' };
  return {
    zone,
    records: () => journal.read().map(({ payload }) => payload),
    trial: () => foldPreparation(journal.read()).trials['shop'],
    inject: (fault: Fault) => (isZoneFault(fault) ? injectAtZones(simulator.world, fault) : undefined),
    attempt: () => drive(simulator, tryOnScratch(ground, prepared.zones), 200_000),
  };
}

describe('the whole change under the scratch name of a rehearsal', () => {
  test('is made, taken back and gone again; nothing else of the zone is touched, and each batch is journaled before', async () => {
    const { zone, records, trial, attempt } = await world();
    const before = zone.sets;
    await attempt();
    expect(trial()).toMatchObject({ outcome: 'ok', text: expect.stringContaining(`www.${scratch}`) });
    expect(new Set(zone.sets)).toEqual(new Set(before));
    expect(zone.accepted).toHaveLength(4);
    for (const { batch } of zone.accepted)
      for (const { set } of batch.changes) expect(set.name).toBe(`www.${scratch}`);
    expect(zone.accepted[1]?.batch.changes.map(({ action }) => action)).toEqual([
      'DELETE',
      'DELETE',
      'CREATE',
      'CREATE',
    ]);
    expect(records().map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 4 }, () => 'zone-trial-intended'),
      'zone-tried',
    ]);
  });

  test('is not made for production, nor without a scratch name', async () => {
    const production = await world({ ...plan, environment: 'production' });
    await production.attempt();
    expect(production.zone.accepted).toEqual([]);
    expect(production.records()).toEqual([]);
  });

  test('leaves alone what somebody has there, and says so', async () => {
    const { zone, trial, attempt } = await world();
    const others = setOf({ name: `www.${scratch}` });
    zone.sets = [...zone.sets, others];
    await attempt();
    expect(trial()).toMatchObject({ outcome: 'failed', text: expect.stringContaining('not of a trial') });
    expect(zone.accepted).toEqual([]);
    expect(zone.sets).toContain(others);
  });

  test('that was cut off is cleared first, and then made whole', async () => {
    const { zone, trial, attempt } = await world();
    const before = zone.sets;
    await attempt();
    const [put] = zone.accepted;
    zone.sets = present(put, 'the first batch').sets;
    await attempt();
    expect(trial()).toMatchObject({ outcome: 'ok' });
    expect(zone.accepted).toHaveLength(9);
    expect(new Set(zone.sets)).toEqual(new Set(before));
  });

  test('that Route 53 refuses half-way is taken away, and says where', async () => {
    const { zone, trial, attempt, inject } = await world();
    const before = zone.sets;
    inject({ kind: 'zone-reply', ask: 'change', way: 'error', times: 1 });
    await attempt();
    expect(trial()).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/^put in place: .*the scratch name is empty again$/),
    });
    expect(new Set(zone.sets)).toEqual(new Set(before));
  });

  test('waits where Route 53 says that nothing happened', async () => {
    const { trial, attempt, inject } = await world();
    inject({ kind: 'zone-reply', ask: 'change', way: 'prior-request', times: 2 });
    await attempt();
    expect(trial()).toMatchObject({ outcome: 'ok' });
  });
});
