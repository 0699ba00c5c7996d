import { describe, expect, test } from 'vitest';
import { judgePlan } from '../../../shared/plan/judge-plan.ts';
import type { Chain } from '../../../shared/plan/plan.ts';
import type { Account } from '../../../shared/sessions/survey.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { clientSession } from '../../helpers/model-servers.ts';
import { expectRestored, intentsOf } from '../../helpers/night-checks.ts';
import { switchPlan } from '../../helpers/switch-plan.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';

const account = (name: string, change: Partial<Account> = {}): Account => ({
  account: `'${name}'@'%'`,
  privileges: ['READ_ONLY ADMIN'],
  throughRoles: [],
  bypassesReadOnly: true,
  locked: false,
  ...change,
});
const planned = (
  bypassWriters: Chain['bypassWriters'],
  bypassAccounts: readonly string[] = ['boss@%', 'night@%'],
) =>
  referenceWith((plan) => ({
    ...plan,
    chains: plan.chains.map((chain) =>
      chain.id === 'orders' ? { ...chain, bypassWriters, bypassAccounts: [...bypassAccounts] } : chain,
    ),
  }));
const nodes = ['orders-a1', 'orders-b1', 'orders-s1'];

/** boss is open, night was locked by somebody before the run, app passes nothing. */
function world(policy: Chain['bypassWriters'], script?: Script): AnsweringWorld {
  const opened = openWorld(planned(policy), script);
  for (const node of nodes)
    opened.server(node).accounts = [
      account('boss'),
      account('night', { locked: true }),
      account('app', { bypassesReadOnly: false, privileges: [] }),
    ];
  return opened;
}
const lockedOn = (of: AnsweringWorld, node: string): readonly string[] =>
  of
    .server(node)
    .accounts.filter(({ locked }) => locked)
    .map((each) => each.account);

describe('accounts that pass read_only, by the policy of the plan', () => {
  test('lock: locked before the fence, on every source node, and only those that were open', () => {
    const night = world('lock');
    expect(night.finish().outcome).toBe('done');
    const keys = night.intents.map(({ command }) => command.key);
    for (const node of ['orders-a1', 'orders-b1']) {
      const place = keys.indexOf(`quiet#1/lock-accounts@${node}`);
      expect(place).toBeGreaterThan(0);
      expect(place).toBeLessThan(keys.indexOf(`fence:orders#1/fence1@${node}`));
      expect(lockedOn(night, node)).toEqual(["'boss'@'%'", "'night'@'%'"]);
    }
    expect(night.run().steps['quiet']?.text).toContain("Locked for the minute: 'boss'@'%' on orders-a1");
    expect(night.run().undo).toContainEqual({
      kind: 'unlock-accounts',
      instance: 'orders-a1',
      accounts: ["'boss'@'%'"],
    });
  });

  test('lock: after a thaw the run’s own locks are gone, and nobody else’s', () => {
    const night = world('lock', ({ operation, where }) =>
      operation === 'fence' && where === 'orders-b1' ? { answer: { code: 1227 } } : undefined,
    );
    expect(night.finish().outcome).toBe('thawed');
    expectRestored(night);
    for (const node of nodes) expect(lockedOn(night, node)).toEqual(["'night'@'%'"]);
    const keys = night.intents.map(({ command }) => command.key);
    const unlock = keys.findIndex((key) => /^unwind#1\/unlock-accounts-.*@orders-a1$/.test(key));
    expect(unlock).toBeGreaterThan(keys.findIndex((key) => /^unwind#1\/second-.*@orders-a1$/.test(key)));
  });

  test('lock: an account that stays open after its lock ends the run before the fence', () => {
    const night = world('lock', ({ operation, where }) =>
      operation === 'lockAccounts' && where === 'orders-a1'
        ? { answer: { value: {} }, effect: false }
        : undefined,
    );
    expect(night.finish().outcome).toBe('thawed');
    expect(night.run().abortReason).toMatch(/orders-a1: 'boss'@'%' can still log in; expected locked/);
    expect(intentsOf(night, 'fence')).toEqual([]);
  });

  test('end-sessions: nobody is locked; one that comes back behind the fence ends the run', () => {
    const quiet = world('end-sessions');
    expect(quiet.finish().outcome).toBe('done');
    expect(intentsOf(quiet, 'lockAccounts')).toEqual([]);
    const night = world('end-sessions', ({ command }, model) => {
      if (command.key === 'prove:orders#1/passing@orders-a1')
        model.servers.get('orders-a1')?.sessions.push({ ...clientSession(99), user: 'boss' });
      return undefined;
    });
    expect(night.finish().outcome).toBe('thawed');
    expect(night.run().abortReason).toMatch(/thread 99 of boss@10\.0\.0\.1 is connected behind the fence/);
  });

  test('accept, the default: it may come back', () => {
    const night = world('accept', ({ operation, where }, model) => {
      if (operation === 'newestRows' && where === 'orders-a1')
        model.servers.get('orders-a1')?.sessions.push({ ...clientSession(99), user: 'boss' });
      return undefined;
    });
    expect(night.finish().outcome).toBe('done');
  });

  test('an account that passes and that the plan does not know ends the run before the barrier', () => {
    const night = world('end-sessions');
    night.server('orders-b1').accounts.push(account('stray', { throughRoles: ['dba'] }));
    expect(night.finish().outcome).toBe('thawed');
    expect(night.run().abortReason).toMatch(/orders-b1: 'stray'@'%' can write behind the fence.*REVOKE/);
    expect(night.run().steps['barrier']?.state).not.toBe('done');
  });
});

test('a plan must not lock what the night needs', () => {
  const said = (...accounts: readonly string[]) =>
    judgePlan({
      ...planned('lock', accounts),
      accounts: {
        operator: { user: 'cockpit', environment: 'OPERATOR' },
        plain: { user: 'plain', environment: 'PLAIN' },
      },
    }).map(({ message }) => message);
  expect(said("'boss'@'%'")).toEqual([]);
  expect(said("'cockpit'@'%'")[0]).toMatch(/the cockpit's own account/);
  expect(said("'app'@'%'")[0]).toMatch(/the application's account/);
  expect(judgePlan(planned('end-sessions', ["'cockpit'@'%'"]))).toEqual([]);
  const armed = switchPlan(planned('lock', ["'root'@'localhost'"]));
  expect(judgePlan(armed).map(({ message }) => message)[0]).toMatch(/its host's dead-man's switch/);
});
