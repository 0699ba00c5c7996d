import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { membersIn } from '../lab-state.ts';
import { startLoad, type Load } from '../load.ts';
import { forgetRuns, resetApplications, resetChains, resetZones } from '../reset.ts';
import { isAlive } from '../processes.ts';
import { eventually } from '../sql.ts';
import { allSpecs, startLab, type Lab } from '../start-lab.ts';
import { chains, membersOf, type Flavor } from '../topology.ts';
import { openWires, writeWiredPlan, type Wires } from './wires.ts';

/** A lab of one chain that is broken again and again, and made whole in between. */
export type FaultGround = {
  readonly lab: Lab;
  readonly chain: string;
  readonly wires: Wires;
  readonly planFile: string;
  /** As it was when it came up, whatever the last cell has left. */
  readonly reset: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** One chain without its slave: what a fault means is the same on more servers, and takes longer. */
const chain = chains[0] ?? '';
const nodes = membersOf(chain, 'source-master', 'target-master', 'target-replica').map(({ id }) => id);
const sources = membersOf(chain, 'source-master').map(({ id }) => id);

/** Starts such a lab; it goes when this process goes. */
export async function startFaultGround(
  flavor: Flavor,
  storage: 'memory' | 'disk' = 'memory',
): Promise<FaultGround> {
  const dir = mkdtempSync(join(tmpdir(), 'cutover-faults-'));
  const lab = await startLab({ flavor, instances: nodes, dir, owner: process.pid, storage });
  // An event that the target takes over.
  // Whoever enables an event of somebody else must be allowed to leave it his.
  const right = flavor === 'mysql' ? 'SET_ANY_DEFINER' : 'SET USER';
  for (const id of nodes)
    await lab.sql(
      id,
      ...(flavor === 'mysql' ? ['SET GLOBAL super_read_only=0'] : []),
      'SET SESSION sql_log_bin=0',
      `GRANT ${right} ON *.* TO 'cockpit'@'%'`,
      ...(flavor === 'mysql' && !sources.includes(id) ? ['SET GLOBAL super_read_only=1'] : []),
    );
  await makeEvent(lab);
  const wires = await openWires(lab);
  return {
    lab,
    chain,
    wires,
    planFile: writeWiredPlan(lab, wires),
    reset: () => resetGround(lab),
    stop: async () => {
      await wires.close();
      await lab.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Outside load on the chain while a cell is played. */
export function loadOn({ lab, chain: written }: Pick<FaultGround, 'lab' | 'chain'>): Load {
  return startLoad(lab.state(), {
    writers: 4,
    perSecond: 5,
    follow: true,
    seconds: 300,
    chains: [written],
  });
}

async function resetGround(lab: Lab): Promise<void> {
  const { processes } = lab.state();
  for (const { name } of allSpecs(lab.state())) if (!isAlive(processes[name])) await lab.restart(name);
  for (const { id } of membersIn(lab.state()))
    await lab.sql(
      id,
      ...(lab.flavor === 'mysql' ? ['SET GLOBAL super_read_only=0'] : []),
      'SET SESSION sql_log_bin=0',
      'DROP EVENT IF EXISTS shop.tidy',
    );
  forgetRuns(lab);
  await resetChains(lab);
  await makeEvent(lab);
  await resetApplications(lab);
  await resetZones(lab);
}

/** An event that does nothing yet: made on a source, carried to all, and enabled there alone. */
async function makeEvent(lab: Lab): Promise<void> {
  await lab.sql(
    sources[0] ?? '',
    "CREATE DEFINER='app'@'%' EVENT shop.tidy ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM shop.lines WHERE id < 0",
  );
  for (const id of nodes)
    await eventually(`the event is on ${id}`, 20_000, async () => {
      const rows = await lab.sql(id, "SELECT 1 FROM information_schema.EVENTS WHERE EVENT_NAME='tidy'");
      if (rows.length !== 1) throw new Error('no event');
    });
}
