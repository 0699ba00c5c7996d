import { composeRun, type Composed } from '../../../main/compose.ts';
import type { Night } from '../../../main/engine/night-ground.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { writeAsApp } from '../bad-luck-ground.ts';
import { membersIn } from '../lab-state.ts';
import { linkOf } from '../links.ts';
import { compareAcknowledged, type Load } from '../load.ts';
import { sidesOf, type Probe } from '../minute-probe.ts';
import { eventually } from '../sql.ts';
import type { Lab } from '../start-lab.ts';
import type { Role } from '../topology.ts';
import type { Cell } from './cells.ts';
import type { FaultGround } from './ground.ts';
import { touchedThings } from './touched.ts';
import { patience } from './wires.ts';

/** What was written while a cell was played. */
export type Seen = { readonly load: Load; readonly probe: Probe };

/** What must be true when a cell is over: everything is back, or exactly one side takes writes and there is a way on. */

export type Playing = {
  readonly ground: FaultGround;
  readonly cell: Cell;
  readonly composed: Composed;
  readonly night: Night;
  readonly seen: Seen;
  readonly before: readonly string[];
  readonly run: Run;
};

/** The plan's dead-man deadline, with time for a busy machine to do what it says. */
const switchMs = 30_000 * patience;
const settleMs = 20_000 * patience;
const forwardMs = 30_000 * patience;
const presses = 6;

/** Before the point of no return: every source takes writes again by itself, and nothing is other than before. */
export async function wentBack(playing: Playing): Promise<void> {
  const { ground, night, run, before, composed } = playing;
  const { lab } = ground;
  for (const id of nodesOf(playing, 'source-master'))
    await eventually(`${id} takes writes again`, switchMs, () => writeAsApp(lab, id));
  for (const id of nodesOf(playing, 'target-master', 'target-replica')) await isClosed(playing, id);
  const wrong = run.outcome === 'thawed' ? null : `${run.outcome}: ${unrestored(run)}`;
  await composed.cockpit.disarm();
  // Where the cockpit could not reach a server, its switch opened it; whoever takes the run up next finds nothing left.
  if (wrong !== null) {
    await composed.stop();
    const outcome = await resumed(run.id, night);
    if (outcome !== 'thawed') throw new Error(`resume ended as ${outcome}, expected thawed; ${wrong}`);
  }
  await everySourceHasAll(playing);
  await eventually('everything is as before', settleMs, async () => {
    const after = await touchedThings(lab, run.id);
    const differs = [
      ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
      ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
    ];
    if (differs.length > 0) throw new Error(differs.join('\n'));
  });
}

/** After it: retries, and at the last a resume, end it done; the target alone takes writes, and nothing is lost. */
export async function goForward(playing: Playing): Promise<void> {
  const { night, composed, ground } = playing;
  let outcome = await pressed(night);
  if (outcome !== 'done') {
    await composed.stop();
    outcome = await resumed(playing.run.id, night);
  }
  if (outcome !== 'done') throw new Error(`the way forward ended as ${outcome}: ${unrestored(night.run())}`);
  for (const id of nodesOf(playing, 'source-master', 'target-replica')) await isClosed(playing, id);
  const [target = ''] = nodesOf(playing, 'target-master');
  await eventually(`${target} takes writes`, forwardMs, () => writeAsApp(ground.lab, target));
  await wayBackRuns(playing, target);
  await playing.seen.load.stop();
  await playing.seen.probe.stop();
  await hasAll(playing, target);
  const sides = await sidesOf(ground.lab, ground.chain, playing.seen);
  if (sides.onTarget > 0 && !(sides.lastOnSource < sides.firstOnTarget))
    throw new Error(`two writable sides: ${JSON.stringify(sides)}`);
}

/** Presses Retry on whatever failed, as a person would, until the run is done or nothing helps. */
async function pressed(night: Night): Promise<string> {
  for (let press = 1; press <= presses; press += 1) {
    const run = night.run();
    if (run === null) throw new Error('no run');
    if (run.outcome === 'done') return 'done';
    for (const { key, state } of Object.values(run.steps)) {
      if (state !== 'failed') continue;
      const retried = await night.retry({ step: key, who: 'test' });
      if (!retried.ok) console.info(`retry of ${key}: ${retried.error}`);
    }
    await eventually('the retry has an outcome', forwardMs, async () => {
      const now = night.run();
      if (now?.outcome === null) throw new Error(now.phase);
    });
  }
  return night.run()?.outcome ?? 'none';
}

/** Another cockpit takes the run up from its journal, as `cockpit resume` does. */
async function resumed(runId: string, before: Night): Promise<string> {
  const composed = await composeRun(runId);
  if (!composed.ok) throw new Error(composed.error);
  const { cockpit, from, stop } = composed.value;
  try {
    const taken = await cockpit.resume('test', from);
    if (!taken.ok) {
      from.journal.close();
      throw new Error(`${taken.error}; ${before.run()?.outcome}`);
    }
    return await eventually('the resumed run has an outcome', forwardMs, async () => {
      const run = taken.value.night.run();
      if (run === null || run.outcome === null)
        throw new Error(`${run?.phase}: ${JSON.stringify(run?.steps)}`.slice(0, 2_000));
      return run.outcome;
    });
  } finally {
    await stop();
  }
}

const unrestored = (run: Run | null): string =>
  Object.values(run?.steps ?? {})
    .filter(({ state }) => state === 'failed')
    .map(({ key, text }) => `${key}: ${text}`)
    .join('; ');

function nodesOf({ ground }: Playing, ...roles: readonly Role[]): readonly string[] {
  return membersIn(ground.lab.state()).flatMap(({ id, role }) => (roles.includes(role) ? [id] : []));
}

/** The application's account is refused there because it is closed, and for no other reason. */
async function isClosed({ ground }: Playing, id: string): Promise<void> {
  await eventually(`${id} refuses writes`, settleMs, async () => {
    const refused = await writeAsApp(ground.lab, id).then(
      () => null,
      (error: unknown) => error as { readonly errno?: number },
    );
    if (refused === null) throw new Error(`${id} took a write`);
    if (refused.errno !== 1290) throw new Error(String(refused));
  });
}

/** The run went back: nobody wrote on a target, and every source node has whatever anybody was told is there. */
async function everySourceHasAll(playing: Playing): Promise<void> {
  const { seen, ground } = playing;
  await seen.load.stop();
  await seen.probe.stop();
  for (const id of nodesOf(playing, 'source-master')) await hasAll(playing, id);
  const sides = await sidesOf(ground.lab, ground.chain, seen);
  if (sides.onTarget > 0) throw new Error(`the target took writes: ${JSON.stringify(sides)}`);
}

async function hasAll({ ground, seen }: Playing, id: string): Promise<void> {
  const { lab } = ground;
  await eventually(`every acknowledged write is on ${id}`, forwardMs, async () => {
    const found = await compareAcknowledged(lab.state(), seen.load, id);
    if (found.missing.length + found.refusedButPresent.length > 0)
      throw new Error(
        `missing ${found.missing.join(', ')}; refused, but there: ${found.refusedButPresent.join(', ')}`,
      );
    const rows = await lab.sql(id, "SELECT id FROM shop.writes WHERE id LIKE 'probe-%'");
    const present = new Set(rows.map((row) => row['id']));
    const lost = Object.values(seen.probe.acknowledged())
      .flat()
      .filter((each) => !present.has(each));
    if (lost.length > 0) throw new Error(`missing ${lost.join(', ')}`);
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await whereabouts(ground.lab)}`);
  });
}

/** Where every server stands, for whoever looks for a row: what it says it contains, whom it follows, what it has. */
async function whereabouts(lab: Lab): Promise<string> {
  const stands =
    lab.flavor === 'mysql'
      ? '@@gtid_executed AS own'
      : '@@gtid_binlog_state AS own, @@gtid_slave_pos AS followed';
  const lines = membersIn(lab.state()).map(async ({ id }) => {
    const [vector] = await lab.sql(id, `SELECT ${stands}`);
    const [rows] = await lab.sql(id, 'SELECT COUNT(*) AS n FROM shop.writes');
    const link = await linkOf(lab.state(), id);
    return `${id}: ${rows?.['n']} rows; ${JSON.stringify(vector)}; ${JSON.stringify(link)}`;
  });
  return (await Promise.all(lines)).join('\n');
}

/** The way back is open: the source follows the target. */
async function wayBackRuns({ ground }: Playing, target: string): Promise<void> {
  const [receiver = ''] = membersIn(ground.lab.state()).flatMap(({ id, role }) =>
    role === 'source-master' ? [id] : [],
  );
  await eventually(`${receiver} follows ${target}`, settleMs, async () => {
    const link = await linkOf(ground.lab.state(), receiver, 'cutover_reverse');
    if (link?.io !== 'Yes' || link.sql !== 'Yes') throw new Error(JSON.stringify(link));
  });
}
