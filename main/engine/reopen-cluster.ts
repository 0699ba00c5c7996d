import type { Plan } from '../../shared/plan/plan.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Ports } from '../ports.ts';
import type { emptySessions } from './sessions.ts';

/**
 * Opens the way to the flip's ARC cluster once more, with credentials as they are now: for a person's retry of *flip*, and
 * where there is none yet, as after a resume. What cannot be opened is said; the step then sends nothing there.
 */
export async function reopenCluster(
  {
    plan,
    ports,
    run,
    channels,
    step,
  }: {
    readonly plan: Plan;
    readonly ports: Ports;
    readonly run: Pick<Run, 'ponrAt'>;
    readonly channels: ReturnType<typeof emptySessions>;
    readonly step?: string;
  },
  limitMs: number,
): Promise<readonly string[]> {
  if (plan.dns?.flip?.cluster === undefined) return [];
  if (channels.cluster() !== null && (run.ponrAt === null || step !== 'flip')) return [];
  const opened = await ports.cluster.open(limitMs);
  if (opened.kind === 'refused') return [opened.message];
  channels.adoptCluster(opened.channel);
  return [];
}
