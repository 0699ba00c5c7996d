import { parseDnsName, type DnsName } from '../../shared/observations/dns-name.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { plannedChanges } from '../../shared/plan/planned-sets.ts';
import { applyBatch } from '../../shared/steps/change-batch.ts';
import type { ZoneCommand } from '../../shared/steps/command.ts';
import { healthCheckIds, plannedZones } from '../../shared/steps/prepared-zone.ts';
import type { ZoneRefusal } from '../../shared/sessions/zone-answers.ts';

/** A hosted zone as small as the steps can tell: what it holds, and how many changes it has taken. */
export type ModelZone = { readonly name: DnsName; sets: readonly RecordSet[]; taken: number };

/** The zones of a plan as it calls them before. */
export function modelZones({ dns }: Plan): Map<string, ModelZone> {
  if (dns === undefined) return new Map();
  return new Map(
    plannedZones(dns).map(({ id, name }) => {
      const changes = plannedChanges(dns, id, healthCheckIds(dns));
      const sets = changes.ok ? changes.value.flatMap(({ before }) => (before === null ? [] : [before])) : [];
      return [id, { name: parseDnsName(name) ?? name, sets, taken: 0 }];
    }),
  );
}

/** What Route 53 makes of a call. */
export function replyOfZone(
  zone: ModelZone,
  action: ZoneCommand,
  nowMs: number,
): { readonly value: unknown } | { readonly refusal: ZoneRefusal; readonly message: string } {
  const changeId = `C${zone.taken}`;
  switch (action.ask) {
    case 'listNames':
      return { value: zone.sets.filter(({ name }) => action.names.includes(name)) };
    case 'changeState':
      return action.changeId === changeId
        ? { value: { changeId, state: 'PENDING', submittedAt: nowMs } }
        : { refusal: 'no-such-change', message: 'NoSuchChange' };
    case 'change': {
      const applied = applyBatch(zone, action.batch);
      if (!applied.ok) return { refusal: 'rejected', message: applied.error.join('; ') };
      zone.sets = applied.value;
      zone.taken += 1;
      return { value: { changeId: `C${zone.taken}`, state: 'PENDING', submittedAt: nowMs } };
    }
  }
}
