import { commit, refusesWrite } from '../../main/simulator/commits.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import { night } from '../simulator/night.ts';
import { smallPlan } from '../simulator/small-plan.ts';
import type { FixtureWorld, HoldKind } from './fixture-world.ts';
import { mysqlSuite } from './mysql-suite.ts';

for (const flavor of ['mariadb', 'mysql'] as const) {
  mysqlSuite(`the simulator as ${flavor}`, () =>
    Promise.resolve({ world: simulated(flavor), end: () => Promise.resolve() }),
  );
}

const faultOf = {
  'open-transaction': 'idle',
  'idle-transaction': 'idle',
  'table-lock': 'lock-tables',
  statement: 'running',
  fragile: 'fragile',
  ddl: 'ddl',
  'lock-queue': 'lock-queue',
  'semi-sync': 'semi-sync',
  backup: 'backup',
  'backup-lock': 'backup',
} as const satisfies Readonly<Record<HoldKind, string>>;

function simulated(flavor: Flavor): FixtureWorld {
  const plan = smallPlan({ flavor, writesPerSecond: 0 });
  const world = night(plan);
  const [source, target] = ['orders-a1', 'orders-t1'];
  return {
    flavor,
    port: world.ports.mysql,
    source,
    target,
    sourceServerId: world.server(source).serverId,
    chain: 'orders',
    channel: '',
    targetAddress: 'orders-t1.db',
    targetPort: 3306,
    sourceByAnotherName: world.server(source).address,
    sourcePort: 3306,
    table: 'shop.writes',
    settle: world.wait,
    pass: world.pass,
    write: (instance) => {
      const server = world.server(instance);
      const refusal = refusesWrite(server, 'app');
      if (refusal !== null) return Promise.resolve(refusal.code);
      commit(server, { kind: 'app', id: null, value: 0 }, world.clock.nowMs());
      return Promise.resolve(null);
    },
    hold: async (instance, how) => {
      const server = world.server(instance);
      const before = new Set(server.threads.keys());
      const forMs = 60_000;
      world.inject({
        kind: 'long-transaction',
        on: instance,
        how: faultOf[how],
        rows: how === 'idle-transaction' ? 0 : 3,
        forMs,
        user: 'app',
      });
      const [thread, behind] = [...server.threads.keys()].filter((id) => !before.has(id));
      if (thread === undefined) throw new Error('The fault opened no session.');
      return {
        thread,
        ...(behind === undefined ? {} : { behind }),
        release: () => world.pass(forMs + 1),
      };
    },
    showLocks: (instance, on) => {
      world.server(instance).showsLocks = on;
      return Promise.resolve();
    },
    plan,
    nowMs: () => world.clock.nowMs(),
    applier: async (instance, on) => {
      if (on) await world.pass(20_000);
      else world.inject({ kind: 'applier-stopped', on: instance, code: 0, forMs: 10_000 });
    },
  };
}
