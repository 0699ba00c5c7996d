import { accounts } from './accounts.ts';
import { blockers } from './blockers.ts';
import { dnsFlip } from './dns-flip.ts';
import { dnsHealth } from './dns-health.ts';
import { dnsWrite } from './dns-write.ts';
import { dnsZones } from './dns-zones.ts';
import { durability } from './durability.ts';
import { enableEvents } from './enable-events.ts';
import { grants } from './grants.ts';
import { hosts } from './hosts.ts';
import { laptop } from './laptop.ts';
import { logs } from './logs.ts';
import { mirror } from './mirror.ts';
import { nextStart } from './next-start.ts';
import { people } from './people.ts';
import { replication } from './replication.ts';
import { rightServers } from './right-servers.ts';
import { topology } from './topology.ts';
import { tunnels } from './tunnels.ts';
import { versions } from './versions.ts';
import { wayBack } from './way-back.ts';
import type { GateDefinition } from './world.ts';
import { writers } from './writers.ts';

/** Every gate there is, in the order it is shown. */
export const registry: readonly GateDefinition[] = [
  ...rightServers,
  ...grants,
  ...topology,
  ...replication,
  ...logs,
  ...writers,
  ...blockers,
  ...accounts,
  ...enableEvents,
  ...durability,
  ...nextStart,
  ...wayBack,
  ...versions,
  ...hosts,
  ...tunnels,
  ...dnsZones,
  ...dnsWrite,
  ...dnsHealth,
  ...dnsFlip,
  ...laptop,
  ...mirror,
  ...people,
];
