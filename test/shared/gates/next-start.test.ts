import { describe, expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import { freshness } from '../../../shared/gates/look.ts';
import type { DropInSeen } from '../../../shared/observations/file-seen.ts';
import { unknown, type Observation } from '../../../shared/observations/observation.ts';
import type { HostFacts, Snapshot } from '../../../shared/observations/snapshot.ts';
import type { BootSeen, SwitchProof } from '../../../shared/observations/switch-proof.ts';
import { present } from '../../../shared/lib/assert.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import { smallPlan } from '../../helpers/small-plan.ts';
import {
  changed,
  fact,
  healthyContext,
  healthyPeople,
  healthySnapshot,
  takenAt,
  withFast,
} from '../../helpers/snapshot.ts';

const path = '/etc/mysql/conf.d/fence.cnf';

/** The small plan with a drop-in for those. */
function withDropIns(...ids: readonly string[]): Plan {
  const plan = smallPlan();
  return {
    ...plan,
    instances: plan.instances.map((each) => (ids.includes(each.id) ? { ...each, fenceDropIn: path } : each)),
  };
}

function verdictOf(gate: string, plan: Plan, snapshot: Snapshot) {
  const verdicts = judge(plan, snapshot, { people: healthyPeople, context: healthyContext });
  return verdicts.find((each) => each.gate === gate);
}

function withHost(
  snapshot: Snapshot,
  host: string,
  change: (facts: HostFacts) => Partial<HostFacts>,
): Snapshot {
  const facts = present(snapshot.hosts[host], host);
  return { ...snapshot, hosts: { ...snapshot.hosts, [host]: { ...facts, ...change(facts) } } };
}

const nothingTried: SwitchProof = { logins: {}, boots: {}, logout: unknown('not tried', takenAt, 'h') };
const good: DropInSeen = { there: false, folder: true, writable: true };

function withFile(
  host: string,
  files: Readonly<Record<string, Observation<DropInSeen>>>,
  snapshot = healthySnapshot('mariadb'),
): Snapshot {
  return withHost(snapshot, host, () => ({ dropIns: files }));
}

/** The next start of a1, whose host shows its file as it should be. */
function withStart(change: Partial<BootSeen> | null): Snapshot {
  return withHost(withFile('h-source', { a1: fact(good) }), 'h-source', ({ switchProof }) => {
    const proof = present(switchProof, 'a proof');
    const seen = present(proof.boots['a1'], 'a start');
    const a1 =
      change === null
        ? unknown('no server there', takenAt, 'h')
        : changed(seen, ({ written }) => ({ written: [...written, null], ...change }));
    return { switchProof: { ...proof, boots: { ...proof.boots, a1 } } };
  });
}

describe('the gate on the files that keep a fence over a restart', () => {
  const gate = 'durability.drop-in:orders';
  const verdict = (plan: Plan, snapshot: Snapshot) => present(verdictOf(gate, plan, snapshot), gate);

  test('there is none where the plan names no file', () => {
    expect(verdictOf(gate, smallPlan(), healthySnapshot('mariadb'))).toBeUndefined();
  });

  test('is open where the folder takes files and the server reads them', () => {
    expect(verdict(withDropIns('a1'), withStart({ dropInRead: true }))).toMatchObject({
      state: 'open',
      blocking: true,
    });
  });

  test.each([
    ['a1', 'h-source', { folder: false, writable: false }, /seen none: the run would thaw in its step quiet/],
    ['a1', 'h-source', { writable: false }, /seen one into which it may not: the run would thaw/],
    ['e1', 'h-target', { folder: false, writable: false }, /seen none: Reverse would thaw/],
    ['e1', 'h-target', { writable: false }, /seen one into which it may not: Reverse would thaw/],
  ] as const)('%s on %s with %j closes it', (id, host, change, reason) => {
    for (const flavor of ['mariadb', 'mysql'] as const) {
      const snapshot = withFile(host, { [id]: fact({ ...good, ...change }) }, healthySnapshot(flavor));
      const seen = verdict(withDropIns(id), snapshot);
      expect(seen).toMatchObject({ state: 'closed', blocking: true });
      expect(seen.reasons.join(' ')).toMatch(reason);
      expect(seen.reasons.join(' ')).toContain('expected a folder /etc/mysql/conf.d on');
      expect(seen.fix).toContain('make /etc/mysql/conf.d');
    }
  });

  test.each([
    ['a host that was not looked at', healthySnapshot('mariadb'), /never seen/],
    [
      'a host that does not answer',
      withHost(healthySnapshot('mariadb'), 'h-source', () => ({
        reachable: unknown('connection timed out', takenAt, 'h'),
      })),
      /connection timed out/,
    ],
    [
      'a look that failed',
      withFile('h-source', { a1: unknown('exit status 127', takenAt, 'h') }),
      /exit status 127/,
    ],
    [
      'an old look',
      withFile('h-source', { a1: { ...fact(good), takenAt: takenAt - 130_000 } }),
      /younger than/,
    ],
  ])('%s leaves it unknown, and blocks', (_, snapshot, why) => {
    const seen = verdict(withDropIns('a1'), snapshot);
    expect(seen).toMatchObject({ state: 'unknown', blocking: true });
    expect(seen.reasons.join(' ')).toMatch(why);
  });

  test('a file that the server does not read is none', () => {
    const seen = verdict(withDropIns('a1'), withStart({ dropInRead: false }));
    expect(seen).toMatchObject({ state: 'closed', blocking: true });
    expect(seen.reasons.join(' ')).toContain('seen no !includedir of /etc/mysql/conf.d');
    expect(seen.fix).toContain('!includedir /etc/mysql/conf.d');
  });

  test.each([
    [
      'in an option file',
      { options: ['--read_only=0'], written: [null, { group: 'mysqld', text: 'read_only=0' }] },
    ],
    ['on its command line', { options: ['--read_only=0'], given: ['--read_only=0'], written: [null] }],
  ] as const)('what opens the server again %s, behind the drop-in, closes it', (where, change) => {
    const seen = verdict(withDropIns('a1'), withStart({ given: [], dropInRead: true, ...change }));
    expect(seen).toMatchObject({ state: 'closed', blocking: true, overridable: true });
    expect(seen.reasons.join(' ')).toContain(`seen --read_only=0 ${where}, which is read behind it`);
    expect(seen.fix).toContain('take --read_only=0 out of');
  });

  test('a look at the next start that is too old is none', () => {
    const seen = withStart({ dropInRead: true });
    const old = withHost(seen, 'h-source', ({ switchProof }) => {
      const proof = present(switchProof, 'a proof');
      const a1 = { ...present(proof.boots['a1'], 'a start'), takenAt: takenAt - 601_000 };
      return { switchProof: { ...proof, boots: { ...proof.boots, a1 } } };
    });
    expect(verdict(withDropIns('a1'), seen).ages).toContainEqual({ takenAt, limitMs: freshness.switchMs });
    expect(verdict(withDropIns('a1'), old)).toMatchObject({
      state: 'unknown',
      reasons: [expect.stringContaining('younger than 600 s')],
    });
  });

  test('where it is not seen what is read behind it, the gate is unknown', () => {
    const seen = verdict(
      withDropIns('a1'),
      withStart({ dropInRead: true, unreadable: ['/etc/mysql/z.cnf'] }),
    );
    expect(seen).toMatchObject({ state: 'unknown', blocking: true, overridable: true });
    expect(seen.reasons.join(' ')).toContain('/etc/mysql/z.cnf cannot be read');
  });

  test('what MySQL has persisted comes behind every file', () => {
    const snapshot = withHost(withStart({ dropInRead: true }), 'h-source', ({ switchProof }) => {
      const proof = present(switchProof, 'a proof');
      const a1 = changed(present(proof.logins['a1'], 'a login'), () => ({ persisted: ['--read_only=OFF'] }));
      return { switchProof: { ...proof, logins: { ...proof.logins, a1 } } };
    });
    const seen = verdict(withDropIns('a1'), snapshot);
    expect(seen).toMatchObject({ state: 'closed', fix: expect.stringContaining('RESET PERSIST') });
    expect(seen.reasons.join(' ')).toContain('--read_only=OFF in mysqld-auto.cnf');
  });

  test('of a target nothing is asked that cannot be seen, and what is seen counts for Reverse', () => {
    const target = (change: Partial<BootSeen>) =>
      verdict(
        withDropIns('e1'),
        withHost(withFile('h-target', { e1: fact(good) }), 'h-target', ({ switchProof }) => {
          const proof = present(switchProof, 'a look');
          const e1 = changed(present(proof.boots['e1'], 'a start'), () => ({ dropInRead: true, ...change }));
          return { switchProof: { ...proof, boots: { e1 } } };
        }),
      );
    expect(target({ options: ['--read_only=0'] })).toMatchObject({ state: 'open' });
    expect(target({ options: ['--read_only=0'], given: ['--read_only=0'] })).toMatchObject({
      state: 'closed',
    });
  });

  test.each([
    ['an option file that cannot be read', { dropInRead: false, unreadable: ['/etc/mysql/my.cnf'] }],
    ['a server that is not found', null],
  ] as const)('whether it reads it stays unknown with %s', (_, change) => {
    expect(verdict(withDropIns('a1'), withStart(change))).toMatchObject({ state: 'unknown', blocking: true });
  });

  test('where nobody can look at the next start, the folder decides', () => {
    const seen = withFile('h-source', { a1: fact(good) });
    const { switchProof: _, ...host } = present(seen.hosts['h-source'], 'a host');
    const alone = { ...seen, hosts: { ...seen.hosts, 'h-source': host } };
    expect(verdict(withDropIns('a1'), alone)).toMatchObject({ state: 'open' });
  });

  test('of a server that is closed already, and of a replica, nothing is written', () => {
    const nowhere = { folder: false, writable: false, there: false };
    const closed = withFast(withFile('h-source', { a3: fact(nowhere) }), 'a3', () => ({ readOnly: true }));
    expect(verdict(withDropIns('a3'), closed)).toMatchObject({ state: 'open' });
    expect(verdict(withDropIns('e2'), withFile('h-target', { e2: fact(nowhere) }))).toMatchObject({
      state: 'open',
    });
  });
});

describe('the warning of targets that boot closed', () => {
  const gate = 'durability.target-start:orders';
  const plan = smallPlan();
  const withTarget = (change: Partial<BootSeen> | null, flavor: 'mariadb' | 'mysql' = 'mariadb'): Snapshot =>
    withHost(healthySnapshot(flavor), 'h-target', ({ switchProof }) => {
      const proof = present(switchProof, 'a look');
      const seen = present(proof.boots['e1'], 'a start');
      const e1 =
        change === null ? unknown('it finds no server process', takenAt, 'h') : changed(seen, () => change);
      return { switchProof: { ...proof, boots: { e1 } } };
    });
  const verdict = (snapshot: Snapshot, of = plan) => present(verdictOf(gate, of, snapshot), gate);

  test('is quiet where they boot writable', () => {
    expect(verdict(healthySnapshot('mysql'))).toMatchObject({ state: 'open', blocking: false });
  });

  test.each([
    ['mariadb', ['--read_only=1'], '--read_only=1'],
    ['mysql', ['--read-only=1', '--super-read-only'], '--read-only=1 --super-read-only'],
  ] as const)(
    'names what closes them (%s), when to take it out, and blocks nothing',
    (flavor, options, said) => {
      const seen = verdict(withTarget({ options }, flavor));
      expect(seen).toMatchObject({ state: 'closed', blocking: false });
      expect(seen.reasons.join(' ')).toContain(`behind the promotion, seen ${said} in its option files`);
      expect(seen.fix).toContain(`as soon as e1 is promoted, and not before, take ${said} out`);
    },
  );

  test.each([
    ['mariadb', ['--read_only=1'], 'open'],
    ['mariadb', ['--read_only=1', '--read_only=1'], 'closed'],
    ['mariadb', ['--read-only', '--read_only=1'], 'closed'],
    ['mysql', ['--read_only=1', '--super_read_only=1'], 'open'],
    ['mysql', ['--super_read_only=1', '--read_only=1', '--super_read_only=1'], 'closed'],
  ] as const)(
    'a drop-in, which restore takes away, is none of them (%s %j: %s)',
    (flavor, options, state) => {
      const laid = withTarget({ options, dropIn: true, dropInRead: true }, flavor);
      expect(verdict(laid)).toMatchObject({ state });
      const unread = withTarget({ options, dropIn: true, dropInRead: false }, flavor);
      expect(verdict(unread)).toMatchObject({ state: 'closed' });
    },
  );

  test.each([
    ['no server process is found', withTarget(null)],
    ['an option file cannot be read', withTarget({ unreadable: ['/root/.my.cnf'] })],
    ['an init_file speaks of read_only', withTarget({ initFile: '/etc/mysql/init.sql' })],
    ['nobody looked', withHost(healthySnapshot('mysql'), 'h-target', () => ({ switchProof: nothingTried }))],
  ])('says that it is not known where %s', (_, snapshot) => {
    expect(verdict(snapshot)).toMatchObject({ state: 'unknown', blocking: false });
  });

  test('says that it is not known where the host has no SSH', () => {
    const hosts = plan.hosts.map(({ ssh, ...host }) =>
      host.id === 'h-target' || ssh === undefined ? host : { ...host, ssh },
    );
    const seen = verdict(healthySnapshot('mysql'), { ...plan, hosts });
    expect(seen).toMatchObject({ state: 'unknown', blocking: false });
    expect(seen.reasons.join(' ')).toContain('host h-target has no ssh in the plan');
  });
});
