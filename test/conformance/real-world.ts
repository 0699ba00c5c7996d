import { randomUUID } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { createCredentials } from '../../main/adapters/credentials.ts';
import { createMysql } from '../../main/adapters/mysql.ts';
import type { MysqlPort } from '../../main/ports.ts';
import type { Plan, PlanInput } from '../../shared/plan/plan.ts';
import { planSchema } from '../../shared/plan/plan.ts';
import type { FixtureWorld } from './fixture-world.ts';
import { holdOn } from './real-holds.ts';
import { makePlace, removePlace } from './real-places.ts';
import type { ServerKind } from './real-places.ts';
import { makeCertificates, passwords, startServer } from './real-servers.ts';
import type { Certificates, RealServer } from './real-servers.ts';

/** A source and a target that follows it, both real. */
export type RealWorld = {
  readonly world: FixtureWorld;
  readonly certificates: Certificates;
  readonly servers: { readonly source: RealServer; readonly target: RealServer };
  /** The plan of the two servers, for ports with other TLS modes or credentials. */
  readonly plan: (change?: Partial<PlanInput['instances'][number]>) => Plan;
  readonly registered: readonly string[];
  readonly portOf: (plan: Plan, environment?: Readonly<Record<string, string>>) => MysqlPort;
  readonly end: () => Promise<void>;
};

const environment = { OPERATOR: passwords.cockpit, PLAIN: passwords.plain, REPL: passwords.repl };

/** Starts both servers and the link between them. */
export async function startRealWorld(kind: ServerKind): Promise<RealWorld> {
  const place = makePlace(kind);
  const certificates = makeCertificates(place);
  const source = await startServer({ kind, serverId: 1, place, certificates });
  const target = await startServer({ kind, serverId: 2, place, certificates }).catch(
    async (error: unknown) => {
      // Nothing that was started here may stay behind.
      await source.stop();
      removePlace(place);
      throw error;
    },
  );
  await follow(target, source);
  const registered: string[] = [];
  const portOf = (plan: Plan, given: Readonly<Record<string, string>> = environment): MysqlPort =>
    createMysql(plan, {
      credentials: createCredentials({
        planFolder: place.outside,
        redactor: { register: (value) => registered.push(value) },
        environment: given,
      }),
      connectStream: () => Promise.resolve({ kind: 'refused', reason: 'other', message: 'no SSH here' }),
    });
  const plan = (change: Partial<PlanInput['instances'][number]> = {}): Plan =>
    twoServerPlan({ source, target }, change);
  const world = fixture({ source, target }, portOf(plan()), plan());
  return {
    world,
    certificates,
    servers: { source, target },
    plan,
    registered,
    portOf,
    end: async () => {
      await Promise.all([source.stop(), target.stop()]);
      removePlace(place);
    },
  };
}

async function follow(target: RealServer, source: RealServer): Promise<void> {
  const statements =
    target.flavor === 'mariadb'
      ? [
          `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${source.port}, MASTER_USER='repl', MASTER_PASSWORD='${passwords.repl}', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos`,
          'START SLAVE',
          'SET GLOBAL read_only = 1',
        ]
      : [
          `CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=${source.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${passwords.repl}', SOURCE_CONNECT_RETRY=1, SOURCE_AUTO_POSITION=1, SOURCE_SSL=1`,
          'START REPLICA',
          'SET GLOBAL super_read_only = 1',
        ];
  for (const statement of statements) await target.admin.query(statement);
}

function twoServerPlan(
  { source, target }: { readonly source: RealServer; readonly target: RealServer },
  change: Partial<PlanInput['instances'][number]>,
): Plan {
  const account = { user: 'repl', environment: 'REPL' };
  const instance = (id: string, host: string, port: number): PlanInput['instances'][number] => ({
    id,
    host,
    port,
    address: '127.0.0.1',
    via: 'direct',
    tls: { mode: 'REQUIRED' },
    ...change,
  });
  return planSchema.parse({
    schemaVersion: 1,
    name: 'two-servers',
    environment: 'staging',
    sites: [
      { id: 'colo', kind: 'co-location' },
      { id: 'east', kind: 'ec2-region' },
    ],
    hosts: [
      { id: 'h-source', site: 'colo' },
      { id: 'h-target', site: 'east' },
    ],
    accounts: {
      operator: { user: 'cockpit', environment: 'OPERATOR' },
      plain: { user: 'plain', environment: 'PLAIN' },
    },
    instances: [instance('source', 'h-source', source.port), instance('target', 'h-target', target.port)],
    chains: [
      {
        id: 'orders',
        source: { masters: [{ instance: 'source' }] },
        target: { masters: [{ instance: 'target', from: 'source' }] },
        replication: { forward: { account }, reverse: { account } },
        wayBack: 'reverse',
      },
    ],
  } satisfies PlanInput);
}

function fixture(servers: RealWorld['servers'], port: MysqlPort, plan: Plan): FixtureWorld {
  const of = (instance: string): RealServer => (instance === 'source' ? servers.source : servers.target);
  const app = (instance: string): Promise<Connection> =>
    createConnection({
      host: '127.0.0.1',
      port: of(instance).port,
      user: 'app',
      password: passwords.app,
      database: 'shop',
      ssl: { rejectUnauthorized: false },
    });
  return {
    flavor: servers.source.flavor,
    port,
    source: 'source',
    target: 'target',
    sourceServerId: servers.source.serverId,
    chain: 'orders',
    channel: '',
    targetAddress: '127.0.0.1',
    targetPort: servers.target.port,
    sourceByAnotherName: '127.1',
    sourcePort: servers.source.port,
    table: 'shop.writes',
    settle: (promise) => promise,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    write: async (instance) => {
      const connection = await app(instance);
      const error = await errorNumber(
        connection.query("INSERT INTO writes VALUES (?, X'00FF10', 7)", [randomUUID()]),
      );
      connection.destroy();
      return error;
    },
    hold: (instance, how) => holdOn(of(instance), how),
    showLocks: (instance, on) => showLocks(of(instance), on),
    plan,
    nowMs: () => performance.now(),
    applier: async (instance, on) => {
      const word = of(instance).flavor === 'mariadb' ? 'SLAVE' : 'REPLICA';
      await of(instance).admin.query(`${on ? 'START' : 'STOP'} ${word} SQL_THREAD`);
    },
  };
}

async function showLocks({ flavor, admin }: RealServer, on: boolean): Promise<void> {
  // Switching it writes to a table, which would wait for a backup's lock: only where it is not yet as it is wanted.
  if (flavor === 'mysql') {
    const instrument = "performance_schema.setup_instruments WHERE NAME = 'wait/lock/metadata/sql/mdl'";
    const [rows] = await admin.query(`SELECT ENABLED AS enabled FROM ${instrument}`);
    if (/"YES"/.test(JSON.stringify(rows)) !== on)
      await admin.query(`UPDATE ${instrument.replace(' WHERE', ' SET ENABLED = ? WHERE')}`, [
        on ? 'YES' : 'NO',
      ]);
    return;
  }
  const shows =
    (await errorNumber(admin.query('SELECT 1 FROM information_schema.METADATA_LOCK_INFO LIMIT 1'))) === null;
  // A tree without the plugin's file is refused here: resources/dev/lab-servers.sh brings it.
  if (shows !== on) await admin.query(`${on ? 'INSTALL' : 'UNINSTALL'} SONAME 'metadata_lock_info'`);
}

/** The server's error number of a statement; null: it was done. */
export async function errorNumber(asked: Promise<unknown>): Promise<number | null> {
  try {
    await asked;
    return null;
  } catch (error) {
    if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') return error.errno;
    throw error;
  }
}
