import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Composed } from '../../main/compose.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { startEmulator, type Emulator } from '../../main/emulator/emulator.ts';
import { accountOfPlan } from '../../main/emulator/from-plan.ts';
import { present } from '../../shared/lib/assert.ts';
import { parsePlan } from '../../shared/plan/parse-plan.ts';
import type { Run } from '../../shared/steps/run.ts';
import { arm, outcomeOf } from './bad-luck-ground.ts';
import { writePlan } from './minute-ground.ts';
import { planOfMembers } from './plan-for-lab.ts';
import { pause } from './processes.ts';
import { forgetRuns, resetApplications, resetChains } from './reset.ts';
import { startLab, type Lab } from './start-lab.ts';
import { nobodyListens } from './surroundings.ts';

/** A lab of one chain whose Route 53 is in the test's own hands, so that it can be made to fail. */
export type AnnounceGround = {
  readonly lab: Lab;
  readonly planFile: string;
  readonly aws: () => Emulator;
  /** Chain, applications and zones as they were at first. */
  readonly reset: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** As fast as a test can wait: the night itself waits for nothing of it. */
const insyncAfterMs = 3_000;
const visibleAfterMs = 1_000;
const who = 'test';

/** Starts such a lab; its own Route 53 is ended, and one of the test listens in its place. */
export async function startAnnounceGround(instances: readonly string[]): Promise<AnnounceGround> {
  const dir = mkdtempSync(join(tmpdir(), 'cutover-announce-'));
  const lab = await startLab({ flavor: 'mariadb', instances, dir, owner: process.pid });
  const planFile = writePlan(lab, 'announce', (plan) => planOfMembers(plan, lab.state()));
  const parsed = parsePlan(readFileSync(planFile, 'utf8'), planFile);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const dns = present(parsed.value.plan.dns, 'the DNS of the plan');
  await lab.kill('route53');
  for (const listener of ['route53', 'route53 dns']) await nobodyListens(lab.port(listener));
  const begin = (): Promise<Emulator> =>
    startEmulator(
      { ...accountOfPlan(dns, Date.now), insyncAfterMs, visibleAfterMs },
      { api: lab.port('route53'), dns: lab.port('route53 dns') },
    );
  let aws = await begin();
  return {
    lab,
    planFile,
    aws: () => aws,
    reset: async () => {
      await aws.stop();
      aws = await begin();
      forgetRuns(lab);
      await resetChains(lab);
      await resetApplications(lab);
    },
    stop: async () => {
      await aws.stop();
      await lab.stop();
    },
  };
}

/** Writes one value of the zone as somebody else would, past the cockpit. */
export function byHand({ aws }: Emulator, from: string, to: string): void {
  const [zone] = aws.zones.values();
  const set = zone?.sets.find(({ content }) => content.kind === 'values' && content.values.includes(from));
  if (zone === undefined || set?.content.kind !== 'values') throw new Error(`no record set with ${from}`);
  const changed = { ...set, content: { ...set.content, values: [to] } };
  const done = aws.change(zone, { changes: [{ action: 'UPSERT', set: changed }] });
  if ('wrong' in done) throw new Error(done.wrong.join('; '));
}

/**
 * Changes of record sets that a run asked of it, `POST … 200` and the like, with when they came (UTC ms). What came before
 * its release is the proof that the zone may be changed.
 */
export function changesAsked(
  emulator: Emulator,
  run: Run | null,
): readonly { readonly line: string; readonly at: number }[] {
  const releasedAt = present(run?.steps['lock']?.startedAt, 'when the run was released').utcMs;
  return emulator
    .heard()
    .filter(({ line }) => line.startsWith('POST /2013'))
    .map(({ line, at }) => ({ line, at: performance.timeOrigin + at }))
    .filter(({ at }) => at >= releasedAt);
}

/**
 * Arms, releases, and does something as soon as the point of no return is recorded; answers with the run at its outcome.
 * What a busy machine makes too late before that is taken back, and begun anew.
 */
export async function minuteWith(
  { cockpit }: Composed,
  atPonr: () => void,
): Promise<{ readonly night: Night; readonly run: Run }> {
  for (let attempt = 1; ; attempt += 1) {
    const night = await arm(cockpit);
    expect(night.blocks).toEqual([]);
    const released = night.release({ hold: 'lock', permit: night.permit, who });
    if (!released.ok) throw new Error(released.error);
    let passed = false;
    night.runner()?.onChange((run) => {
      if (passed || run.ponrAt === null) return;
      passed = true;
      atPonr();
    });
    const { run } = await outcomeOf(night);
    if (run.outcome !== 'thawed' || attempt === 3) return { night, run };
    console.warn(`taken back, attempt ${attempt}: ${run.abortReason}`);
    await cockpit.disarm();
  }
}

/** One press on the failed *announce*; answers with the run at its next outcome. */
export async function press(night: Night, overwrite: readonly string[] = []): Promise<Run> {
  const before = night.run()?.steps['announce']?.attempt ?? 0;
  const retried = await night.retry({ step: 'announce', who, overwrite });
  if (!retried.ok) throw new Error(retried.error);
  for (let looks = 0; looks < 1_200; looks += 1) {
    const run = night.run();
    const step = run?.steps['announce'];
    if (run !== null && run.outcome !== null && step !== undefined && step.attempt > before) return run;
    await pause(50);
  }
  throw new Error(`no outcome after the press: ${JSON.stringify(night.run()?.steps['announce'])}`);
}

/** What an operator reads of the step. */
export const textOf = (run: Run): string => run.steps['announce']?.text ?? '';
