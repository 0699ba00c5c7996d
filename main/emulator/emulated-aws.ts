import type { DnsName } from '../../shared/observations/dns-name.ts';
import { countsAsHealthy } from '../../shared/observations/health-check.ts';
import type { Subnet } from '../../shared/observations/ip-address.ts';
import { normaliseSet, type RecordSet } from '../../shared/observations/record-set.ts';
import type { HealthCheckFacts, RoutingState } from '../../shared/sessions/zone-answers.ts';
import { applyBatch, type ChangeBatch } from '../../shared/steps/change-batch.ts';
import { emulatedCluster, type EmulatedCluster } from './cluster-api.ts';
import { votesNow, type EmulatedCheck } from './checkers.ts';

/** One hosted zone as it begins: its SOA and NS are added. */
export type ZoneToEmulate = {
  readonly hostedZoneId: string;
  readonly name: DnsName;
  readonly view: 'public' | 'private';
  readonly sets: readonly RecordSet[];
};

/** How the emulated account behaves. */
export type EmulatedAccount = {
  readonly account: string;
  readonly zones: readonly ZoneToEmulate[];
  /** From the acceptance of a change until GetChange says INSYNC, ms. */
  readonly insyncAfterMs: number;
  /** From its acceptance until its DNS answers it, ms. */
  readonly visibleAfterMs: number;
  /** Where users are: the answers by latency go by the client subnet. */
  readonly users: readonly { readonly subnet: Subnet; readonly region: string }[];
  readonly now: () => number;
  /** Requests a second that Route 53 answers; more are throttled. */
  readonly requestsASecond: number;
  /** Health checks that are there already. */
  readonly checks?: readonly HealthCheckFacts[];
  /** States of the routing controls of its ARC cluster. */
  readonly controls?: Readonly<Record<string, RoutingState>>;
};

/** What the account is made to do wrong. All of it can be changed while it runs. */
export type EmulatedFaults = {
  /** UTC ms until which every request to Route 53 is throttled. */
  throttledUntil: number;
  /** UTC ms until which a change is refused because another one of its zone is being taken in. */
  priorRequestUntil: number;
  /** Said to the next change, once, whatever it holds. */
  rejectNext: string | null;
  credentials: 'good' | 'expired' | 'unknown' | 'denied';
  /** So many changes are accepted and their reply is lost: the connection ends. */
  loseReplies: number;
  /** So many requests are answered with HTTP 500 after they were done. */
  failReplies: number;
  /** Requests are accepted by the system and never answered. */
  silent: boolean;
};

export type ZoneVersion = {
  readonly from: number;
  readonly serial: number;
  readonly sets: readonly RecordSet[];
};

export type EmulatedZone = Omit<ZoneToEmulate, 'sets'> & {
  readonly nameServers: readonly DnsName[];
  sets: readonly RecordSet[];
  /** What its DNS answers, and from when on. */
  versions: readonly ZoneVersion[];
};

export type EmulatedChange = { readonly id: string; readonly submittedAt: number; readonly insyncAt: number };

/** The account: its zones, changes and checks, and how it is made to fail. */
export type EmulatedAws = {
  readonly about: EmulatedAccount;
  readonly faults: EmulatedFaults;
  readonly zones: ReadonlyMap<string, EmulatedZone>;
  readonly changes: Map<string, EmulatedChange>;
  readonly checks: Map<string, EmulatedCheck>;
  readonly cluster: EmulatedCluster;
  /** Every CallerReference that was ever used: that of a deleted check is spent. */
  readonly references: Set<string>;
  /** Changes a zone as somebody else would; the reasons where it may not be. */
  readonly change: (
    zone: EmulatedZone,
    batch: ChangeBatch,
  ) => EmulatedChange | { readonly wrong: readonly string[] };
  /** Counts one request; false when the second has had all of them. */
  readonly spend: () => boolean;
  /** Whether the checkers take an endpoint for healthy. */
  readonly isHealthy: (healthCheckId: string) => boolean;
};

/** The names of its servers are answered too, each with a loopback address of its own: so they are found as real ones are. */
const serverZone: DnsName = 'emulated.example';

/** The zone that holds the addresses of all servers of the account. */
export function zoneOfServers({ zones }: Pick<EmulatedAws, 'zones'>): {
  readonly name: DnsName;
  readonly sets: readonly RecordSet[];
  readonly serial: number;
} {
  const servers = [...zones.values()].flatMap(({ nameServers }) => nameServers);
  const sets = servers.map((name, at) =>
    plainSet(name, 'A', { ttlSeconds: 60, values: [`127.0.0.${at + 1}`] }),
  );
  return { name: serverZone, sets, serial: 1 };
}

/** Earlier versions than these are answered by nobody any more. */
const versionsKept = 20;

/** An account of Route 53 in memory, with zones, changes that become INSYNC, and health checks. */
export function emulatedAws(about: EmulatedAccount): EmulatedAws {
  const zones = new Map(about.zones.map((zone, at) => [zone.hostedZoneId, begun(zone, at)]));
  const changes = new Map<string, EmulatedChange>();
  const checks = new Map<string, EmulatedCheck>(
    (about.checks ?? []).map((facts) => [
      facts.healthCheckId,
      { facts, votes: null, reference: facts.healthCheckId, madeAt: 0 },
    ]),
  );
  const references = new Set(about.checks?.map(({ healthCheckId }) => healthCheckId));
  const cluster = emulatedCluster(about.controls);
  let spent: readonly number[] = [];
  return {
    about,
    faults: {
      throttledUntil: 0,
      priorRequestUntil: 0,
      rejectNext: null,
      credentials: 'good',
      loseReplies: 0,
      failReplies: 0,
      silent: false,
    },
    zones,
    changes,
    checks,
    cluster,
    references,
    change: (zone, batch) => {
      const applied = applyBatch(zone, batch);
      if (!applied.ok) return { wrong: applied.error };
      const submittedAt = about.now();
      const serial = (zone.versions.at(-1)?.serial ?? 0) + 1;
      zone.sets = applied.value;
      zone.versions = [
        ...zone.versions.slice(-versionsKept),
        { from: submittedAt + about.visibleAfterMs, serial, sets: zone.sets },
      ];
      const id = `C${String(changes.size + 1).padStart(8, '0')}EMULATED`;
      const change = { id, submittedAt, insyncAt: submittedAt + about.insyncAfterMs };
      changes.set(id, change);
      return change;
    },
    spend: () => {
      const now = about.now();
      spent = spent.filter((at) => at > now - 1_000);
      if (spent.length >= about.requestsASecond) return false;
      spent = [...spent, now];
      return true;
    },
    isHealthy: (id) => {
      const check = checks.get(id);
      const followed = check?.facts.routingControl;
      if (followed !== undefined) return cluster.states.get(followed) === 'On';
      return check === undefined || countsAsHealthy(votesNow(check, about.now()));
    },
  };
}

function begun(zone: ZoneToEmulate, at: number): EmulatedZone {
  const nameServers = [0, 1, 2, 3].map((server) => `ns-${at * 4 + server}.${serverZone}`);
  const soa = `${nameServers[0] ?? ''}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  const sets = [
    ...zone.sets,
    plainSet(zone.name, 'NS', { ttlSeconds: 172_800, values: nameServers }),
    plainSet(zone.name, 'SOA', { ttlSeconds: 900, values: [soa] }),
  ];
  return { ...zone, nameServers, sets, versions: [{ from: 0, serial: 1, sets }] };
}

function plainSet(
  name: DnsName,
  type: string,
  content: { readonly ttlSeconds: number; readonly values: readonly string[] },
): RecordSet {
  return normaliseSet({
    name,
    type,
    setIdentifier: '',
    routing: { kind: 'simple' },
    healthCheckId: null,
    content: { kind: 'values', ...content },
  });
}
