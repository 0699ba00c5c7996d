import type { Run } from '../../shared/steps/run.ts';
import type { Way } from './cells.ts';
import type { Hit, Scene } from './scene.ts';

/** A fault that makes a call fail is met when the call arrives; the step is that of the command that waits for it. */
export function replyHit({ simulator, pending }: Scene, instance: string, operation: string): Hit | null {
  const fault = simulator.world.replyFaults.find(
    (one) => one.times > 0 && one.instance === instance && one.operation === operation,
  );
  if (fault === undefined) return null;
  for (const [key, { command }] of pending) {
    const { action } = command;
    if (action.kind === 'mysql' && action.instance === instance && action.operation === operation)
      return { step: stepOf(key), way: fault.way };
  }
  return null;
}

/** A line that fails at a host is met by the step whose command waits for that host. */
export function lineHit({ pending }: Scene, host: string, way: Way): Hit | null {
  const asked = [...pending].find(
    ([, { command }]) => 'host' in command.action && command.action.host === host,
  );
  return asked === undefined ? null : { step: stepOf(asked[0]), way };
}

/** The steps that run meet a way of failing. */
export function hitsOf(run: Run | null, way: Way): readonly Hit[] {
  return Object.values(run?.steps ?? {}).flatMap(({ step, state }) =>
    state === 'running' ? [{ step, way }] : [],
  );
}

/** The step of a command's key: `fence:orders#1/…`. */
function stepOf(key: string): string {
  return key.split('#')[0]?.split(':')[0] ?? key;
}
