import type { Fault } from '../../shared/plan/scenario.ts';
import { never } from '../../shared/lib/assert.ts';
import { keyOfSet, type RecordSet } from '../../shared/observations/record-set.ts';
import { plannedChanges } from '../../shared/plan/planned-sets.ts';
import type { ChangeBatch } from '../../shared/steps/change-batch.ts';
import type { World } from './world.ts';
import { changeZone } from './zone-answering.ts';
import { simulatedCheckId, type ZoneWorld } from './zone-world.ts';

export type ZoneFaultKind = 'zone-reply' | 'zone-changed' | 'zone-unreachable' | 'credentials-expired';
type ZoneTrouble = Extract<Fault, { readonly kind: ZoneFaultKind }>;

/** Whether a fault strikes Route 53. */
export function isZoneFault(fault: Fault): fault is ZoneTrouble {
  return fault.kind.startsWith('zone-') || fault.kind === 'credentials-expired';
}

/** Lets one thing go wrong at the zones that it names. */
export function injectAtZones(world: World, fault: ZoneTrouble): void {
  for (const zone of world.hostedZones.values())
    if (fault.zone === undefined || fault.zone === zone.id) injectAtZone(world, zone, fault);
}

function injectAtZone(world: World, zone: ZoneWorld, fault: ZoneTrouble): void {
  const now = world.clock.nowMs();
  switch (fault.kind) {
    case 'zone-reply': {
      const untilMs = fault.forMs === undefined ? null : now + fault.forMs;
      zone.faults.push({ ask: fault.ask, way: fault.way, times: fault.times, untilMs });
      return;
    }
    case 'zone-changed': {
      const batch = byHand(world, zone, fault.how);
      if (batch !== null) changeZone(world, zone, { batch, comment: 'by hand' });
      return;
    }
    case 'zone-unreachable':
      zone.reachable = false;
      if (fault.forMs !== null) world.clock.in(fault.forMs, () => void (zone.reachable = true));
      return;
    case 'credentials-expired':
      zone.credentialsOverAt = now;
      return;
    default:
      never(fault, 'a fault at a zone');
  }
}

/** What somebody else does in the middle of the night; null where there is nothing left to do it with. */
function byHand(
  { plan: { dns } }: World,
  zone: ZoneWorld,
  how: Extract<ZoneTrouble, { readonly kind: 'zone-changed' }>['how'],
): ChangeBatch | null {
  if (dns === undefined) return null;
  const checks = new Map(dns.healthChecks.map(({ id }) => [id, simulatedCheckId(dns, id)]));
  const changes = plannedChanges(dns, zone.id, checks);
  if (!changes.ok) return null;
  const live = new Map(zone.sets.map((set) => [keyOfSet(set), set]));
  for (const { before, after } of changes.value) {
    const there = before === null ? undefined : live.get(keyOfSet(before));
    if (there === undefined) continue;
    if (how === 'removed') return { changes: [{ action: 'DELETE', set: there }] };
    const set = how === 'already-after' ? after : withOtherValue(there);
    if (set !== null) return { changes: [{ action: 'UPSERT', set }] };
  }
  return null;
}

function withOtherValue(set: RecordSet): RecordSet | null {
  if (set.content.kind === 'alias') return null;
  const values =
    set.type === 'A' ? ['192.0.2.99'] : set.type === 'AAAA' ? ['2001:db8::99'] : ['elsewhere.example'];
  return { ...set, content: { ...set.content, values } };
}
