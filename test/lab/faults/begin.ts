import { composeCockpit, type Composed } from '../../../main/compose.ts';
import type { Night } from '../../../main/engine/night-ground.ts';
import type { Ports } from '../../../main/ports.ts';
import type { StepId } from '../../../shared/steps/order.ts';
import { pause } from '../processes.ts';

/** How the cockpit of a cell comes to its minute, and what is pressed on the way. */

const who = 'test';
const attempts = 5;

/** A cockpit over ports that a cell may break, with all answers and the schema it needs. */
export async function openCockpit(planFile: string, change: (ports: Ports) => Ports): Promise<Composed> {
  const made = await composeCockpit(planFile, change);
  if (!made.ok) throw new Error(made.error);
  const { cockpit } = made.value;
  try {
    await cockpit.observer.refresh();
    const schema = await cockpit.prepare(who);
    if (!schema.ok) throw new Error(schema.error);
    for (const { id } of cockpit.parts.plan.checklists)
      cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who });
    return made.value;
  } catch (error) {
    await made.value.stop();
    throw error;
  }
}

/** Arms and releases; a machine too busy to be looked at in time is looked at again. */
export async function released({ cockpit }: Composed): Promise<Night> {
  for (let attempt = 1; ; attempt += 1) {
    const armed = await cockpit.arm(who, true);
    if (!armed.ok) throw new Error(armed.error);
    const night = armed.value;
    const release =
      night.blocks.length > 0
        ? night.blocks.join('; ')
        : night.release({ hold: 'lock', permit: night.permit, who });
    if (typeof release !== 'string' && release.ok) return night;
    if (attempt === attempts)
      throw new Error(typeof release === 'string' ? release : JSON.stringify(release));
    await cockpit.disarm();
    await pause(1_000);
  }
}

/** Presses Abort, or Close, where the step of a cell runs only because a person asked for it. */
export function askOnTheWay(night: Night, step: StepId): void {
  const runner = night.runner();
  let asked = false;
  runner?.onChange((run) => {
    if (asked) return;
    const fenced = Object.values(run.steps).some((each) => each.step === 'fence' && each.state === 'done');
    const ask =
      (step === 'unwind' && fenced && ({ kind: 'abort-asked', who, reason: 'asked by the test' } as const)) ||
      (step === 'close' && run.outcome === 'done' && ({ kind: 'close-asked', who } as const));
    if (ask === false) return;
    asked = true;
    // Behind the event that is being told just now.
    queueMicrotask(() => runner.post(ask));
  });
}
