import { describe, expect, test } from 'vitest';
import { judgePlan } from '../../../shared/plan/judge-plan.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import { reverseEnds } from '../../../shared/plan/reverse-ends.ts';
import { reversedPlan } from '../../../shared/plan/reversed-plan.ts';
import { referencePlan, referenceWith } from '../../helpers/reference-plan.ts';
import { seeded } from '../../../main/simulator/random.ts';
import { drawPlan } from '../../nights/draw-plan.ts';

function turned(plan: Plan, schedulersOff: readonly string[] = []): Plan {
  const result = reversedPlan(plan, { schedulersOff });
  if (!result.ok) throw new Error(result.error.join('; '));
  return result.value.plan;
}

/** Estates by lot, each chain with a way back. */
const drawn = Array.from({ length: 200 }, (_, seed): Plan => {
  const plan = drawPlan(seeded(seed, 'reversed'), seed);
  return { ...plan, chains: plan.chains.map((chain) => ({ ...chain, wayBack: 'reverse' as const })) };
});

/** A night that only flipped leaves its zones as they were: from then on there is no other set to change them to. */
function withoutPlanB(plan: Plan): Plan {
  if (plan.dns?.flip?.batch !== 'plan-b') return plan;
  const records = plan.dns.records.map((record) => ({ ...record, after: record.before }));
  return { ...plan, dns: { ...plan.dns, records } };
}

describe('a plan turned round', () => {
  test.each(drawn.map((plan) => [plan.name, plan] as const))('%s: twice is the plan again', (_name, plan) => {
    const once = turned(plan);
    expect(judgePlan(once)).toEqual([]);
    expect(turned(once)).toEqual(withoutPlanB(plan));
  });

  test('stands where a finished run leaves the estate', () => {
    const [chain] = turned(referencePlan(), ['orders-a1', 'orders-b1']).chains;
    expect(chain?.source).toEqual({
      masters: [{ instance: 'orders-t1', channel: '' }],
      slaves: [{ instance: 'orders-t2', from: 'orders-t1', channel: '' }],
    });
    expect(chain?.target).toEqual({
      masters: [
        { instance: 'orders-a1', from: 'orders-t1', channel: 'cutover_reverse' },
        { instance: 'orders-b1', from: 'orders-a1', channel: '' },
      ],
      replicas: [{ instance: 'orders-s1', from: 'orders-a1', channel: '' }],
      restore: {
        ring: { instance: 'orders-a1', from: 'orders-b1', channel: '' },
        eventSchedulers: ['orders-a1', 'orders-b1'],
      },
    });
    expect(chain && reverseEnds(chain)).toMatchObject({ receiver: 'orders-t1', from: 'orders-a1' });
    expect(chain?.replication.reverse).toMatchObject({ channel: '' });
  });

  test('clients, fleets, tunnels and records change sides', () => {
    const plan = referencePlan();
    const back = turned(plan);
    expect(back.appFleets[0]?.hosts[0]).toEqual({
      host: plan.appFleets[0]?.hosts[0]?.host,
      source: plan.appFleets[0]?.hosts[0]?.target,
      target: plan.appFleets[0]?.hosts[0]?.source,
    });
    expect(back.clients.find(({ kind }) => kind === 'mysql')).toMatchObject({
      source: 'orders-t1',
      target: 'orders-a1',
    });
    expect(back.dns?.records[0]?.before).toEqual(plan.dns?.records[0]?.after);
  });

  test('a long TTL of the source does not come back with Reverse: it stays lowered until Close', () => {
    const plan = referenceWith(({ dns, ...rest }) => ({
      ...rest,
      ...(dns === undefined
        ? {}
        : {
            dns: {
              ...dns,
              records: dns.records.map((record) =>
                record.before === 'absent' || 'alias' in record.before
                  ? record
                  : { ...record, before: { ...record.before, ttlSeconds: 3_600 } },
              ),
            },
          }),
    }));
    expect(turned(plan).dns?.records.map(({ after }) => after)).toMatchObject([
      { ttlSeconds: 60 },
      { ttlSeconds: 60 },
    ]);
  });

  test('each side logs in to the other by a file of its own', () => {
    const login = { client: 'mysql', targetOptionFile: '/etc/to-target.cnf' };
    const one = (sourceOptionFile?: string): Plan =>
      referenceWith((plan) => ({
        ...plan,
        chains: plan.chains.map((chain) => ({
          ...chain,
          deadMansSwitch: { ...login, ...(sourceOptionFile === undefined ? {} : { sourceOptionFile }) },
        })),
      }));
    expect(turned(one()).chains[0]?.deadMansSwitch).toBeUndefined();
    expect(turned(one('/etc/to-source.cnf')).chains[0]?.deadMansSwitch).toEqual({
      client: 'mysql',
      targetOptionFile: '/etc/to-source.cnf',
      sourceOptionFile: '/etc/to-target.cnf',
    });
  });

  test('what the other direction lacks is named, all of it', () => {
    const plan = referenceWith((each) => ({
      ...each,
      chains: each.chains.map((chain, index) =>
        index === 0
          ? { ...chain, wayBack: { none: 'the target is newer' } }
          : {
              ...chain,
              target: {
                masters: [...chain.target.masters, { instance: 'content-t2', from: 'content-t1' }],
                replicas: [],
              },
            },
      ),
    }));
    const refused = reversedPlan(plan, { schedulersOff: [] });
    expect(refused).toEqual({
      ok: false,
      error: [
        'Chain orders has no way back, as its plan says: the target is newer',
        'Chain content has 2 target masters (content-t1, content-t2): expected one, because the reverse link brings back what one of them wrote.',
      ],
    });
  });
});
