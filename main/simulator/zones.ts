import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { SimulatorClock } from './clock.ts';
import type { FlipHealth } from './flip-health.ts';
import type { AcceptedChange, ZoneWorld } from './zone-world.ts';

/** How many servers each simulated zone has, as a delegation set of Route 53 does. */
export const serversOfZone = 4;

/** What the servers of the hosted zones answer from: a change reaches one after the other, the last when it is INSYNC. */
export type SimulatedZones = {
  readonly heldBy: (
    zone: string,
    server: number,
  ) => { readonly sets: readonly RecordSet[]; readonly serial: number };
  /** What Route 53 holds to be healthy; weights stay out of the simulated servers' answers. */
  readonly isHealthy: (healthCheckId: string) => boolean;
  /** A server that takes no new version from now on: a stale one. */
  readonly freeze: (zone: string, server: number) => void;
};

/** The zones as their servers hold them. */
export function makeZones(
  hosted: ReadonlyMap<string, ZoneWorld>,
  clock: SimulatorClock,
  { isHealthy }: Pick<FlipHealth, 'isHealthy'>,
): SimulatedZones {
  const frozen = new Map<string, number>();
  return {
    isHealthy,
    heldBy: (id, server) => {
      const zone = hosted.get(id);
      const stopsAt = frozen.get(`${id} ${server}`) ?? Infinity;
      const now = clock.nowMs();
      const newest = (zone?.accepted ?? []).findLastIndex(
        (change) => change.at < stopsAt && reaches(change, server) <= now,
      );
      return { sets: zone?.accepted[newest]?.sets ?? zone?.begun ?? [], serial: newest + 2 };
    },
    freeze: (zone, server) => void frozen.set(`${zone} ${server}`, clock.nowMs()),
  };
}

function reaches({ at, insyncAt }: AcceptedChange, server: number): number {
  return at + ((insyncAt - at) * (server + 1)) / serversOfZone;
}
