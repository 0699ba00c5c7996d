import { describe, expect, test } from 'vitest';
import { letsPass } from '../../../shared/gates/gate.ts';
import { judge, mayBeOverridden } from '../../../shared/gates/judge.ts';
import { registry } from '../../../shared/gates/registry.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import { smallPlan } from '../../helpers/small-plan.ts';
import { healthyContext, healthyPeople, healthySnapshot, takenAt } from '../../helpers/snapshot.ts';

const rest = { people: healthyPeople, context: healthyContext };

describe.each(['mysql', 'mariadb'] as const)('a healthy estate on %s', (flavor) => {
  test('opens every gate, save the one warning that MariaDB cannot persist a fence', () => {
    const verdicts = judge(smallPlan(), healthySnapshot(flavor), rest);
    const shut = verdicts.filter(({ state }) => state !== 'open');
    expect(shut.map(({ gate, reasons }) => ({ gate, reasons }))).toMatchObject(
      flavor === 'mysql' ? [] : [{ gate: 'durability.fence:orders' }],
    );
    expect(verdicts.every(letsPass)).toBe(true);
  });

  test('gives every gate a name of its own, a sentence, and no fix while it is open', () => {
    const verdicts = judge(smallPlan(), healthySnapshot(flavor), rest);
    expect(new Set(verdicts.map(({ gate }) => gate)).size).toBe(verdicts.length);
    for (const verdict of verdicts) {
      expect(verdict.title).toMatch(/\.$/);
      expect(verdict.takenAt).toBe(takenAt);
      if (verdict.state === 'open') expect(verdict.fix).toBeNull();
    }
  });

  test('judges the same facts in the same way', () => {
    const once = judge(smallPlan(), healthySnapshot(flavor), rest);
    expect(judge(smallPlan(), healthySnapshot(flavor), rest)).toEqual(once);
  });
});

test('at preflight neither items of the go phase nor the clients are asked for', () => {
  const verdicts = judge(
    smallPlan(),
    { ...healthySnapshot('mariadb'), clients: [] },
    { people: healthyPeople, context: { ...healthyContext, phase: 'preflight' } },
  );
  expect(verdicts.map(({ gate }) => gate)).not.toContain('people.checklist:all-present');
  expect(verdicts.map(({ gate }) => gate)).not.toContain('hosts.clients');
  expect(verdicts.every(letsPass)).toBe(true);
});

test('gates that guard one writer, no lost write or the right server may never be overridden', () => {
  for (const gate of registry) {
    if (gate.guards.some((invariant) => ['I1', 'I2', 'I7'].includes(invariant)))
      expect(mayBeOverridden(gate), gate.id).toBe(false);
  }
});

describe('overrides', () => {
  const battery = {
    ...healthySnapshot('mariadb'),
    laptop: {
      ...healthySnapshot('mariadb').laptop,
      mains: { kind: 'known', value: false, takenAt, source: 'test' },
    },
  } as const;
  const override = (gate: string, reason: string) => ({ gate, who: 'Ada', reason, atUtcMs: takenAt });
  const find = (
    gate: string,
    snapshot: Parameters<typeof judge>[1],
    overrides: readonly ReturnType<typeof override>[],
  ) =>
    judge(smallPlan(), snapshot, { ...rest, people: { ...healthyPeople, overrides } }).find(
      (verdict) => verdict.gate === gate,
    );

  test('let a closed gate pass, with who and why', () => {
    const verdict = find('laptop.mains', battery, [override('laptop.mains', 'the generator runs')]);
    expect(verdict).toMatchObject({
      state: 'closed',
      override: { who: 'Ada', reason: 'the generator runs' },
    });
    expect(verdict !== undefined && letsPass(verdict)).toBe(true);
  });
  test('need a reason', () => {
    expect(find('laptop.mains', battery, [override('laptop.mains', ' ')])).toMatchObject({
      override: null,
      reasons: ['Expected mains power, seen battery.', expect.stringContaining('no reason')],
    });
  });
  test('are ignored where lives of data hang on it, and the verdict says so', () => {
    const healthy = healthySnapshot('mariadb');
    const target = healthy.instances['e1'];
    if (target?.fast.kind !== 'known') throw new Error('broken helper');
    const writable = {
      ...healthy,
      instances: {
        ...healthy.instances,
        e1: { ...target, fast: { ...target.fast, value: { ...target.fast.value, readOnly: false } } },
      },
    };
    const verdict = find('writers.others-read-only:orders', writable, [
      override('writers.others-read-only:orders', 'I know what I do'),
    ]);
    expect(verdict).toMatchObject({ state: 'closed', override: null, overridable: false });
    expect(verdict?.reasons.at(-1)).toContain('guards I1, I2');
  });
  test('are not shown on an open gate', () => {
    expect(
      find('laptop.mains', healthySnapshot('mariadb'), [override('laptop.mains', 'just in case')]),
    ).toMatchObject({ state: 'open', override: null });
  });
});

describe("the dead-man's switch", () => {
  const gate = 'way-back.dead-mans-switch:orders';
  const verdictOf = (plan: Plan) =>
    judge(plan, healthySnapshot('mysql'), {
      people: {
        ...healthyPeople,
        overrides: [{ gate, who: 'Ada', reason: 'it will be fine', atUtcMs: takenAt }],
      },
      context: healthyContext,
    }).find((candidate) => candidate.gate === gate);
  const without = (environment: Plan['environment'], none?: string): Plan => {
    const { instances, chains, ...plan } = smallPlan();
    return {
      ...plan,
      environment,
      instances: instances.map(({ hostLogin: _login, ...instance }) => instance),
      chains: chains.map(({ deadMansSwitch: _switch, ...chain }) =>
        none === undefined ? chain : { ...chain, deadMansSwitch: { none } },
      ),
    };
  };

  test('opens in production on evidence, and nobody opens it without', () => {
    expect(verdictOf({ ...smallPlan(), environment: 'production' })).toMatchObject({
      state: 'open',
      blocking: true,
    });
    const verdict = verdictOf(without('production'));
    expect(verdict).toMatchObject({ state: 'closed', blocking: true, overridable: false, override: null });
    expect(verdict !== undefined && letsPass(verdict)).toBe(false);
  });
  test('is left out by the word of the plan alone, in red', () => {
    const verdict = verdictOf(without('production', 'the hosts may not log in'));
    expect(verdict).toMatchObject({ state: 'closed', blocking: false });
  });
  test('a rehearsal says what is missing', () => {
    expect(verdictOf(without('staging'))?.reasons[0]).toMatch(
      /^orders has no dead-man's switch: a1 has no hostLogin, /,
    );
    expect(verdictOf(without('staging', 'the hosts may not log in'))?.reasons[0]).toContain(
      'as its plan says: the hosts may not log in',
    );
  });
  test('is nothing but a warning in a rehearsal', () => {
    expect(verdictOf(without('staging'))).toMatchObject({ state: 'closed', blocking: false });
  });
  test('is open in a rehearsal with one on every source node', () => {
    expect(verdictOf({ ...smallPlan(), environment: 'staging' })).toMatchObject({ state: 'open' });
  });
});
