import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { composeCockpit, type Composed } from '../../main/compose.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Lab } from '../lab/start-lab.ts';
import { pause, within } from './bounds.ts';

/** A cockpit that watches and has answers to everything people are asked. */
export type ReadyCockpit = {
  readonly composed: Composed;
  /** Judges, opens the minute's sessions and holds; throws when a gate is closed. */
  readonly arm: () => Promise<void>;
  /** Releases the hold; resolves when every step is through. */
  readonly run: () => Promise<Run>;
  readonly close: () => Promise<void>;
};

/** Nothing was begun, because go/no-go said no. */
export class GatesClosed extends Error {
  override readonly name = 'GatesClosed';
}

const who = 'benchmark';
const runLimitMs = 120_000;
/** Two rounds of observations, as an unattended run waits for them too. */
const settleMs = 1_500;

/** Composes the cockpit as its shells do, with a state directory of its own. */
export async function readyCockpit(lab: Lab, planFile: string): Promise<ReadyCockpit> {
  process.env['COCKPIT_STATE'] = mkdtempSync(join(lab.dir, 'cockpit-'));
  const composed = await composeCockpit(planFile);
  if (!composed.ok) throw new Error(composed.error);
  const { cockpit } = composed.value;
  const { plan } = cockpit.parts;
  const close = (): Promise<void> => within('the cockpit stops', 20_000, composed.value.stop);
  try {
    await cockpit.observer.refresh();
    const unprepared = Object.values(cockpit.snapshot().instances).some(
      ({ survey }) => survey.kind === 'known' && !survey.value.schemaPrepared,
    );
    if (unprepared) {
      const prepared = await cockpit.prepare(who);
      if (!prepared.ok) throw new Error(prepared.error);
    }
    for (const { id } of plan.checklists)
      cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    composed: composed.value,
    arm: async () => {
      await pause(settleMs);
      const armed = await within('arming', 60_000, () => cockpit.arm(who, true));
      if (!armed.ok) throw new Error(`not armed: ${armed.error}`);
      if (armed.value.blocks.length > 0) throw new GatesClosed(armed.value.blocks.join('; '));
    },
    run: () => within('the run of the cockpit', runLimitMs, () => released(composed.value)),
    close,
  };
}

async function released({ cockpit }: Composed): Promise<Run> {
  const night = cockpit.night();
  if (night === null) throw new Error('not armed');
  const over = new Promise<Run>((resolve) => {
    cockpit.onChange(() => {
      const run = night.run();
      // Its figures are the last thing a run writes down.
      if (run !== null && run.outcome !== null && night.measured() !== null) resolve(run);
    });
  });
  const hold = cockpit.parts.plan.holds[0]?.before ?? 'lock';
  const released = night.release({ hold, permit: night.permit, who });
  if (!released.ok) throw new GatesClosed(released.error);
  const run = await over;
  if (run.outcome === 'done') return run;
  const failed = Object.values(run.steps).find(({ state }) => state === 'failed');
  throw new Error(
    `the run ended as ${run.outcome}: ${run.abortReason ?? ''} ${failed === undefined ? '' : `${failed.key}: ${failed.text}`}`,
  );
}
