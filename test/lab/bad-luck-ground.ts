import { randomUUID } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { expect } from 'vitest';
import { composeCockpit, type Composed } from '../../main/compose.ts';
import type { Cockpit } from '../../main/engine/cockpit.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import type { Verdict } from '../../shared/gates/gate.ts';
import type { Outcome, Run } from '../../shared/steps/run.ts';
import { passwordOf } from './accounts.ts';
import { newState } from './minute-ground.ts';
import { pause } from './processes.ts';
import { eventually } from './sql.ts';
import type { Lab } from './start-lab.ts';

/** A cockpit in the hands of a test, over the real ports, and the questions a test asks it. */

const who = 'test';
const soonMs = 60_000;

/** Starts watching a plan, with a state directory of its own. */
export async function watching(planFile: string): Promise<Composed> {
  // The composition root reads it once, here.
  process.env['COCKPIT_STATE'] = newState();
  const composed = await composeCockpit(planFile);
  if (!composed.ok) throw new Error(composed.error);
  return composed.value;
}

/** A cockpit with all answers and the schema it needs. */
export async function prepared(planFile: string): Promise<Composed> {
  const composed = await watching(planFile);
  const { cockpit } = composed;
  await cockpit.observer.refresh();
  const schema = await cockpit.prepare(who);
  if (!schema.ok) throw new Error(schema.error);
  for (const { id } of cockpit.parts.plan.checklists)
    cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who });
  return composed;
}

/** Waits until a gate is not open and one of its reasons says that; answers the verdict. */
export function shuts(cockpit: Cockpit, gate: string, why: RegExp): Promise<Verdict> {
  return eventually(`${gate} is shut, because ${String(why)}`, soonMs, async () => {
    const verdict = cockpit.verdicts('preflight').find((each) => each.gate === gate);
    if (verdict === undefined) throw new Error('there is no such gate');
    const said = `${verdict.state}: ${verdict.reasons.join('; ')}`;
    if (verdict.state === 'open' || !verdict.blocking || !why.test(said)) throw new Error(said);
    return verdict;
  });
}

/** Waits until gates are open (again). */
export async function opens(cockpit: Cockpit, ...gates: readonly string[]): Promise<void> {
  for (const gate of gates)
    await eventually(`${gate} is open`, soonMs, async () => {
      const verdict = cockpit.verdicts('preflight').find((each) => each.gate === gate);
      if (verdict?.state !== 'open') throw new Error(`${verdict?.state}: ${verdict?.reasons.join('; ')}`);
    });
}

/** What a busy machine, or an application that nobody used yet, is too late for. */
const tooSoon = /expected a reading younger|acknowledged within 5 s, seen none ever/;

/** Opens everything and judges; what came too late is looked at again. */
export async function arm(cockpit: Cockpit): Promise<Night> {
  for (let attempt = 1; ; attempt += 1) {
    await cockpit.observer.refresh();
    await pause(1_500);
    const armed = await cockpit.arm(who, false);
    if (!armed.ok) throw new Error(armed.error);
    const { blocks } = armed.value;
    const busy = blocks.length > 0 && blocks.every((each) => tooSoon.test(each));
    if (!busy || attempt === 4) return armed.value;
    await cockpit.disarm();
  }
}

/**
 * Arms, releases the hold, and waits for the figures of an outcome. A run that is to pass the point of no return has more
 * attempts: what a busy machine makes too late is taken back and begun anew.
 */
export async function runToEnd(
  cockpit: Cockpit,
  attempts = 1,
): Promise<{ readonly night: Night; readonly run: Run; readonly outcome: Outcome }> {
  for (let attempt = 1; ; attempt += 1) {
    const night = await arm(cockpit);
    expect(night.blocks).toEqual([]);
    const released = night.release({ hold: 'lock', permit: night.permit, who });
    if (!released.ok) throw new Error(released.error);
    const ending = await outcomeOf(night);
    if (ending.outcome !== 'thawed' || attempt === attempts) return { night, ...ending };
    console.warn(`taken back, attempt ${attempt}: ${ending.run.abortReason}`);
    await cockpit.disarm();
  }
}

/** Waits until a run has an outcome, and figures that are not those of an earlier one. */
export function outcomeOf(
  night: Night,
  before: ReturnType<Night['measured']> = null,
): Promise<{ readonly run: Run; readonly outcome: Outcome }> {
  return eventually('an outcome', 120_000, async () => {
    const run = night.run();
    if (run === null || run.outcome === null || night.measured() === before)
      throw new Error(`${run?.phase}: ${JSON.stringify(run?.steps)}`.slice(0, 2_000));
    return { run, outcome: run.outcome };
  });
}

/** Writes as the application's account would; throws what the server says. */
export async function writeAsApp(lab: Lab, instance: string): Promise<void> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: lab.port(instance),
    user: 'app',
    password: passwordOf(lab.dir, 'app'),
    connectTimeout: 5_000,
  });
  try {
    const sql = `INSERT INTO shop.writes VALUES ('${randomUUID()}', 'test', 1, UTC_TIMESTAMP(6))`;
    await connection.query({ sql, timeout: 20_000 });
  } finally {
    connection.destroy();
  }
}
