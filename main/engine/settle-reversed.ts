import type { Run } from '../../shared/steps/run.ts';
import type { PlanRecord } from '../../shared/audit/record.ts';
import type { CockpitParts } from './parts.ts';

/** Whoever drives a run of the way back: what it turns round, the plan's journal, and a way to say that it failed. */
export type ReverseGround = {
  readonly parts: Pick<CockpitParts, 'reverses'>;
  readonly record: (payload: PlanRecord) => void;
  readonly tell: (text: string) => void;
};

/** The run that was turned round hears how that ended: it is reversed, or stands as before. */
export function settleReversed({ parts, record, tell }: ReverseGround, { id, outcome }: Run): void {
  const { reverses } = parts;
  if (reverses === undefined || outcome === null || outcome === 'needs-operator') return;
  const settled = reverses.settle({ runId: id, outcome });
  if (!settled.ok) return tell(settled.error);
  if (outcome === 'done')
    record({ kind: 'run-ended', runId: reverses.runId, outcome: 'reversed', head: settled.value });
}
