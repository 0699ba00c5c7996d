import { againView } from '../../../main/api/again-view.ts';
import { composeRun, type Composed } from '../../../main/compose.ts';
import type { Night } from '../../../main/engine/night-ground.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import { stepsToTryAgain } from '../../../shared/steps/again.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { writeAsApp } from '../bad-luck-ground.ts';
import { membersIn } from '../lab-state.ts';
import { linkOf } from '../links.ts';
import { compareAcknowledged, type Load } from '../load.ts';
import { sidesOf, type Probe } from '../minute-probe.ts';
import { eventually } from '../sql.ts';
import type { Lab } from '../start-lab.ts';
import type { Role } from '../topology.ts';
import { zoneAnswers } from '../zone-truth.ts';
import type { FaultGround } from './ground.ts';
import { touchedThings } from './touched.ts';
import { patience } from './wires.ts';

/** What was written while a cell was played. */
export type Seen = { readonly load: Load; readonly probe: Probe };

/** What must be true when a cell is over: everything is back, or exactly one side takes writes and there is a way on. */

type Place = { readonly ground: FaultGround; readonly seen: Seen };

export type Playing = Place & {
  readonly composed: Composed;
  readonly night: Night;
  readonly before: readonly string[];
  readonly run: Run;
};

/** The plan's dead-man deadline, with time for a busy machine to do what it says. */
const switchMs = 30_000 * patience;
const settleMs = 20_000 * patience;
const forwardMs = 30_000 * patience;
const presses = 6;

/** Before the point of no return: every source takes writes again by itself, and nothing is other than before. */
export async function wentBack({ ground, run, before, composed, seen }: Playing): Promise<void> {
  const wrong = run.outcome === 'thawed' ? null : `${run.outcome}: ${unrestored(run)}`;
  let said = undoText(run);
  await sourcesOpen(ground.lab);
  await composed.cockpit.disarm();
  // Where the cockpit could not reach a server, its switch opened it; whoever takes the run up next finds nothing left.
  if (wrong !== null) {
    await composed.stop();
    const again = await resumed(run.id);
    if (again.outcome !== 'thawed')
      throw new Error(
        `resume ended as ${again.outcome} (${again.said}), expected thawed; before it: ${wrong}`,
      );
    ({ said } = again);
  }
  await isBack({ ground, seen }, { before, runId: run.id, said });
}

/** What there was before a run, and what its undo said at the end. */
type Back = { readonly before: readonly string[]; readonly runId: string | null; readonly said: string };

/**
 * Everything is as it was before the run, and every source node has whatever anybody was told is there. On a host that did
 * not answer, and that the undo names, files in its home and a fence that no server reads may stay: they change nothing.
 */
export async function isBack({ ground, seen }: Place, { before, runId, said }: Back): Promise<void> {
  const { lab } = ground;
  await sourcesOpen(lab);
  for (const id of nodesOf(lab, 'target-master', 'target-replica')) await isClosed(lab, id);
  await everySourceHasAll({ ground, seen });
  const named = membersIn(lab.state()).filter(({ host }) => said.includes(`${host}: `));
  const mayStay = (line: string): boolean =>
    named.some(
      ({ id, host }) =>
        (line.startsWith('home .cutover-') && line.includes(`-${host}`)) ||
        line.startsWith(`${id} file fence.cnf.staged`),
    );
  await eventually('everything is as before', settleMs, async () => {
    const after = await touchedThings(lab, runId);
    const differs = [
      ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
      ...after.filter((line) => !before.includes(line) && !mayStay(line)).map((line) => `+ ${line}`),
    ];
    if (differs.length > 0) throw new Error(`${differs.join('\n')}\nthe undo said: ${said}`);
  });
}

const undoText = (run: Run | null): string => run?.steps['unwind']?.text ?? '';

async function sourcesOpen(lab: Lab): Promise<void> {
  for (const id of nodesOf(lab, 'source-master'))
    await eventually(`${id} takes writes again`, switchMs, () => writeAsApp(lab, id));
}

/** After it: retries, and at the last a resume, end it done; the target alone takes writes, and nothing is lost. */
export async function goForward({ night, composed, ground, seen, run }: Playing): Promise<void> {
  let outcome = await pressed(night, composed.cockpit.parts.plan);
  if (outcome !== 'done') {
    await composed.stop();
    ({ outcome } = await resumed(run.id));
  }
  if (outcome !== 'done') throw new Error(`the way forward ended as ${outcome}: ${unrestored(night.run())}`);
  const { cockpit } = composed;
  const press = (): Promise<void> => undonePressed(night, cockpit);
  await isForward({ ground, seen }, press);
  if (night.run()?.steps['close']?.state === 'failed') await closedAgain(night);
}

/** What the watch saw undone since is pressed as the screen offers it. */
async function undonePressed(night: Night, { parts, snapshot }: Composed['cockpit']): Promise<void> {
  const run = night.run();
  if (run?.outcome !== 'done') return;
  for (const { step, alarm } of againView(run, parts.plan, snapshot()))
    if (alarm !== null) await night.retry({ step, who: 'test' });
}

/** A Close that failed is pressed once more, and ends the run. */
async function closedAgain(night: Night): Promise<void> {
  const asked = await night.close('test');
  if (!asked.ok) throw new Error(asked.error);
  await eventually('Close has ended', forwardMs, async () => {
    const run = night.run();
    if (run?.phase !== 'ended') throw new Error(`${run?.phase}: ${run?.steps['close']?.text}`);
  });
}

const nothingToPress = (): Promise<void> => Promise.resolve();

/** The target alone takes writes, DNS leads to it, the way back runs, and nothing is lost; a person presses what is offered. */
export async function isForward({ ground, seen }: Place, press = nothingToPress): Promise<void> {
  const { lab } = ground;
  for (const id of nodesOf(lab, 'source-master', 'target-replica')) await isClosed(lab, id);
  const [target = ''] = nodesOf(lab, 'target-master');
  await eventually(`${target} takes writes`, forwardMs, async () => {
    await press();
    await writeAsApp(lab, target);
  });
  await wayBackRuns(lab, target, press);
  await eventually('every user is answered the target', settleMs, async () => {
    const others = (await zoneAnswers(lab)).filter((line) => !line.endsWith('(target)'));
    if (others.length > 0) throw new Error(others.join('; '));
  });
  await seen.load.stop();
  await seen.probe.stop();
  await hasAll({ ground, seen }, target);
  const sides = await sidesOf(lab, ground.chain, seen);
  if (sides.onTarget > 0 && !(sides.lastOnSource < sides.firstOnTarget))
    throw new Error(`two writable sides: ${JSON.stringify(sides)}`);
}

/** Presses whatever the screen offers, failed steps and what was undone since, as a person would, until the run is done or nothing helps. */
async function pressed(night: Night, plan: Plan): Promise<string> {
  for (let press = 1; press <= presses; press += 1) {
    const run = night.run();
    if (run === null) throw new Error('no run');
    if (run.outcome === 'done') return 'done';
    for (const { step } of stepsToTryAgain(run, plan)) {
      const retried = await night.retry({ step, who: 'test' });
      if (!retried.ok) console.info(`retry of ${step}: ${retried.error}`);
    }
    await eventually('the retry has an outcome', forwardMs, async () => {
      const now = night.run();
      if (now?.outcome === null) throw new Error(now.phase);
    });
  }
  return night.run()?.outcome ?? 'none';
}

/** What a resumed run came to: where it said things stood, and what its undo said. */
type Resumed = { readonly outcome: string; readonly stands: string; readonly said: string };

/** Another cockpit takes the run up from its journal, as `cockpit resume` does; where it says things stand, and what it came to. */
export async function resumed(runId: string): Promise<Resumed> {
  const composed = await composeRun(runId);
  if (!composed.ok) throw new Error(composed.error);
  const { cockpit, from, stop } = composed.value;
  try {
    const taken = await cockpit.resume('test', from);
    if (!taken.ok) {
      from.journal.close();
      throw new Error(taken.error);
    }
    const { night, stands } = taken.value;
    const outcome = await eventually('the resumed run has an outcome', forwardMs, async () => {
      const run = night.run();
      if (run === null || run.outcome === null)
        throw new Error(`${run?.phase}: ${JSON.stringify(run?.steps)}`.slice(0, 2_000));
      return run.outcome;
    });
    return { outcome, stands, said: undoText(night.run()) };
  } finally {
    await stop();
  }
}

const unrestored = (run: Run | null): string =>
  Object.values(run?.steps ?? {})
    .filter(({ state }) => state === 'failed')
    .map(({ key, text }) => `${key}: ${text}`)
    .join('; ');

function nodesOf(lab: Lab, ...roles: readonly Role[]): readonly string[] {
  return membersIn(lab.state()).flatMap(({ id, role }) => (roles.includes(role) ? [id] : []));
}

/** The application's account is refused there because it is closed, and for no other reason. */
async function isClosed(lab: Lab, id: string): Promise<void> {
  await eventually(`${id} refuses writes`, settleMs, async () => {
    const refused = await writeAsApp(lab, id).then(
      () => null,
      (error: unknown) => error as { readonly errno?: number },
    );
    if (refused === null) throw new Error(`${id} took a write`);
    if (refused.errno !== 1290) throw new Error(String(refused));
  });
}

/** The run went back: nobody wrote on a target, and every source node has whatever anybody was told is there. */
async function everySourceHasAll({ seen, ground }: Place): Promise<void> {
  await seen.load.stop();
  await seen.probe.stop();
  for (const id of nodesOf(ground.lab, 'source-master')) await hasAll({ seen, ground }, id);
  const sides = await sidesOf(ground.lab, ground.chain, seen);
  if (sides.onTarget > 0) throw new Error(`the target took writes: ${JSON.stringify(sides)}`);
}

async function hasAll({ ground, seen }: Place, id: string): Promise<void> {
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
async function wayBackRuns(lab: Lab, target: string, press: () => Promise<void>): Promise<void> {
  const [receiver = ''] = nodesOf(lab, 'source-master');
  await eventually(`${receiver} follows ${target}`, settleMs, async () => {
    await press();
    const link = await linkOf(lab.state(), receiver, 'cutover_reverse');
    if (link?.io !== 'Yes' || link.sql !== 'Yes') throw new Error(JSON.stringify(link));
  });
}
