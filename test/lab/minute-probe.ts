import { randomBytes } from 'node:crypto';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { passwordOf } from './accounts.ts';
import { membersIn } from './lab-state.ts';
import { readLoad, type Load } from './load.ts';
import { connectAsRoot } from './sql.ts';
import type { Lab } from './start-lab.ts';
import { membersOf, type Role } from './topology.ts';

/** A plain app account that tries a write on every side of a chain, again and again, whatever anybody believes. */
export type Probe = {
  readonly stop: () => Promise<void>;
  /** Ids of the writes that were acknowledged, by instance. */
  readonly acknowledged: () => Readonly<Record<string, readonly string[]>>;
  readonly tries: () => Readonly<Record<string, number>>;
};

/** Often enough to see two writable sides, seldom enough that ten servers on two cores can follow. */
const periodMs = 100;

/** Probes the source nodes and the target masters of one chain until stopped. */
export function startProbe(lab: Lab, chain: string): Probe {
  const probed: readonly Role[] = ['source-master', 'source-slave', 'target-master'];
  const nodes = membersIn(lab.state()).flatMap((member) =>
    member.chain === chain && probed.includes(member.role) ? [member.id] : [],
  );
  // A lab may be probed more than once, and its rows stay.
  const run = randomBytes(3).toString('hex');
  const acknowledged: Record<string, string[]> = Object.fromEntries(nodes.map((node) => [node, []]));
  const tries: Record<string, number> = Object.fromEntries(nodes.map((node) => [node, 0]));
  const ending = new AbortController();
  const loops = nodes.map((node) =>
    probeOne(lab, node, {
      run,
      ended: () => ending.signal.aborted,
      tried: () => (tries[node] = (tries[node] ?? 0) + 1),
      wrote: (id) => acknowledged[node]?.push(id),
    }),
  );
  return {
    acknowledged: () => acknowledged,
    tries: () => tries,
    stop: async () => {
      ending.abort();
      await Promise.all(loops);
    },
  };
}

type Report = {
  readonly run: string;
  readonly ended: () => boolean;
  readonly tried: () => void;
  readonly wrote: (id: string) => void;
};

async function probeOne(lab: Lab, node: string, report: Report): Promise<void> {
  let connection: Connection | null = null;
  for (let n = 1; !report.ended(); n += 1) {
    const due = performance.now() + periodMs;
    const id = `probe-${report.run}-${node}-${n}`;
    try {
      connection ??= await openAsApp(lab, node);
      report.tried();
      const sql = `INSERT INTO shop.writes (id, client, n, at) VALUES ('${id}', 'probe', ${n}, UTC_TIMESTAMP(6))`;
      await connection.query({ sql, timeout: 20_000 });
      report.wrote(id);
    } catch (error) {
      // Refused by a closed server: that session is as good as before. Anything else: a new one.
      const { errno } = error as { readonly errno?: number };
      if (errno !== 1290) {
        connection?.destroy();
        connection = null;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  connection?.destroy();
}

async function openAsApp(lab: Lab, node: string): Promise<Connection> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: lab.port(node),
    user: 'app',
    password: passwordOf(lab.dir, 'app'),
    connectTimeout: 2_000,
  });
  connection.on('error', () => undefined);
  return connection;
}

/** The last moment the source took a write and the first at which the target did, as UTC texts of the servers. */
export type Sides = {
  readonly lastOnSource: string;
  readonly firstOnTarget: string;
  readonly onSource: number;
  readonly onTarget: number;
};

/**
 * When each side took writes, by the rows themselves: every row carries its own server's time at the start of its
 * statement, and all servers of the lab share one clock. So no slow client can hide or invent an overlap.
 */
export async function sidesOf(
  lab: Lab,
  chain: string,
  seen: { readonly load: Load; readonly probe: Probe },
): Promise<Sides> {
  const target = membersOf(chain, 'target-master').map(({ id }) => id);
  const targetPorts = target.map((id) => lab.port(id));
  const records = readLoad(seen.load.logFile).filter(
    (record) => record.chain === chain && record.outcome === 'acknowledged',
  );
  const ids = (onTarget: boolean): ReadonlySet<string> =>
    new Set([
      ...records.filter(({ port }) => targetPorts.includes(port) === onTarget).map(({ id }) => id),
      ...Object.entries(seen.probe.acknowledged())
        .filter(([node]) => target.includes(node) === onTarget)
        .flatMap(([, written]) => written),
    ]);
  const times = await timesOn(lab, target[0] ?? '');
  const timesOf = (wanted: ReadonlySet<string>): readonly string[] =>
    [...times]
      .filter(([id]) => wanted.has(id))
      .map(([, at]) => at)
      .toSorted();
  const source = timesOf(ids(false));
  const onTarget = timesOf(ids(true));
  return {
    lastOnSource: source.at(-1) ?? '',
    firstOnTarget: onTarget[0] ?? '',
    onSource: source.length,
    onTarget: onTarget.length,
  };
}

async function timesOn(lab: Lab, instance: string): Promise<ReadonlyMap<string, string>> {
  const connection = await connectAsRoot(lab.state(), instance);
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id, at FROM shop.writes');
    return new Map(rows.map((row) => [String(row['id']), String(row['at'])]));
  } finally {
    connection.destroy();
  }
}
