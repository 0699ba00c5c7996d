import type { PlanRecord } from '../../shared/audit/record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { parseDnsName } from '../../shared/observations/dns-name.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { ChangeBatch } from '../../shared/steps/change-batch.ts';
import type { PreparedZone } from '../../shared/steps/prepared-zone.ts';
import {
  clearingBatch,
  holdsExactly,
  scratchTrial,
  type ScratchTrial,
  type TrialBatch,
} from '../../shared/steps/scratch-trial.ts';
import type { ClockPort, ZoneChannel } from '../ports.ts';
import { submitBatch } from './change-zone.ts';

const listLimitMs = 20_000;
const comment = 'cutover cockpit: tried under the scratch name';

type Ground = {
  readonly plan: Plan;
  readonly clock: ClockPort;
  readonly channel: (zone: string) => ZoneChannel | null;
  readonly record: (payload: PlanRecord) => void;
  readonly who: string;
};

/**
 * In a rehearsal: tries the whole change of each zone that has a scratch name, and its exact way back, on that name, and
 * takes it away again. Each batch is journaled before, and believed only when the names were listed. Production has no such
 * trial: there the zone is one that users ask.
 */
export async function tryOnScratch(ground: Ground, prepared: readonly PreparedZone[]): Promise<void> {
  const { plan, record } = ground;
  if (plan.environment === 'production') return;
  for (const each of prepared) {
    const zone = plan.dns?.zones.find(({ id }) => id === each.zone);
    if (zone?.scratchName === undefined) continue;
    const name = parseDnsName(zone.name) ?? zone.name;
    const trial = scratchTrial(each.entries, { name, scratchName: zone.scratchName });
    const tried = trial.ok ? await tryOne(ground, zone.id, trial.value) : trial;
    record({
      kind: 'zone-tried',
      zone: zone.id,
      outcome: tried.ok ? 'ok' : 'failed',
      text: tried.ok ? tried.value : tried.error,
    });
  }
}

async function tryOne(ground: Ground, zone: string, trial: ScratchTrial): Promise<Result<string, string>> {
  const channel = ground.channel(zone);
  if (channel === null) return failed('no channel to Route 53 is open');
  const at = { ground, channel, zone, trial };
  const cleared = await clear(at);
  if (!cleared.ok) return cleared;
  for (const step of trial.batches) {
    const done = await apply(at, step);
    if (done.ok) continue;
    const away = await clear(at);
    return failed(
      `${step.what}: ${done.error}${away.ok ? '; the scratch name is empty again' : `; and it could not be cleared: ${away.error}`}`,
    );
  }
  return ok(
    `${trial.names.join(', ')}: the whole change and its way back were made there, and it is gone again`,
  );
}

type At = {
  readonly ground: Ground;
  readonly channel: ZoneChannel;
  readonly zone: string;
  readonly trial: ScratchTrial;
};

async function apply(at: At, { what, batch, holds }: TrialBatch): Promise<Result<null, string>> {
  const sent = await send(at, what, batch);
  if (!sent.ok) return sent;
  const found = await at.channel.listNames(at.trial.names, listLimitMs);
  return found.kind === 'ok' ? holdsExactly(found.value, holds) : failed(found.message);
}

/** Takes away what an earlier trial, or this one, left under the scratch name, and sees it gone; nothing else is deleted. */
async function clear(at: At): Promise<Result<null, string>> {
  const found = await at.channel.listNames(at.trial.names, listLimitMs);
  if (found.kind !== 'ok') return failed(found.message);
  const clearing = clearingBatch(at.trial, found.value);
  if (!clearing.ok) return clearing;
  return clearing.value === null
    ? ok(null)
    : apply(at, { what: 'taken away', batch: clearing.value, holds: [] });
}

async function send(
  { ground, channel, zone }: At,
  what: TrialBatch['what'],
  batch: ChangeBatch,
): Promise<Result<string, string>> {
  const { clock, record, who } = ground;
  record({ kind: 'zone-trial-intended', zone, what, batch, who });
  // What it was sent again for is no news: how the trial ended is recorded.
  return submitBatch({ channel, clock, say: () => undefined }, batch, comment);
}
