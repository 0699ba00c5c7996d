import type { Plan } from '../../shared/plan/plan.ts';
import { plannedZones, prepareZone, type PreparedZone } from '../../shared/steps/prepared-zone.ts';
import type { DnsZone, PlannedDns } from '../../shared/plan/plan-dns.ts';
import { failed, type Result } from '../../shared/lib/result.ts';
import type { Ports } from '../ports.ts';
import { openCluster, openZone, type emptySessions } from './sessions.ts';

/** A zone of ten thousand record sets is 34 pages at five a second. */
const listLimitMs = 30_000;

/** What was prepared of DNS, and why a zone could not be: then nothing is released. */
export type PreparedDns = { readonly zones: readonly PreparedZone[]; readonly troubles: readonly string[] };

/**
 * Opens the way to the flip's ARC cluster, and a channel to every zone that the plan changes, lists it, and makes the batch
 * of the minute and its way back. From here on the minute has nothing to list, to compute or to open for Route 53. Changes nothing there.
 */
export async function prepareZones(
  plan: Plan,
  ports: Ports,
  channels: ReturnType<typeof emptySessions>,
): Promise<PreparedDns> {
  const { dns } = plan;
  if (dns === undefined) return { zones: [], troubles: [] };
  const prepared = await Promise.all(
    plannedZones(dns).map(
      async (zone) => [zone.id, await prepareOne({ dns, ports, channels }, zone)] as const,
    ),
  );
  // The zone may be plan B and unchanged: what the flip turns is its own way, opened here too.
  const flip =
    dns.flip?.cluster !== undefined && channels.cluster() === null
      ? await openCluster(ports, channels)
      : null;
  return {
    zones: prepared.flatMap(([, result]) => (result.ok ? [result.value] : [])),
    troubles: [
      ...prepared.flatMap(([id, result]) =>
        result.ok ? [] : [`DNS zone ${id} cannot be changed in the minute: ${result.error.join('; ')}`],
      ),
      ...(flip === null ? [] : [`DNS cannot be flipped in the minute: ${flip.refused.message}`]),
    ],
  };
}

async function prepareOne(
  {
    dns,
    ports,
    channels,
  }: {
    readonly dns: PlannedDns;
    readonly ports: Ports;
    readonly channels: ReturnType<typeof emptySessions>;
  },
  zone: DnsZone,
): Promise<Result<PreparedZone, readonly string[]>> {
  const failure = channels.zone(zone.id) === null ? await openZone(ports, channels, zone.id) : null;
  if (failure !== null) return failed([failure.refused.message]);
  const channel = channels.zone(zone.id);
  if (channel === null) return failed(['no channel is open']);
  if (zone.account !== undefined && zone.account !== channel.account)
    return failed([`the credentials belong to account ${channel.account}, expected ${zone.account}`]);
  const sets = await channel.list(listLimitMs);
  return sets.kind === 'ok'
    ? prepareZone(dns, zone, { account: channel.account, sets: sets.value })
    : failed([`it could not be listed: ${sets.message}`]);
}
