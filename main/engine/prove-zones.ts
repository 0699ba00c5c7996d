import type { PlanRecord } from '../../shared/audit/record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { plannedChanges } from '../../shared/plan/planned-sets.ts';
import { unchangingBatch } from '../../shared/steps/change-batch.ts';
import { healthCheckIds, plannedZones } from '../../shared/steps/prepared-zone.ts';
import {
  changedMeanwhile,
  mayProve,
  setToProve,
  stayedAsItWas,
  type ZoneProof,
} from '../../shared/steps/zone-proof.ts';
import type { Ports, ZoneChannel } from '../ports.ts';
import { startLoop } from './loop.ts';
import { openZone, type emptySessions } from './sessions.ts';

const callLimitMs = 10_000;
/** How Route 53 is told whose change it is; its console shows it. */
const comment = 'cutover cockpit: one record set written as it stands';
/** While go/no-go is open a proof is made anew when the last one is as old as this: well before its gate closes. */
const renewAfterMs = 25_000;
const lookWhetherOldMs = 5_000;

type Ground = {
  readonly plan: Plan;
  readonly ports: Ports;
  readonly channels: ReturnType<typeof emptySessions>;
  readonly record: (payload: PlanRecord) => void;
  readonly who: string;
};

/**
 * Proves for each zone that it may be changed: one planned record set is written as it stands, over the channel that the
 * minute will use, and read back. Journaled before and after, sent once, and not at all where the name is not what the plan
 * calls before. A zone of which nothing stands yet has nothing to prove it with.
 */
export async function proveZones(ground: Ground): Promise<Result<string, string>> {
  const { dns } = ground.plan;
  if (dns === undefined) return ok('The plan names no DNS records.');
  const troubles = await Promise.all(
    plannedZones(dns).map(async (zone): Promise<readonly string[]> => {
      const outcome = await proveZone(ground, dns, zone);
      if (outcome === null) return [];
      ground.record({ kind: 'zone-proof-answered', zone: zone.id, ...outcome });
      return outcome.outcome === 'ok' ? [] : [`zone ${zone.id}: ${outcome.text}`];
    }),
  );
  const all = troubles.flat();
  return all.length === 0 ? ok('Every zone of the plan may be changed.') : failed(all.join('; '));
}

type Outcome = Pick<ZoneProof, 'outcome' | 'text'>;

async function proveZone(ground: Ground, dns: PlannedDns, zone: DnsZone): Promise<Outcome | null> {
  const { ports, channels, record, who } = ground;
  const changes = plannedChanges(dns, zone.id, healthCheckIds(dns));
  if (!changes.ok) return refused(changes.error.join('; '));
  const set = setToProve(changes.value);
  if (set === null) return null;
  const failure = channels.zone(zone.id) === null ? await openZone(ports, channels, zone.id) : null;
  const channel = channels.zone(zone.id);
  if (channel === null) return refused(failure?.refused.message ?? 'no channel to Route 53 is open');
  const before = await channel.listNames([set.name], callLimitMs);
  if (before.kind !== 'ok') return refused(`nothing was written: ${before.message}`);
  const may = mayProve(changes.value, set, before.value);
  if (!may.ok) return refused(may.error);
  record({ kind: 'zone-proof-intended', zone: zone.id, account: channel.account, set, who });
  const answer = await channel.change(unchangingBatch(set), comment, callLimitMs);
  if (answer.kind === 'refused' && answer.refusal === 'rejected')
    return rejected(channel, set, answer.message);
  if (answer.kind !== 'ok') return { outcome: answer.kind, text: answer.message };
  return readBack(channel, { set, before: before.value, changeId: answer.value.changeId });
}

/** The credentials were good for it, and it did not fit: whether somebody changed the name in that moment shows there. */
async function rejected(
  channel: ZoneChannel,
  set: Parameters<typeof changedMeanwhile>[0],
  message: string,
): Promise<Outcome> {
  const after = await channel.listNames([set.name], callLimitMs);
  const changed = after.kind === 'ok' ? changedMeanwhile(set, after.value) : null;
  return changed === null ? refused(message) : { outcome: 'changed', text: changed };
}

/** The reply alone proves nothing: Route 53 is asked for the change, and the name for what it holds. */
async function readBack(
  channel: ZoneChannel,
  {
    set,
    before,
    changeId,
  }: {
    readonly set: Parameters<typeof stayedAsItWas>[0];
    readonly before: Parameters<typeof stayedAsItWas>[1][0];
    readonly changeId: string;
  },
): Promise<Outcome> {
  const state = await channel.changeState(changeId, callLimitMs);
  if (state.kind !== 'ok')
    return { outcome: state.kind, text: `change ${changeId} was taken and not seen again: ${state.message}` };
  const after = await channel.listNames([set.name], callLimitMs);
  if (after.kind !== 'ok')
    return { outcome: after.kind, text: `change ${changeId} was taken and not read back: ${after.message}` };
  const stayed = stayedAsItWas(set, [before, after.value]);
  return stayed.ok ? { outcome: 'ok', text: `${stayed.value} (${changeId})` } : refused(stayed.error);
}

function refused(text: string): Outcome {
  return { outcome: 'refused', text };
}

/** While go/no-go is open: a proof that grows old is made anew, each one journaled as what it is. */
export function keepProving(
  ground: Ground & {
    readonly proofs: () => Readonly<Record<string, ZoneProof>>;
    readonly failed: (error: unknown) => void;
  },
): { readonly stop: () => void } {
  const { clock } = ground.ports;
  const turn = async (): Promise<void> => {
    const proofs = ground.proofs();
    const due = clock.now().utcMs - renewAfterMs;
    const isOld = ({ id }: DnsZone): boolean => (proofs[id]?.atUtcMs ?? Infinity) <= due;
    if (plannedZones(ground.plan.dns).some(isOld)) await proveZones(ground);
  };
  return startLoop(clock, { periodMs: lookWhetherOldMs, turn, failed: ground.failed });
}
