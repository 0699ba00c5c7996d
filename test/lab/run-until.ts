import { composeCockpit } from '../../main/compose.ts';
import { settle } from '../../main/cli-settle.ts';

/**
 * `node run-until.ts PLAN STEP`: the cockpit on a real plan, killed as by a power cut at the very event that ends a step,
 * before anything that this event allows has come back. Exit code 3: it could not begin, and says why.
 */
const [plan = '', step = ''] = process.argv.slice(2);
const who = 'unattended (test)';

async function begin(): Promise<string> {
  const composed = await composeCockpit(plan);
  if (!composed.ok) return composed.error;
  const { cockpit } = composed.value;
  await cockpit.observer.refresh();
  const prepared = await cockpit.prepare(who);
  if (!prepared.ok) return prepared.error;
  for (const { id } of cockpit.parts.plan.checklists)
    cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who });
  await settle(cockpit);
  const armed = await cockpit.arm(who, true);
  if (!armed.ok) return armed.error;
  const night = armed.value;
  if (night.blocks.length > 0) return night.blocks.join('; ');
  const released = night.release({ hold: 'lock', permit: night.permit, who });
  if (!released.ok) return released.error;
  const runner = night.runner();
  runner?.onChange((run) => {
    if (run.steps[step]?.state === 'done') process.kill(process.pid, 'SIGKILL');
    if (run.outcome !== null) {
      process.stderr.write(
        `The run ended as ${run.outcome} before ${step} was done: ${run.abortReason ?? ''}\n`,
      );
      process.exit(3);
    }
  });
  return '';
}

const why = await begin();
if (why !== '') {
  process.stderr.write(`${why}\n`);
  process.exit(3);
}
