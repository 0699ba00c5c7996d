import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedSince, holdsAll, linkTrouble } from '../../../shared/steps/containment.ts';
import { present } from '../../../shared/lib/assert.ts';
import type { Chain } from '../../../shared/plan/plan.ts';
import type { FastFacts } from '../../../shared/sessions/operations.ts';
import { factsOf, modelServers } from '../../helpers/model-servers.ts';
import { referencePlan, referenceWith } from '../../helpers/reference-plan.ts';

const plan = referencePlan();
const chain = present(plan.chains[0], 'the first chain');
const filed: Chain = { ...chain, gtid: 'off' };
const servers = modelServers(plan);

function facts(
  instance: string,
  part: {
    readonly gtid?: string;
    readonly file?: string;
    readonly offset?: number;
    readonly flavor?: 'mysql' | 'mariadb';
  } = {},
): FastFacts {
  const seen = factsOf(present(servers.get(instance), instance), 1, 0);
  return { ...seen, position: { ...seen.position, ...part } };
}

const holds = (target: string, a: string, b: string) =>
  holdsAll(chain, ['orders-t1', facts('orders-t1', { gtid: target })], {
    'orders-a1': facts('orders-a1', { gtid: a }),
    'orders-b1': facts('orders-b1', { gtid: b }),
  });

describe('two co-masters in one domain (MariaDB)', () => {
  test('a target with the highest sequence but without the other master’s rows is not complete', () => {
    expect(holds('0-1-120,0-2-90', '0-1-120,0-2-99', '0-1-118,0-2-99')).toEqual({
      ok: true,
      value: { holds: false, lacks: '0-2-99 after 90' },
    });
  });

  test('the union counts: what only one master has, the target must have', () => {
    expect(holds('0-1-120,0-2-98', '0-1-120,0-2-98', '0-1-118,0-2-99')).toMatchObject({
      value: { holds: false },
    });
    expect(holds('0-1-120,0-2-99', '0-1-120,0-2-98', '0-1-118,0-2-99')).toEqual({
      ok: true,
      value: { holds: true, lacks: '' },
    });
  });

  test('a server that the target has never heard of is missing, however far the others are', () => {
    expect(holds('0-1-900', '0-1-120', '0-1-120,0-2-1')).toMatchObject({
      value: { holds: false, lacks: '0-2-1 and all before' },
    });
  });

  test('another domain is another sequence', () => {
    expect(holds('0-1-900,7-1-3', '0-1-900,7-1-4', '0-1-900')).toMatchObject({
      value: { holds: false, lacks: '7-1-4 after 3' },
    });
  });

  test('a master without any GTID is a failure, never "nothing to hold"', () => {
    expect(holds('0-1-120', '0-1-120', '')).toEqual({
      ok: false,
      error: 'orders-b1 names no GTID; expected one, because the plan says gtid: on',
    });
    expect(holds('0-1-120', '', '')).toMatchObject({ ok: false });
  });

  test('unreadable is never complete', () => {
    expect(holds('0-1-120', '0-1-', '0-1-120').ok).toBe(false);
    expect(holds('what?', '0-1-120', '0-1-120').ok).toBe(false);
  });

  test('holds exactly when every (domain, server) is reached', () => {
    const state = fc.array(fc.nat(50), { minLength: 3, maxLength: 3 });
    const text = (numbers: readonly number[]): string =>
      numbers.map((number, index) => `${index % 2}-${index + 1}-${number + 1}`).join(',');
    fc.assert(
      fc.property(state, state, state, (target, a, b) => {
        const all = target.every((number, index) => number >= (a[index] ?? 0) && number >= (b[index] ?? 0));
        expect(holds(text(target), text(a), text(b))).toMatchObject({ ok: true, value: { holds: all } });
      }),
    );
  });
});

describe('file and position', () => {
  const at = (offset: number, file = 'log.000007') => {
    const seen = facts('orders-t1');
    return {
      ...seen,
      links: seen.links.map((link) => ({ ...link, appliedFile: file, appliedOffset: offset })),
    };
  };
  const source = {
    'orders-a1': facts('orders-a1', { gtid: '', offset: 500 }),
    'orders-b1': facts('orders-b1', { gtid: '', offset: 900 }),
  };

  test('the target holds all when it has applied its direct source’s whole log', () => {
    expect(holdsAll(filed, ['orders-t1', at(500)], source)).toMatchObject({ value: { holds: true } });
    expect(holdsAll(filed, ['orders-t1', at(499)], source)).toMatchObject({
      value: { holds: false, lacks: 'orders-a1 is at log.000007:500, orders-t1 has applied log.000007:499' },
    });
    expect(holdsAll(filed, ['orders-t1', at(4, 'log.000008')], source)).toMatchObject({
      value: { holds: true },
    });
  });

  test('a log of another name, a missing link and a source that was not read are failures', () => {
    expect(holdsAll(filed, ['orders-t1', at(900, 'other.000007')], source).ok).toBe(false);
    expect(holdsAll(filed, ['orders-t1', { ...at(500), links: [] }], source).ok).toBe(false);
    expect(holdsAll(filed, ['orders-t1', at(500)], { 'orders-b1': source['orders-b1'] }).ok).toBe(false);
    expect(holdsAll(filed, ['orders-t1', at(0, '')], source).ok).toBe(false);
  });
});

describe('MySQL', () => {
  const uuid = '00000000-0000-0000-0000-000000000001';
  const other = '00000000-0000-0000-0000-000000000002';
  const mysql = (gtid: string) => facts('orders-t1', { flavor: 'mysql', gtid });

  test('holds the union of all sources, gaps included', () => {
    const sources = { 'orders-a1': mysql(`${uuid}:1-100`), 'orders-b1': mysql(`${uuid}:1-99,${other}:1-5`) };
    expect(holdsAll(chain, ['orders-t1', mysql(`${uuid}:1-100,${other}:1-5`)], sources)).toMatchObject({
      value: { holds: true },
    });
    expect(holdsAll(chain, ['orders-t1', mysql(`${uuid}:1-49:51-100,${other}:1-5`)], sources)).toMatchObject({
      value: { holds: false, lacks: `${uuid}:50` },
    });
  });

  test('two flavours in one chain are never complete', () => {
    expect(holdsAll(chain, ['orders-t1', facts('orders-t1')], { 'orders-a1': mysql(`${uuid}:1-3`) }).ok).toBe(
      false,
    );
  });
});

describe('a fenced server between two readings', () => {
  const before = facts('orders-a1');
  const closed = { ...before, readOnly: true };

  test('is unchanged, or says what changed', () => {
    expect(changedSince('a', closed, closed)).toBeNull();
    expect(changedSince('a', closed, { ...closed, readOnly: false })).toContain(
      'takes writes; expected the fence to hold',
    );
    expect(
      changedSince('a', { ...closed, superReadOnly: true }, { ...closed, superReadOnly: false }),
    ).toContain('expected super_read_only to hold');
    expect(changedSince('a', closed, { ...closed, serverId: 99 })).toContain('another server');
    expect(changedSince('a', closed, { ...closed, serverUuid: 'x' })).toContain('another server');
    expect(changedSince('a', closed, { ...closed, uptimeSeconds: 3 })).toContain('was restarted');
    expect(
      changedSince('a', closed, {
        ...closed,
        position: { ...closed.position, file: 'log.000008', offset: 4 },
      }),
    ).toContain('moved after the fence');
  });
});

describe('a link that cannot make progress', () => {
  const seen = facts('orders-t1');
  const link = (part: Partial<FastFacts['links'][number]>) =>
    linkTrouble(chain, 'orders-t1', { ...seen, links: seen.links.map((each) => ({ ...each, ...part })) });

  test('says why', () => {
    expect(linkTrouble(chain, 'orders-t1', seen)).toBeNull();
    expect(linkTrouble(chain, 'orders-t1', { ...seen, links: [] })).toContain('seen none');
    expect(link({ applier: 'stopped' })).toContain('applier of orders-t1 is stopped without an error');
    expect(link({ receiver: 'stopped', receiverError: { code: 1045, message: 'denied' } })).toContain(
      'with error 1045: denied',
    );
    expect(link({ delaySeconds: 60 })).toContain('delays applying by 60 s');
    expect(link({ receiver: 'connecting' })).toBeNull();
  });
});

test('a reference plan with GTID off is a plan', () => {
  expect(
    referenceWith((input) => ({
      ...input,
      chains: input.chains.map((each) => ({ ...each, gtid: 'off' as const })),
    })).chains[0]?.gtid,
  ).toBe('off');
});
