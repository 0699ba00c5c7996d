import { describe, expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import type { People } from '../../../shared/gates/world.ts';
import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import type { OpenTransaction } from '../../../shared/sessions/operations.ts';
import { activity, clientAt } from '../../helpers/activity.ts';
import { smallPlan } from '../../helpers/small-plan.ts';
import {
  fact,
  healthyContext,
  healthyPeople,
  healthySnapshot,
  takenAt,
  withInstance,
  withSurvey,
} from '../../helpers/snapshot.ts';

const find = (
  gate: string,
  world: { readonly plan?: Plan; readonly snapshot?: Snapshot; readonly people?: People },
) =>
  judge(world.plan ?? smallPlan(), world.snapshot ?? healthySnapshot('mariadb'), {
    people: world.people ?? healthyPeople,
    context: healthyContext,
  }).find((verdict) => verdict.gate === gate);
const withChain = (change: Partial<Plan['chains'][number]>): Plan => ({
  ...smallPlan(),
  chains: smallPlan().chains.map((chain) => ({ ...chain, ...change })),
});

describe('blockers by the policy of the plan', () => {
  const transaction: OpenTransaction = {
    thread: 8,
    user: 'batch',
    host: 'h',
    ageMs: 60_000,
    rowsModified: 0,
    rowsLocked: 0,
    state: 'idle',
    statement: null,
  };
  const seen = (change: Partial<OpenTransaction>) =>
    withInstance(healthySnapshot('mariadb'), 'a1', () => ({
      activity: fact(
        activity({
          sessions: [clientAt(8, { command: change.state === 'running' ? 'Query' : 'Sleep' })],
          transactions: [{ ...transaction, ...change }],
        }),
      ),
    }));
  test.each([
    ['postpone', {}, 'closed'],
    ['wait', {}, 'closed'],
    ['kill-idle', {}, 'open'],
    ['kill-idle', { rowsModified: 1 }, 'closed'],
    ['kill-idle', { state: 'running' }, 'closed'],
    ['kill', { state: 'running', rowsModified: 1_000 }, 'open'],
    ['kill', { state: 'running', rowsModified: 100_000 }, 'closed'],
    ['kill', { rowsModified: 10 }, 'closed'],
    ['postpone', { ageMs: 4_999 }, 'open'],
  ] as const)('%s with %j: %s', (blockers, change, expected) => {
    expect(
      find('writers.transactions:orders', { plan: withChain({ blockers }), snapshot: seen(change) })?.state,
    ).toBe(expected);
  });
});

describe('accounts that pass read_only', () => {
  const account = {
    account: "'admin'@'%'",
    privileges: ['SUPER'],
    throughRoles: [],
    bypassesReadOnly: true,
    locked: false,
  };
  const seen = (flavor: 'mysql' | 'mariadb', change: Partial<typeof account> = {}) =>
    withInstance(
      withSurvey(healthySnapshot(flavor), 'a1', ({ accounts }) => ({
        accounts: [...accounts, { ...account, ...change }],
      })),
      'a1',
      () => ({
        activity: fact(activity({ sessions: [clientAt(44, { user: 'admin', host: 'h' })] })),
      }),
    );
  const gate = 'writers.bypass:orders';
  test('block on MariaDB, with their live sessions', () => {
    expect(find(gate, { snapshot: seen('mariadb') })).toMatchObject({
      state: 'closed',
      blocking: true,
      overridable: false,
    });
    expect(find(gate, { snapshot: seen('mariadb') })?.reasons[0]).toContain('live sessions 44');
  });
  test('warn on MySQL, where super_read_only stops them', () =>
    expect(find(gate, { snapshot: seen('mysql') })).toMatchObject({ state: 'closed', blocking: false }));
  test('are accepted by the plan, however quoted, and harmless when locked', () => {
    expect(
      find(gate, {
        plan: withChain({ bypassAccounts: ['root@localhost', 'admin@%'] }),
        snapshot: seen('mariadb'),
      })?.state,
    ).toBe('open');
    expect(find(gate, { snapshot: seen('mariadb', { locked: true }) })?.state).toBe('open');
  });
});

describe('checklist', () => {
  const said = (answer: 'yes' | 'no', who: string, atUtcMs = takenAt): People => ({
    ...healthyPeople,
    answers: [...healthyPeople.answers, { item: 'deploys-frozen', answer, who, atUtcMs }],
  });
  const gate = 'people.checklist:deploys-frozen';
  test('says who and when', () =>
    expect(find(gate, {})).toMatchObject({
      state: 'open',
      title: 'Deploys are frozen.',
      reasons: ['Yes, by Ada at 2026-11-23T02:00:00.000Z.'],
    }));
  test('is closed without an answer', () =>
    expect(find(gate, { people: { answers: [], overrides: [] } })?.reasons).toEqual([
      'Expected the answer yes, seen no answer yet.',
    ]));
  test('the newest answer counts', () => {
    expect(find(gate, { people: said('no', 'Ada', takenAt + 1) })?.state).toBe('closed');
    expect(find(gate, { people: said('no', 'Ada', takenAt - 1) })?.state).toBe('open');
  });
  test('is for the role that it names, or for an unattended run', () => {
    expect(find(gate, { people: said('yes', 'Mallory') })?.reasons[0]).toBe(
      'Expected an answer by Ada (role captain), seen one by Mallory.',
    );
    expect(find(gate, { people: said('yes', 'unattended (ci)') })?.state).toBe('open');
  });
});
