import type { Plan } from '../plan/plan.ts';
import { runHosts } from '../plan/switches.ts';
import type { Answer } from '../sessions/session.ts';
import { firstTrouble } from './first-trouble.ts';
import { trouble, type Needs } from './need.ts';
import type { Run } from './run.ts';
import { undoHostMs } from './undo-limits.ts';

/** Takes the epoch on every host that the run changes; null: it is taken everywhere. */
export function takeEpochs(
  need: Needs,
  plan: Plan,
): { readonly waiting: string } | { readonly failed: string } | null {
  const taken = runHosts(plan).map(
    (host) => [host, need.epoch('epoch', [host, 'take'], { undo: { kind: 'epoch', host } })] as const,
  );
  const broken = firstTrouble('taking its epoch', taken);
  if (broken !== null) return { failed: broken };
  const waiting = taken.flatMap(([host, answer]) => (answer === undefined ? [host] : []));
  return waiting.length === 0 ? null : { waiting: `the epoch of this run on ${waiting.join(', ')}` };
}

/**
 * A host that is told of the epoch again lets nothing of an earlier driver through any more, and this one where the file was
 * given back already. One that cannot be told now is told by the first line that changes it, and named.
 */
export function takeEpochsAgain(
  need: Needs,
  { undo }: Pick<Run, 'undo'>,
  limit: { readonly limitMs?: number } = {},
): 'waiting' | readonly string[] {
  const told = undo.flatMap((item) =>
    item.kind === 'epoch' ? [[item.host, need.epoch('epoch', [item.host, 'take'], limit)] as const] : [],
  );
  if (told.some(([, answer]) => answer === undefined)) return 'waiting';
  return told.flatMap(([host, answer]) =>
    answer === undefined || answer.kind === 'ok' ? [] : [trouble(host, 'taking its epoch', answer)],
  );
}

/** Takes the epoch's file away from a host: from then on no line of this run is let through there any more. */
export function dropEpoch(
  need: Needs,
  plan: Plan,
  host: string,
): 'waiting' | 'done' | { readonly left: string } {
  const limitMs = undoHostMs(plan);
  const dropped: Answer<unknown> | undefined = need.epoch('epoch-away', [host, 'drop'], { limitMs });
  if (dropped === undefined) return 'waiting';
  return dropped.kind === 'ok' ? 'done' : { left: trouble(host, 'removing its epoch', dropped) };
}
