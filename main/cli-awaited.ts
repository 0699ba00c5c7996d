import { lookedEverywhere } from '../shared/observations/residue-seen.ts';
import type { Plan } from '../shared/plan/plan.ts';
import type { Run } from '../shared/steps/run.ts';
import { changeSeenText, takenChanges } from '../shared/steps/taken-changes.ts';
import type { Cockpit } from './engine/cockpit.ts';
import type { Night } from './engine/night-ground.ts';

/** A first look at the source side takes one command on each of its edges, and each has 8 s. */
const firstLookMostMs = 20_000;

type At = { readonly plan: Plan; readonly utcMs: number; readonly watchedSinceUtcMs: number };

/**
 * What a run that nobody watches still waits for behind its minute, before it is closed: its result must say what came of
 * it. Each wait has its bound; nothing of the minute waits for any of it.
 */
export function awaited(
  night: Pick<Night, 'changes' | 'residue'>,
  run: Run,
  { plan, utcMs, watchedSinceUtcMs }: At,
): readonly string[] {
  const insync = new Set(night.changes().flatMap((seen) => (seen.insyncAt === null ? [] : [seen.changeId])));
  const boundMs = plan.dns?.insyncMs ?? 0;
  const pending = takenChanges(run).filter(
    ({ changeId, heardAt }) => !insync.has(changeId) && utcMs - heardAt < boundMs,
  );
  const residue = night.residue();
  const looking = residue !== null && !lookedEverywhere(plan, residue);
  return [
    ...pending.map(({ zone, changeId }) => `Route 53 to say INSYNC for ${changeId} of zone ${zone}`),
    ...(looking && utcMs - watchedSinceUtcMs < firstLookMostMs ? ['a first look at the source side'] : []),
  ];
}

/** What is said of changes that were not INSYNC when the wait for it was over. */
export function notInsync({ night, parts: { plan } }: Cockpit): readonly string[] {
  const seen = (night()?.changes() ?? []).filter(({ insyncAt }) => insyncAt === null);
  return seen.map(
    (each) =>
      `${changeSeenText(each)} It was not INSYNC within ${(plan.dns?.insyncMs ?? 0) / 1_000} s (dns.insyncMs of the plan): the run did not wait longer. Ask for it with aws route53 get-change --id ${each.changeId}, and for the answers with cockpit dns watch PLAN.`,
  );
}
